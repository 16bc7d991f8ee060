"""A server of an earlier protocol, by hand: it tells of changes unasked, and lists a tool that Grok does not take."""

from __future__ import annotations

import json
import sys
from typing import Any

ADD = {"name": "add", "inputSchema": {"type": "object", "properties": {}}, "annotations": {"readOnlyHint": True}}
UNFIT = {"name": "unfit", "inputSchema": {"type": "object", "properties": {"a": {"enum": []}}}}
tools: list[Any] = [UNFIT, ADD]


def say(**message: Any) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def answer(message: Any) -> Any:
    match message["method"]:
        case "initialize":
            return {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {"listChanged": True}},
                "serverInfo": {"name": "old timer", "version": "1"},
            }
        case "tools/list" if "cursor" in message.get("params", {}):
            return {"tools": tools[1:]}
        case "tools/list":
            return {"tools": tools[:1], "nextCursor": "2"}
        case "tools/call":
            tools.append({**ADD, "name": "another"})
            say(method="notifications/tools/list_changed")
            return {"content": [], "structuredContent": {"sum": 3}}


for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        result = answer(message)
        if result is None:
            say(id=message["id"], error={"code": -32601, "message": "Method not found"})
        else:
            say(id=message["id"], result=result)
