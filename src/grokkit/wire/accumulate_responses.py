"""Responses: frames in, events out, and the response they add up to.

The terminal frame is authoritative, but it may lack the output, or fields that only `output_item.done` carries
(`encrypted_content`); these are filled in from what was seen on the way.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import msgspec

from grokkit.errors import ReplyUnreadable, StreamCorrupted
from grokkit.wire.error_body import in_stream_error
from grokkit.wire.events import (
    Citation,
    CitationAdded,
    Finished,
    OtherEvent,
    ReasoningDelta,
    ServerToolProgress,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallDone,
)
from grokkit.wire.reading import Reader, read_object
from grokkit.wire.response_items import OpenItem, filled
from grokkit.wire.responses import ResponseEvent
from grokkit.wire.tool_calls import arguments_text

_read = Reader(ResponseEvent).read
_Handler: TypeAlias = "Callable[[ResponsesAccumulator, bytes, ResponseEvent], Iterable[StreamEvent]]"


class ResponsesAccumulator:
    """The state of one streamed response.

    >>> accumulator = ResponsesAccumulator()
    >>> [event.text for event in accumulator.push(b'{"type":"response.output_text.delta","delta":"Hi"}')]
    ['Hi']
    """

    ends_itself = True

    def __init__(self) -> None:
        self.begun = False
        self.finished = False
        self._response: dict[str, Any] = {}
        self._items: dict[int, OpenItem] = {}
        self._positions: dict[str, int] = {}

    def push(self, frame: bytes) -> Iterable[StreamEvent]:
        """See `Accumulator.push`."""
        try:
            event = _read(frame)
        except ReplyUnreadable as error:
            raise StreamCorrupted(error.message, hint=error.hint) from error
        self.begun = True
        handler = _HANDLERS.get(event.type)
        return _other(self, frame, event) if handler is None else handler(self, frame, event)

    def push_whole(self, body: bytes) -> Iterable[StreamEvent]:
        """See `Accumulator.push_whole`."""
        raw = read_object(body)
        error = in_stream_error(raw)
        if error is not None:
            raise error
        kind = "response.failed" if raw.get("status") == "failed" else "response.completed"
        return self.push(msgspec.json.encode({"type": kind, "response": raw}))

    def end(self) -> Iterable[StreamEvent]:
        """See `Accumulator.end`."""
        return ()

    def raw(self) -> dict[str, Any]:
        """See `Accumulator.raw`."""
        seen = [self._items[position].assembled() for position in sorted(self._items)]
        return self._response | {"output": _merged(self._response.get("output") or [], seen)}

    def item(self, event: ResponseEvent) -> OpenItem:
        """The item that a frame speaks of: by its place, else by its id, else the last one."""
        position = event.output_index
        if position is None:
            item_id = event.item_id or str((event.item or {}).get("id") or "")
            position = self._positions.get(item_id) if item_id else None
        if position is None:
            is_new = event.type == "response.output_item.added" or not self._items
            position = len(self._items) if is_new else max(self._items)
        item = self._items.get(position)
        if item is None:
            item = self._items[position] = OpenItem(position)
        return item

    def place(self, item: OpenItem) -> None:
        """Remember an item's id, for servers that name items without their place."""
        if item.raw.get("id"):
            self._positions.setdefault(str(item.raw["id"]), item.position)

    def take_head(self, response: dict[str, Any] | None) -> None:
        """The response object as the server now gives it."""
        if response:
            self._response = self._response | response


def _text_delta(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    if not isinstance(event.delta, str) or not event.delta:
        return ()
    state.item(event).add("text", event.content_index or 0, event.delta)
    return (TextDelta(frame, event.delta),)


def _text_done(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    untold = state.item(event).settle("text", event.content_index or 0, event.text or "")
    return (TextDelta(frame, untold),) if untold else _other(state, frame, event)


def _reasoning_delta(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    if not isinstance(event.delta, str) or not event.delta:
        return ()
    state.item(event).add(*_reasoning_part(event), event.delta)
    return (ReasoningDelta(frame, event.delta),)


def _reasoning_done(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    untold = state.item(event).settle(*_reasoning_part(event), event.text or "")
    return (ReasoningDelta(frame, untold),) if untold else _other(state, frame, event)


def _reasoning_part(event: ResponseEvent) -> tuple[str, int]:
    if "summary" in event.type:
        return "summary", event.summary_index or 0
    return "reasoning", event.content_index or 0


def _arguments_delta(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    item = state.item(event)
    piece = arguments_text(event.delta)
    item.add("arguments", 0, piece)
    return (_tool_delta(frame, item, piece),)


def _arguments_done(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    item = state.item(event)
    untold = item.settle("arguments", 0, arguments_text(event.arguments))
    return (_tool_delta(frame, item, untold),) if untold else _other(state, frame, event)


def _tool_delta(frame: bytes, item: OpenItem, piece: str) -> ToolCallDelta:
    return ToolCallDelta(frame, item.position, _call_id(item.raw), str(item.raw.get("name") or ""), piece)


def _server_text_delta(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    state.item(event).add(_server_text(event.type), 0, arguments_text(event.delta))
    return _other(state, frame, event)


def _server_text_done(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    field = _server_text(event.type)
    state.item(event).settle(field, 0, arguments_text(getattr(event, field)))
    return _other(state, frame, event)


def _server_text(event_type: str) -> str:
    return event_type.split(".")[1].rpartition("_")[2]


def _annotation(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    annotation = event.annotation or {}
    state.item(event).annotations.append(annotation)
    citation = read_citation(annotation)
    return (CitationAdded(frame, citation),) if citation else _other(state, frame, event)


def _item_added(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    item = state.item(event)
    item.raw = event.item or {}
    state.place(item)
    if item.raw.get("type") == "function_call":
        piece = arguments_text(item.raw.get("arguments"))
        if piece:
            item.add("arguments", 0, piece)
        return (_tool_delta(frame, item, piece),)
    return _item_progress(state, frame, event, item)


def _item_done(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    item = state.item(event)
    untold = _untold_text(item, event.item or {})
    item.finish(event.item or {})
    state.place(item)
    if item.raw.get("type") == "function_call":
        return (ToolCallDone(frame, read_tool_call(item.raw)),)
    if untold:
        return (TextDelta(frame, untold),)
    return _item_progress(state, frame, event, item)


def _item_progress(
    state: ResponsesAccumulator, frame: bytes, event: ResponseEvent, item: OpenItem
) -> Iterable[StreamEvent]:
    kind = str(item.raw.get("type") or "")
    if not kind.endswith("_call"):
        return _other(state, frame, event)
    status = str(item.raw.get("status") or "in_progress")
    return (ServerToolProgress(frame, kind, status, str(item.raw.get("id") or "")),)


def _untold_text(item: OpenItem, raw: dict[str, Any]) -> str:
    """The text of a whole message of which nothing was streamed."""
    if raw.get("type") != "message" or item.done or any(kind == "text" for kind, _ in item.pieces):
        return ""
    return message_text(raw)


def _terminal(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    if state.finished:
        return ()
    untold = [
        _untold_text(state.item(ResponseEvent(output_index=position)), raw)
        for position, raw in enumerate((event.response or {}).get("output") or [])
    ]
    state.take_head(event.response)
    state.finished = True
    reason = response_finish_reason(state.raw()) or "stop"
    return [*(TextDelta(frame, text) for text in untold if text), Finished(frame, reason)]


def _failed(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    state.take_head(event.response)
    error = in_stream_error(read_object(frame))
    if error is not None:
        raise error
    return _other(state, frame, event)


def _head(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    state.take_head(event.response)
    return _other(state, frame, event)


def _ping(*_: object) -> Iterable[StreamEvent]:
    return ()


def _other(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    prefix, _, rest = event.type.partition(".")
    kind, _, status = rest.partition(".")
    if prefix == "response" and kind.endswith("_call") and status:
        return (ServerToolProgress(frame, kind, status, event.item_id or ""),)
    if not event.type:
        error = in_stream_error(read_object(frame))
        if error is not None:
            raise error
    return (OtherEvent(frame, event.type),)


_HANDLERS: dict[str, _Handler] = {
    "response.output_text.delta": _text_delta,
    "response.output_text.done": _text_done,
    "response.output_text.annotation.added": _annotation,
    "response.reasoning_summary_text.delta": _reasoning_delta,
    "response.reasoning_summary_text.done": _reasoning_done,
    "response.reasoning_text.delta": _reasoning_delta,
    "response.reasoning_text.done": _reasoning_done,
    "response.function_call_arguments.delta": _arguments_delta,
    "response.function_call_arguments.done": _arguments_done,
    "response.custom_tool_call_input.delta": _server_text_delta,
    "response.custom_tool_call_input.done": _server_text_done,
    "response.mcp_call_arguments.delta": _server_text_delta,
    "response.mcp_call_arguments.done": _server_text_done,
    "response.mcp_call_output.delta": _server_text_delta,
    "response.mcp_call_output.done": _server_text_done,
    "response.code_interpreter_call_code.delta": _server_text_delta,
    "response.code_interpreter_call_code.done": _server_text_done,
    "response.output_item.added": _item_added,
    "response.output_item.done": _item_done,
    "response.created": _head,
    "response.in_progress": _head,
    "response.completed": _terminal,
    "response.incomplete": _terminal,
    "response.done": _terminal,
    "response.failed": _failed,
    "error": _failed,
    "ping": _ping,
}


def read_citation(annotation: dict[str, Any]) -> Citation | None:
    """The source in an annotation of a text, if it is one."""
    url = annotation.get("url")
    if not isinstance(url, str):
        return None
    title, start, end = (annotation.get(name) for name in ("title", "start_index", "end_index"))
    return Citation(
        url=url,
        title=title if isinstance(title, str) else None,
        start_index=start if isinstance(start, int) else None,
        end_index=end if isinstance(end, int) else None,
    )


def read_tool_call(item: dict[str, Any]) -> ToolCall:
    """The tool call in a `function_call` item."""
    return ToolCall(
        id=_call_id(item), name=str(item.get("name") or ""), arguments=arguments_text(item.get("arguments"))
    )


def message_text(item: dict[str, Any]) -> str:
    """The text of a `message` item."""
    parts = item.get("content")
    if isinstance(parts, str):
        return parts
    return "".join(
        str(part.get("text") or "")
        for part in parts or ()
        if isinstance(part, dict) and part.get("type") in {"output_text", "text"}
    )


def response_finish_reason(response: dict[str, Any]) -> str | None:
    """Why a response ended, in the words of Chat Completions where they fit."""
    details = response.get("incomplete_details")
    if isinstance(details, dict) and details.get("reason"):
        return "length" if details["reason"] == "max_output_tokens" else str(details["reason"])
    if response.get("status") != "completed":
        return response.get("status")
    calls = any(isinstance(item, dict) and item.get("type") == "function_call" for item in response.get("output") or ())
    return "tool_calls" if calls else "stop"


def _call_id(item: dict[str, Any]) -> str:
    return str(item.get("call_id") or item.get("id") or "")


def _merged(final: list[dict[str, Any]], seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not final:
        return seen
    by_id = {item["id"]: item for item in seen if item.get("id")}
    merged: list[dict[str, Any]] = []
    for position, item in enumerate(final):
        earlier = by_id.get(item.get("id"))
        if earlier is None and position < len(seen) and seen[position].get("type") == item.get("type"):
            earlier = seen[position]
        merged.append(filled(item, earlier) if earlier else item)
    return merged
