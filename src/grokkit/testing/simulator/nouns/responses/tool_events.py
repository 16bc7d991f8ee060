"""The events of the tools that the server runs by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from grokkit.testing.simulator.nouns.responses.events import (
    Event,
    Manner,
    Phases,
    added,
    chain,
    cut,
    deltas,
    done,
    event,
    fragments,
    progress,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grokkit.testing.simulator.nouns.responses.inputs import Item

    Teller: TypeAlias = Callable[[Item, int, Manner], Phases]


def _web_search(item: Item, index: int, _: Manner) -> Phases:
    action = item["action"]
    blank = {name: value if name == "type" else type(value)() for name, value in action.items()}
    return _searching({**item, "action": blank}, item, index)


def _file_search(item: Item, index: int, _: Manner) -> Phases:
    return _searching({**item, "queries": [], "results": []}, item, index)


def _x_search(item: Item, index: int, _: Manner) -> Phases:
    return _searching({**item, "arguments": ""}, item, index)


def _searching(begun: Item, item: Item, index: int) -> Phases:
    return Phases(
        chain([_begun(begun, index)], progress(item, index, "in_progress", "searching")),
        chain(progress(item, index, "completed"), [done(item, index)]),
    )


def _custom(item: Item, index: int, manner: Manner) -> Phases:
    at = _at(item, index)
    pieces = fragments(item["input"], whole=not manner.fragments)
    return Phases(
        chain(
            [_begun({**item, "input": ""}, index)],
            deltas("custom_tool_call_input.delta", pieces, at, {}),
            [event("custom_tool_call_input.done", **at, input=item["input"])],
        ),
        [done(item, index)],
    )


def _code(item: Item, index: int, _: Manner) -> Phases:
    at = _at(item, index)
    return Phases(
        chain(
            [_begun({**item, "code": "", "outputs": []}, index)],
            progress(item, index, "in_progress"),
            deltas("code_interpreter_call_code.delta", cut(item["code"]), {}, at),
            [event("code_interpreter_call_code.done", code=item["code"], **at)],
            progress(item, index, "interpreting"),
        ),
        chain(progress(item, index, "completed"), [done(item, index)]),
    )


def _mcp(item: Item, index: int, manner: Manner) -> Phases:
    at = _at(item, index)
    begun = {name: value for name, value in item.items() if name != "error"}
    pieces = fragments(item["arguments"], whole=not manner.fragments)
    return Phases(
        chain(
            [_begun({**begun, "arguments": "", "output": ""}, index)],
            progress(item, index, "in_progress"),
            deltas("mcp_call_arguments.delta", pieces, {}, at),
            [event("mcp_call_arguments.done", arguments=item["arguments"], **at)],
            progress(item, index, "executing"),
        ),
        chain(_mcp_output(item, at), progress(item, index, item["status"]), [done(item, index)]),
    )


def _mcp_output(item: Item, at: dict[str, Any]) -> Iterator[Event]:
    if item["output"]:
        yield from deltas("mcp_call_output.delta", [item["output"]], {}, at)
        yield event("mcp_call_output.done", **at, output=item["output"])


def _image(item: Item, index: int, _: Manner) -> Phases:
    return Phases(
        chain(
            [_begun({**item, "prompt": None, "result": None}, index)],
            progress(item, index, "in_progress", "generating"),
        ),
        chain(progress(item, index, "completed"), [done(item, index)]),
    )


def _begun(item: Item, index: int) -> Event:
    return added({**item, "status": "in_progress"}, index)


def _at(item: Item, index: int) -> dict[str, Any]:
    return {"item_id": item["id"], "output_index": index}


TOOL_TELLERS: dict[str, Teller] = {
    "web_search_call": _web_search,
    "file_search_call": _file_search,
    "x_search_call": _x_search,
    "custom_tool_call": _custom,
    "code_interpreter_call": _code,
    "mcp_call": _mcp,
    "image_generation_call": _image,
}
