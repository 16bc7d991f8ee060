"""The events of each kind of output item, in their order."""

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
from grokkit.testing.simulator.nouns.responses.tool_events import TOOL_TELLERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grokkit.testing.simulator.nouns.responses.inputs import Item

    Teller: TypeAlias = Callable[[Item, int, Manner], Phases]

_NOT_OF_TOOLS = {"message", "reasoning", "function_call"}


def phases(item: Item, index: int, manner: Manner) -> Phases:
    """The events of one item at its place in the output."""
    kind = item["type"]
    if kind == "mcp_list_tools":
        return Phases(progress(item, index, "in_progress", "completed"))
    if not manner.own_shapes and kind not in _NOT_OF_TOOLS:
        return Phases([added(item, index)], [done(item, index)])
    return _TELLERS.get(kind, _plain)(item, index, manner)


def _plain(item: Item, index: int, _: Manner) -> Phases:
    return Phases([added({**item, "status": "in_progress"}, index)], [done(item, index)])


def _reasoning(item: Item, index: int, _: Manner) -> Phases:
    begun = {"id": item["id"], "summary": [], "type": "reasoning", "status": "in_progress"}
    return Phases(chain([added(begun, index)], _summary(item, index), _shown(item, index), [done(item, index)]))


def _summary(item: Item, index: int) -> Iterator[Event]:
    for number, part in enumerate(item.get("summary", ())):
        at = {"item_id": item["id"], "output_index": index, "summary_index": number}
        yield event("reasoning_summary_part.added", **at, part={**part, "text": ""})
        yield from deltas("reasoning_summary_text.delta", cut(part["text"]), {}, at)
        yield event("reasoning_summary_text.done", **at, text=part["text"])
        yield event("reasoning_summary_part.done", **at, part=part)


def _shown(item: Item, index: int) -> Iterator[Event]:
    for number, part in enumerate(item.get("content", ())):
        at = {"content_index": number, "item_id": item["id"], "output_index": index}
        yield from deltas("reasoning_text.delta", cut(part["text"]), {}, at)
        yield event("reasoning_text.done", **at, text=part["text"])


def _function(item: Item, index: int, manner: Manner) -> Phases:
    at = {"item_id": item["id"], "output_index": index}
    arguments = item["arguments"]
    return Phases(
        chain(
            [added({**item, "arguments": "", "status": "in_progress"}, index)],
            deltas("function_call_arguments.delta", fragments(arguments, whole=not manner.fragments), {}, at),
            [event("function_call_arguments.done", arguments=arguments, **at), done(item, index)],
        )
    )


def _message(item: Item, index: int, manner: Manner) -> Phases:
    begun = {**item, "content": [], "status": "in_progress"}
    parts = [
        _part(part, {"content_index": number, "item_id": item["id"], "output_index": index}, manner)
        for number, part in enumerate(item["content"])
    ]
    return Phases(chain([added(begun, index)], *parts, [done(item, index)]))


def _part(part: Item, at: dict[str, Any], manner: Manner) -> Iterator[Event]:
    yield from _refusal(part, at) if part["type"] == "refusal" else _text(part, at, manner)
    yield event("content_part.done", **at, part=part)


def _refusal(part: Item, at: dict[str, Any]) -> Iterator[Event]:
    yield event("content_part.added", **at, part={**part, "refusal": ""})
    yield from deltas("refusal.delta", cut(part["refusal"]), {}, at)
    yield event("refusal.done", **at, refusal=part["refusal"])


def _text(part: Item, at: dict[str, Any], manner: Manner) -> Iterator[Event]:
    before = {"content_index": at["content_index"]}
    after = {"item_id": at["item_id"], "output_index": at["output_index"], "logprobs": []}
    yield event("content_part.added", **at, part={**part, "text": "", "annotations": []})
    yield from deltas("output_text.delta", manner.pieces or cut(part["text"]), before, after)
    for number, annotation in enumerate(part["annotations"]):
        yield event("output_text.annotation.added", annotation=annotation, annotation_index=number, **at)
    logprobs: dict[str, Any] = {"logprobs": []} if manner.logprobs else {}
    yield event("output_text.done", **at, text=part["text"], **logprobs)


_TELLERS: dict[str, Teller] = {
    "reasoning": _reasoning,
    "function_call": _function,
    "message": _message,
    **TOOL_TELLERS,
}
