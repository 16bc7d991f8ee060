"""Responses: frames in, events out, and the response they add up to.

Every event type has its line in the table at the end; one that has none is an `OtherEvent`. The texts that were told
in pieces are the texts of the answer: what a whole text, item or response brings beyond its pieces is told then.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import msgspec

from grokkit.errors import ReplyUnreadable, StreamCorrupted
from grokkit.wire.error_body import in_stream_error
from grokkit.wire.events import (
    CitationAdded,
    Finished,
    OtherEvent,
    ReasoningDelta,
    ServerToolProgress,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    ToolCallDone,
)
from grokkit.wire.extra import objects
from grokkit.wire.open_response import OpenResponse
from grokkit.wire.output import (
    PARAGRAPH,
    call_id,
    is_text,
    part_text,
    parts,
    read_citation,
    read_tool_call,
    response_finish_reason,
)
from grokkit.wire.reading import Reader, read_object
from grokkit.wire.response_items import (
    ARGUMENTS,
    OUTPUT_TEXT,
    REASONING_SUMMARY,
    REASONING_TEXT,
    REFUSAL,
    OpenItem,
    OpenText,
    Place,
    filled,
)
from grokkit.wire.responses import ResponseEvent, TextPiece
from grokkit.wire.tool_calls import arguments_text

_read = Reader(ResponseEvent).convert
_read_piece = msgspec.json.Decoder(TextPiece).decode
_TEXT_DELTA = "response.output_text.delta"
_Handler: TypeAlias = "Callable[[ResponsesAccumulator, bytes, ResponseEvent], Iterable[StreamEvent]]"


class ResponsesAccumulator:
    """The state of one streamed response.

    >>> accumulator = ResponsesAccumulator()
    >>> [event.text for event in accumulator.push(b'{"type":"response.output_text.delta","delta":"Hi"}')]
    ['Hi']
    """

    ends_itself = True

    def __init__(self) -> None:
        self.begun = False  # only its last frame ends a response, whatever `[DONE]` says
        self.finished = False
        self.response = OpenResponse()
        self._paragraph: OpenText | None = None
        self._piece = TextPiece()
        self._pieces: list[str] = []

    def push(self, frame: bytes) -> Iterable[StreamEvent]:
        """See `Accumulator.push`."""
        try:
            piece = _read_piece(frame)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return self._push_any(frame)
        if piece.type == _TEXT_DELTA and piece.delta:
            last = self._piece
            if not (
                last.delta
                and piece.output_index == last.output_index
                and piece.item_id == last.item_id
                and piece.content_index == last.content_index
            ):
                item = self.response.item(piece.output_index, piece.item_id, OUTPUT_TEXT.item)
                self._pieces = item.text(OUTPUT_TEXT, piece.content_index).pieces
                self._piece = piece
            self._pieces.append(piece.delta)
            return (TextDelta(frame, piece.delta),)
        return self._push_any(frame)

    def push_whole(self, body: bytes) -> Iterable[StreamEvent]:
        """See `Accumulator.push_whole`."""
        raw = read_object(body)
        kind = "response.failed" if raw.get("status") == "failed" else "response.completed"
        error = in_stream_error({"type": kind, "response": raw}) or in_stream_error(raw)
        if error is not None:
            raise error
        return self.close(body, raw)

    def end(self) -> Iterable[StreamEvent]:
        """See `Accumulator.end`."""
        return ()

    def raw(self) -> dict[str, Any]:
        """See `Accumulator.raw`."""
        return self.response.head if self.finished else self.response.raw()

    def tell(self, frame: bytes, item: OpenItem, text: OpenText, piece: str) -> list[StreamEvent]:
        """More of one of an item's texts, if it is one of those that have an event of their own."""
        if text.place is OUTPUT_TEXT:
            return [TextDelta(frame, piece)]
        if text.place.item == "reasoning":
            is_new = self._paragraph not in {None, text}
            self._paragraph = text
            return [ReasoningDelta(frame, PARAGRAPH + piece if is_new else piece)]
        if text.place is ARGUMENTS:
            return [ToolCallDelta(frame, item.position, call_id(item.raw), str(item.raw.get("name") or ""), piece)]
        return []

    def close(self, frame: bytes, final: dict[str, Any]) -> list[StreamEvent]:
        """The response is whole."""
        events: list[StreamEvent] = []
        for item, raw in self.response.close(final):
            events += _whole_item(self, frame, item, raw)
        self.finished = True
        return [*events, Finished(frame, response_finish_reason(self.response.head))]

    def _push_any(self, frame: bytes) -> Iterable[StreamEvent]:
        try:
            event = _read(read_object(frame))
        except ReplyUnreadable as error:
            raise StreamCorrupted(error.message, hint=error.hint) from error
        self._piece = TextPiece()
        return _HANDLERS.get(event.type, _other)(self, frame, event)


def _text(place: Place) -> _Handler:
    """The handler of a text's `.delta` and `.done`."""

    def handle(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
        item = state.response.item(event.output_index, event.item_id, place.item)
        text = item.text(place, _part_index(place, event))
        if event.type.endswith(".delta"):
            piece = arguments_text(event.delta)
            text.pieces.append(piece)
        else:
            piece = text.settle(arguments_text(getattr(event, place.field)))
        return (piece and state.tell(frame, item, text, piece)) or _life_cycle(frame, event)

    return handle


def _part(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    part = event.part or {}
    place = _PARTS.get(str(part.get("type")))
    if place is None:
        return _life_cycle(frame, event)
    item = state.response.item(event.output_index, event.item_id, place.item)
    open_part = item.begin if event.type.endswith(".added") else item.text
    text = open_part(place, _part_index(place, event))
    text.part = part
    piece = text.settle(part_text(part)) if event.type.endswith(".done") else ""
    return (piece and state.tell(frame, item, text, piece)) or _life_cycle(frame, event)


def _part_index(place: Place, event: ResponseEvent) -> int | None:
    if place.part is None:
        return 0
    return event.summary_index if place is REASONING_SUMMARY else event.content_index


def _annotation(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    item = state.response.item(event.output_index, event.item_id, OUTPUT_TEXT.item)
    text = item.text(OUTPUT_TEXT, event.content_index)
    annotations = [*text.annotations, event.annotation or {}]
    return _new_citations(frame, text, annotations) or _life_cycle(frame, event)


def _new_citations(frame: bytes, text: OpenText, annotations: list[dict[str, Any]]) -> list[StreamEvent]:
    """The sources in a text's annotations, as many as there are by now, beyond those told."""
    new = annotations[len(text.annotations) :]
    text.annotations += new
    return [CitationAdded(frame, citation) for note in new if (citation := read_citation(note))]


def _item_added(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    item = state.response.added(event.output_index, event.item or {})
    if item.type == ARGUMENTS.item:
        return state.tell(frame, item, item.text(ARGUMENTS, 0), "")
    return _progress(frame, item, "in_progress") or _life_cycle(frame, event)


def _item_done(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    raw = event.item or {}
    item = state.response.done(event.output_index, raw)
    return _whole_item(state, frame, item, raw) or _life_cycle(frame, event)


def _whole_item(state: ResponsesAccumulator, frame: bytes, item: OpenItem, raw: dict[str, Any]) -> list[StreamEvent]:
    """What an item that is now whole brings beyond what was told of it."""
    if item.done:
        return []
    item.raw = filled(raw, item.raw)
    events: list[StreamEvent] = []
    for place, index, part in _texts(raw):
        text = item.text(place, index)
        piece = text.settle(part_text(part))
        events += state.tell(frame, item, text, piece) if piece else []
        events += _new_citations(frame, text, objects(part.get("annotations")))
    item.finish(raw)
    if item.type == ARGUMENTS.item:
        return [*events, ToolCallDone(frame, read_tool_call(item.raw))]
    return events + _progress(frame, item, "completed")


def _texts(item: dict[str, Any]) -> Iterator[tuple[Place, int, dict[str, Any]]]:
    """The texts of a whole item that have events of their own, each as the part it is in."""
    if item.get("type") == ARGUMENTS.item:
        yield ARGUMENTS, 0, {"text": arguments_text(item.get("arguments"))}
    if item.get("type") == OUTPUT_TEXT.item:
        yield from ((OUTPUT_TEXT, index, part) for index, part in enumerate(parts(item, "content")) if is_text(part))
    if item.get("type") == REASONING_TEXT.item:
        for place in (REASONING_TEXT, REASONING_SUMMARY):
            yield from ((place, index, part) for index, part in enumerate(parts(item, place.holder)))


def _progress(frame: bytes, item: OpenItem, otherwise: str) -> list[StreamEvent]:
    """How far a tool of the server is; nothing for items that are no such tool."""
    if not item.type.endswith("_call"):
        return []
    status, item_id = item.raw.get("status"), item.raw.get("id")
    said = status if isinstance(status, str) else otherwise
    return [ServerToolProgress(frame, item.type, said, item_id if isinstance(item_id, str) else "")]


def _terminal(status: str) -> _Handler:
    """The handler of a frame that ends the response."""

    def handle(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
        if state.finished:
            return ()
        final = event.response or {}
        return state.close(frame, final if final.get("status") else final | {"status": status})

    return handle


def _failed(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    state.response.take_head(event.response)
    _raise_error(frame)
    return _life_cycle(frame, event)


def _head(state: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    state.response.take_head(event.response)
    return _life_cycle(frame, event)


def _ping(*_: object) -> Iterable[StreamEvent]:
    return ()


def _other(_: ResponsesAccumulator, frame: bytes, event: ResponseEvent) -> Iterable[StreamEvent]:
    prefix, _dot, rest = event.type.partition(".")
    tool, _dot, status = rest.partition(".")
    if prefix == "response" and tool.endswith("_call") and status:
        return (ServerToolProgress(frame, tool, status, event.item_id or ""),)
    if not event.type:
        _raise_error(frame)
    return _life_cycle(frame, event)


def _raise_error(frame: bytes) -> None:
    error = in_stream_error(read_object(frame))
    if error is not None:
        raise error


def _life_cycle(frame: bytes, event: ResponseEvent) -> tuple[OtherEvent]:
    return (OtherEvent(frame, event.type),)


_PARTS = {
    "output_text": OUTPUT_TEXT,
    "text": OUTPUT_TEXT,
    "refusal": REFUSAL,
    "reasoning_text": REASONING_TEXT,
    "summary_text": REASONING_SUMMARY,
}

_PLACES = {
    "response.output_text": OUTPUT_TEXT,
    "response.refusal": REFUSAL,
    "response.reasoning_text": REASONING_TEXT,
    "response.reasoning_summary_text": REASONING_SUMMARY,
    "response.function_call_arguments": ARGUMENTS,
    "response.custom_tool_call_input": Place("custom_tool_call", "input"),
    "response.mcp_call_arguments": Place("mcp_call", "arguments"),
    "response.mcp_call_output": Place("mcp_call", "output"),
    "response.code_interpreter_call_code": Place("code_interpreter_call", "code"),
}

_HANDLERS: dict[str, _Handler] = {
    **{f"{name}.{step}": _text(place) for name, place in _PLACES.items() for step in ("delta", "done")},
    "response.output_text.annotation.added": _annotation,
    "response.content_part.added": _part,
    "response.content_part.done": _part,
    "response.reasoning_summary_part.added": _part,
    "response.reasoning_summary_part.done": _part,
    "response.output_item.added": _item_added,
    "response.output_item.done": _item_done,
    "response.created": _head,
    "response.queued": _head,
    "response.in_progress": _head,
    "response.completed": _terminal("completed"),
    "response.done": _terminal("completed"),
    "response.incomplete": _terminal("incomplete"),
    "response.cancelled": _terminal("cancelled"),
    "response.failed": _failed,
    "error": _failed,
    "ping": _ping,
}
