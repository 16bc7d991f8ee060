"""Server-sent events out of a byte stream, however it is cut: pure, incremental and bounded.

The rules are those of the WHATWG specification ("Interpreting an event stream"), with one difference: an
event whose data is empty is dropped even when it had a `data:` line, since gateways send those to keep a
connection alive.

How it works: line ends become newlines as they arrive, the bytes of an unfinished event are held until its
blank line comes, and all events that a chunk completes are decoded in one go, runs of the two usual shapes
at once.
"""

from __future__ import annotations

from itertools import repeat
from typing import Final

import msgspec

from grokkit.errors import EventTooLarge

DEFAULT_MAX_EVENT_SIZE: Final = 1024 * 1024

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_MAX_RETRY_DIGITS: Final = 18


class SSEEvent(msgspec.Struct, frozen=True, gc=False):
    r"""One server-sent event; `data` stays bytes, ready for a JSON decoder.

    `id` is the last one the stream has named; `retry` the reconnection time, in milliseconds, that this event
    asked for.

    >>> SSEEvent(data=b"[DONE]")
    SSEEvent(event='message', data=b'[DONE]', id='', retry=None)
    """

    event: str = "message"
    data: bytes = b""
    id: str = ""
    retry: int | None = None


class SSEDecoder:
    r"""Events from the chunks of a `text/event-stream` body, fed in order and split anywhere.

    `max_event_size` bounds the bytes of one event, comments and an unfinished line included; no more than
    that is held between two chunks. Beyond it `feed` and `close` raise `EventTooLarge`, after all events that
    came before were given.

    >>> decoder = SSEDecoder()
    >>> decoder.feed(b'data: {"a":1}\n\ndata: {"b"')
    [SSEEvent(event='message', data=b'{"a":1}', id='', retry=None)]
    >>> decoder.pending
    True
    >>> [event.data for event in decoder.feed(b":2}\r\n\r\n: a comment")]
    [b'{"b":2}']
    >>> decoder.close(), decoder.pending
    ([], False)
    """

    __slots__ = ("_after_return", "_held", "_last_id", "_max_event_size", "_started", "_steady", "_too_large")

    def __init__(self, max_event_size: int = DEFAULT_MAX_EVENT_SIZE) -> None:
        self._max_event_size = max_event_size
        # The start of an unfinished event: its line ends are newlines, and none of them is at the front.
        self._held = bytearray()
        self._last_id = ""
        self._started = False
        self._after_return = False
        self._too_large = False
        # Whether none of the three flags asks for attention, so that the usual chunk checks only one.
        self._steady = False

    @property
    def pending(self) -> bool:
        """Whether an event is unfinished: after the last chunk, that the stream was cut inside an event."""
        lines = self._held.split(b"\n")
        return self._too_large or any(line and not line.startswith(b":") for line in lines)

    def feed(self, chunk: bytes) -> list[SSEEvent]:
        """The events that this chunk completes; raises `EventTooLarge`."""
        if not self._steady or b"\r" in chunk:
            chunk = self._regular(chunk)
        held = self._held
        blocks = chunk[:-2] if not held and chunk.endswith(b"\n\n") else self._completed(chunk)
        if len(blocks) > self._max_event_size or len(held) > self._max_event_size:
            return self._bounded(blocks)
        if blocks.startswith(b"data: ") and b"\n" not in blocks:
            data = blocks[6:]
            return [SSEEvent("message", data, self._last_id)] if data else []
        return self._decode(blocks) if blocks else []

    def close(self) -> list[SSEEvent]:
        """The end of the stream: an empty list, since an unfinished event is dropped (see `pending`)."""
        if self._too_large:
            raise self._overflow()
        return []

    def _regular(self, chunk: bytes) -> bytes:
        """The chunk without byte order mark, and with newlines as its only line ends."""
        if self._too_large:
            raise self._overflow()
        chunk = self._with_newlines_only(chunk)
        if not self._started:
            chunk = self._without_byte_order_mark(chunk)
        self._steady = self._started and not self._after_return
        return chunk

    def _with_newlines_only(self, chunk: bytes) -> bytes:
        """A return at the end of a chunk ends its line at once; the newline that may follow is skipped."""
        if self._after_return and chunk:
            self._after_return = False
            chunk = chunk.removeprefix(b"\n")
        if chunk.endswith(b"\r"):
            self._after_return = True
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _without_byte_order_mark(self, chunk: bytes) -> bytes:
        start = bytes(self._held) + chunk
        self._held.clear()
        if len(start) < len(_BYTE_ORDER_MARK) and _BYTE_ORDER_MARK.startswith(start):
            return start
        self._started = True
        return start.removeprefix(_BYTE_ORDER_MARK)

    def _completed(self, chunk: bytes) -> bytes:
        """The bytes up to the last blank line, which leave; what follows is held."""
        held = self._held
        seam = max(len(held) - 1, 0)
        held += chunk if held else chunk.lstrip(b"\n")
        end = held.rfind(b"\n\n", seam)
        completed = bytes(held[:end]) if end >= 0 else b""
        if end >= 0:
            del held[: end + 2]
        return completed

    def _decode(self, blocks: bytes) -> list[SSEEvent]:
        """The events of blocks that blank lines separate."""
        if blocks.startswith(b"data: "):
            pieces = blocks[6:].split(b"\n\ndata: ")
            if blocks.count(b"\n") == 2 * (len(pieces) - 1) and b"" not in pieces:
                return list(map(SSEEvent, repeat("message"), pieces, repeat(self._last_id)))
        elif blocks.startswith(b"event: ") and (events := self._named_events(blocks)):
            return events
        return [event for block in blocks.split(b"\n\n") if (event := self._event(block))]

    def _named_events(self, blocks: bytes) -> list[SSEEvent]:
        """The events when every block is an `event: ` line and a `data: ` line, otherwise an empty list."""
        pieces = blocks[7:].split(b"\n\nevent: ")
        events: list[SSEEvent] = []
        if blocks.count(b"\n") == 3 * len(pieces) - 2:
            for piece in pieces:
                name, _, data = piece.partition(b"\ndata: ")
                if not (name and data):
                    return []
                events.append(SSEEvent(str(name, "utf-8", "replace"), data, self._last_id))
        return events

    def _bounded(self, blocks: bytes) -> list[SSEEvent]:
        """The events before the first one that is too large; raises when there is none before it."""
        events: list[SSEEvent] = []
        for block in blocks.split(b"\n\n"):
            self._bound(block)
            if self._too_large:
                break
            if event := self._event(block):
                events.append(event)
        self._bound(self._held)
        if self._too_large and not events:
            raise self._overflow()
        return events

    def _bound(self, block: bytes | bytearray) -> None:
        if len(block.strip(b"\n")) > self._max_event_size:
            self._too_large = True
            self._steady = False
            self._held.clear()

    def _event(self, block: bytes) -> SSEEvent | None:
        event = ""
        data: list[bytes] = []
        retry: int | None = None
        for line in block.split(b"\n"):
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if field == b"data":
                data.append(value)
            elif field == b"event":
                event = str(value, "utf-8", "replace")
            elif field == b"id" and b"\0" not in value:
                self._last_id = str(value, "utf-8", "replace")
            elif field == b"retry" and value.isdigit() and len(value) <= _MAX_RETRY_DIGITS:
                retry = int(value)
        joined = b"\n".join(data)
        return SSEEvent(event or "message", joined, self._last_id, retry) if joined else None

    def _overflow(self) -> EventTooLarge:
        return EventTooLarge(
            f"one server-sent event is larger than {self._max_event_size} bytes",
            hint="raise max_event_size if events of this size are expected; otherwise the server misbehaves",
        )
