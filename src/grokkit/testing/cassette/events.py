"""A streamed body as one line an event, with the second at which it came, and back as the chunks that it was."""

from __future__ import annotations

import base64
import itertools
import json
import re
from typing import TYPE_CHECKING, Any

from grokkit.testing.cassette.content import compact, strict_json
from grokkit.testing.cassette.interaction import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grokkit.testing.cassette.scrub import Scrubber

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_DATA, _AFTER = b"data: ", b"\n\n"
_FINAL = ("response.completed", "response.incomplete", "response.failed", "response.done", "error")
_DIGITS = 4


def events_of(chunks: Iterable[tuple[float, bytes]], scrubber: Scrubber) -> list[Event]:
    """The events of a stream, without secrets. An event has the time of the chunk that completed it.

    `data` is the value of a plain `data: <JSON>` event, `line` the text of any other single data line,
    `raw` all else that is text, and `base64` what is none.

    >>> from grokkit.testing.cassette.scrub import Scrubber
    >>> events = events_of([(0.5, b'data: {"a":1}\\n'), (0.75, b"\\ndata: [DONE]\\n\\n")], Scrubber())
    >>> [(event.at, event.data or event.line) for event in events]
    [(0.75, {'a': 1}), (0.75, '[DONE]')]
    """
    return [Event(at=round(at, _DIGITS), **_told(event, scrubber)) for at, event in _split(chunks)]


def chunks_of(events: Iterable[Event]) -> Iterator[tuple[float, bytes]]:
    """The chunks again: events of the same moment come together."""
    for at, together in itertools.groupby(events, key=lambda event: event.at):
        yield at, b"".join(map(_bytes, together))


def is_final(event: Event) -> bool:
    """Whether nothing of interest comes after this event: readers may leave here."""
    data = event.data
    return event.line == "[DONE]" or (isinstance(data, dict) and data.get("type") in _FINAL)


def _split(chunks: Iterable[tuple[float, bytes]]) -> Iterator[tuple[float, bytes]]:
    pending, at = b"", 0.0
    for at, chunk in chunks:
        pending += chunk
        start = 0
        for end in _END.finditer(pending):
            yield at, pending[start : end.end()]
            start = end.end()
        pending = pending[start:]
    if pending:
        yield at, pending


def _told(event: bytes, scrubber: Scrubber) -> dict[str, Any]:
    try:
        text = event.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(scrubber.data(event)).decode()}
    line = text[len(_DATA) : -len(_AFTER)]
    if text != f"data: {line}\n\n" or "\n" in line or "\r" in line:
        return {"raw": scrubber.text(text)}
    try:
        value = strict_json(line)
    except (ValueError, RecursionError):
        return {"line": scrubber.text(line)}
    return {"data": scrubber.value(value)} if compact(value) == line else {"line": _clean_line(line, value, scrubber)}


def _clean_line(line: str, value: object, scrubber: Scrubber) -> str:
    cleaned = scrubber.value(value)
    return scrubber.text(line) if cleaned == value else json.dumps(cleaned, ensure_ascii=False)


def _bytes(event: Event) -> bytes:
    if isinstance(event.base64, str):
        return base64.b64decode(event.base64, validate=True)
    if isinstance(event.raw, str):
        return event.raw.encode("utf-8", "backslashreplace")
    line = event.line if isinstance(event.line, str) else compact(event.data)
    return _DATA + line.encode("utf-8", "backslashreplace") + _AFTER
