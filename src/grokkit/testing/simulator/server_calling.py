"""What tools that run on the server do here: a search finds made-up pages, code is run in the head."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.answers import call_id
from grokkit.testing.simulator.arithmetic import solve
from grokkit.testing.simulator.hints import words_of
from grokkit.testing.simulator.thought import Citation, ServerCall

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.testing.simulator.thought import Prompt

_MOST_WORDS = 4
_ALIASES = {
    "code_execution": "code_interpreter",
    "collections_search": "file_search",
    "web_search_preview": "web_search",
}
_DOT = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
        "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
    )
).decode()


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What the server's tools did for a prompt."""

    calls: tuple[ServerCall, ...] = ()
    citations: tuple[Citation, ...] = ()
    usage: dict[str, int] = {}


def served(prompt: Prompt) -> Served:
    """One use of each kind of server tool that is offered."""
    made = [_MAKERS[kind](prompt.last, tool) for tool in prompt.server_tools if (kind := _kind(tool)) in _MAKERS]
    return Served(
        calls=tuple(call for one in made for call in one.calls),
        citations=tuple(citation for one in made for citation in one.citations),
        usage={name: count for one in made for name, count in one.usage.items()},
    )


def _kind(tool: dict[str, Any]) -> str:
    kind = str(tool.get("type", ""))
    return _ALIASES.get(kind, kind)


def _web_search(query: str, tool: dict[str, Any]) -> Served:
    allowed = tool.get("allowed_domains") or tool.get("filters", {}).get("allowed_domains") or ["example.com"]
    page = "-".join(words_of(query)[:_MOST_WORDS]) or "search"
    urls = [f"https://{domain}/{page}" for domain in allowed[:2]]
    action = {"type": "search", "query": query, "sources": [{"type": "url", "url": url} for url in urls]}
    return Served(
        calls=(ServerCall(type="web_search_call", fields={"action": action}),),
        citations=tuple(Citation(url=url, title=page.replace("-", " ").capitalize()) for url in urls),
    )


def _x_search(query: str, _tool: dict[str, Any]) -> Served:
    input_ = msgspec.json.encode({"query": query, "limit": 2, "mode": "Latest"}).decode()
    number = call_id("x_keyword_search", input_, 0).removeprefix("call_")
    fields = {"name": "x_keyword_search", "input": input_, "call_id": f"xs_call_{number}"}
    return Served(
        calls=(ServerCall(type="custom_tool_call", fields=fields),),
        citations=(Citation(url=f"https://x.com/i/status/{number}"),),
        usage={"x_search_calls": 1, "x_posts_fetched": 2},
    )


def _code(query: str, _tool: dict[str, Any]) -> Served:
    sum_ = solve(query)
    code = f"print({sum_.partition(' = ')[0] if sum_ else repr(query)})"
    logs = (sum_.partition(" = ")[2] if sum_ else query) + "\n"
    fields = {"code": code, "outputs": [{"type": "logs", "logs": logs}]}
    return Served(calls=(ServerCall(type="code_interpreter_call", fields=fields),))


def _file_search(query: str, _tool: dict[str, Any]) -> Served:
    return Served(calls=(ServerCall(type="file_search_call", fields={"queries": [query], "results": []}),))


def _mcp(query: str, tool: dict[str, Any]) -> Served:
    allowed = tool.get("allowed_tools")
    name = allowed[0] if isinstance(allowed, list) and allowed else "lookup"
    arguments = msgspec.json.encode({"query": query}).decode()
    fields = {
        "server_label": tool.get("server_label", "mcp"),
        "name": name,
        "arguments": arguments,
        "output": f"{name} found: {query}",
        "error": None,
    }
    return Served(calls=(ServerCall(type="mcp_call", fields=fields),))


def _image(query: str, _tool: dict[str, Any]) -> Served:
    fields = {"prompt": query, "result": _DOT}
    return Served(calls=(ServerCall(type="image_generation_call", fields=fields),))


_MAKERS: dict[str, Callable[[str, dict[str, Any]], Served]] = {
    "web_search": _web_search,
    "x_search": _x_search,
    "code_interpreter": _code,
    "file_search": _file_search,
    "mcp": _mcp,
    "image_generation": _image,
}
