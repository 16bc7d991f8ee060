"""A server that keeps to no protocol: it lists and answers whatever its arguments say, `<long>` being a long text."""

from __future__ import annotations

import json
import sys
from typing import Any

tools, answered = json.loads(sys.argv[1]), json.loads(sys.argv[2].replace("<long>", "x" * 300_000))


def say(message: Any) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}) if isinstance(message, dict) else message, flush=True)


def answer(message: Any) -> Any:
    match message["method"]:
        case "initialize":
            version = message["params"]["protocolVersion"]
            own = {"name": "liar", "version": "1"}
            return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": own}
        case "tools/list":
            return {"tools": tools}
        case "tools/call":
            return answered


for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    result = answer(message)
    if result is None:
        say({"id": message["id"], "error": {"code": -32601, "message": "Method not found"}})
    else:
        say({"id": message["id"], "result": result} if isinstance(result, dict) else result)
