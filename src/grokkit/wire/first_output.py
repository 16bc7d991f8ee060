"""Where the output of a stream begins: before it, nobody has seen anything of the stream. Pure: chunks in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.errors import ConnectionLost, GrokError, ReplyUnreadable
from grokkit.wire.error_body import in_stream_error
from grokkit.wire.reading import read_object
from grokkit.wire.sse import SSEDecoder

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREPARATIONS = frozenset(
    {"response.created", "response.queued", "response.in_progress", "response.content_part.added", "ping"}
)
_SILENT_ITEMS = frozenset({"message", "reasoning", "function_call"})
_DELTA_OUTPUT = ("content", "reasoning_content", "tool_calls", "refusal", "function_call")
_MOST_HELD = 1024 * 1024


class FirstOutput:
    """Reads the start of a stream up to its first output, its end, or its error.

    >>> start = FirstOutput(max_event_size=1_000_000)
    >>> start.feed(b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\\n\\n')
    False
    >>> start.feed(b'data: {"choices":[{"delta":{"content":"Hi"}}]}\\n\\n')
    True
    """

    def __init__(self, max_event_size: int) -> None:
        self.held: list[bytes] = []
        """What has come, in order."""
        self.events = 0
        self._size = 0
        self._decoder = SSEDecoder(max_event_size)

    def feed(self, chunk: bytes) -> bool:
        """Whether there is output now, or nothing more to wait for. Raises the error that the stream reports."""
        self.held.append(chunk)
        self._size += len(chunk)
        for event in self._decoder.feed(chunk):
            if event.event != "ping":
                self.events += 1
                if _is_output(event.data):
                    return True
        return self._size > _MOST_HELD

    def ended(self) -> GrokError:
        """The error for a stream that is over and has said nothing."""
        body = b"".join(self.held)
        if not self.events and (error := _error_in(body)) is not None:
            return error
        cut = " in the middle of an event" if self._decoder.pending else ""
        return ConnectionLost(
            f"the stream ended{cut} before the answer was complete",
            hint="nothing of the answer had arrived; it may have been billed all the same",
        )


def reported_error(frame: Mapping[str, object]) -> GrokError | None:
    """The error that the JSON object of a good status reports, or None.

    >>> reported_error({"code": "500", "error": "Timed out waiting for first token"}).message
    'Timed out waiting for first token'
    >>> reported_error({"object": "response", "status": "completed", "error": None}) is None
    True
    """
    if not (frame.get("error") or "code" in frame or "type" in frame or frame.get("status") == "failed"):
        return None
    if frame.get("status") == "failed":
        return in_stream_error({"type": "response.failed", "response": frame})
    return in_stream_error(frame)


def _error_in(body: bytes) -> GrokError | None:
    try:
        return reported_error(read_object(body))
    except ReplyUnreadable:
        return None


def _is_output(data: bytes) -> bool:
    if data == b"[DONE]":
        return True
    try:
        frame = read_object(data)
    except ReplyUnreadable:
        return True
    if (error := in_stream_error(frame)) is not None:
        raise error
    kind = frame.get("type")
    return _is_chunk_output(frame) if not isinstance(kind, str) else not _prepares(kind, frame)


def _prepares(kind: str, frame: Mapping[str, object]) -> bool:
    item = frame.get("item")
    if kind == "response.output_item.added":
        return isinstance(item, dict) and item.get("type") in _SILENT_ITEMS
    if kind == "response.output_item.done":
        return isinstance(item, dict) and item.get("type") == "reasoning"  # text of it would have come before
    return kind in _PREPARATIONS


def _is_chunk_output(frame: Mapping[str, object]) -> bool:
    choices = frame.get("choices")
    if not isinstance(choices, list) or not choices:
        return True
    return any(_says_something(choice) for choice in choices)


def _says_something(choice: object) -> bool:
    if not isinstance(choice, dict):
        return True
    delta = choice.get("delta")
    said = isinstance(delta, dict) and any(delta.get(part) for part in _DELTA_OUTPUT)
    return said or bool(choice.get("finish_reason")) or not isinstance(delta, dict)
