"""A stored answer as the stream that it could have come as: the same events, in pieces of about a word."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, Self

import msgspec

from grokkit.layers.cache.decision import CHAT
from grokkit.wire.extra import objects
from grokkit.wire.output import parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grokkit.clock import Clock

_PIECE = re.compile(r"\s*\S{1,16}|\s+")
_PLACES_OF_REASONING = (
    ("summary", "summary_index", "reasoning_summary_text"),
    ("content", "content_index", "reasoning_text"),
)

_encode = msgspec.json.Encoder().encode


def frames(path: str, raw: dict[str, Any]) -> Iterator[bytes]:
    """The server-sent events of an answer, one at a time.

    >>> raw = {"id": "c", "choices": [{"index": 0, "message": {"content": "Hi you"}, "finish_reason": "stop"}]}
    >>> [frame.count(b"content") for frame in frames("/chat/completions", raw)]
    [0, 1, 1, 0, 0]
    """
    return _chunks(raw) if path == CHAT else _response_events(raw)


class Playback:
    """A `ByteStream` of these frames: `pace` seconds between any two, or all at once."""

    def __init__(self, frames: Iterator[bytes], pace: float, clock: Clock) -> None:
        self._frames = frames if pace else iter((b"".join(frames),))
        self._pace = pace
        self._clock = clock
        self._begun = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        frame = next(self._frames, None)
        if frame is None:
            raise StopAsyncIteration
        if self._begun:
            await self._clock.sleep(self._pace)
        self._begun = True
        return frame

    async def aclose(self) -> None:
        """Give no more."""
        self._frames = iter(())


def pieces(text: str) -> list[str]:
    """A text in pieces of a word, or a part of a long one.

    >>> pieces("Hi you there")
    ['Hi', ' you', ' there']
    """
    return _PIECE.findall(text)


def _chunks(raw: dict[str, Any]) -> Iterator[bytes]:
    last = {name: raw[name] for name in raw if name == "usage"}
    head = {name: value for name, value in raw.items() if name not in {"choices", "usage"}}
    head["object"] = "chat.completion.chunk"
    begun = b"data: " + _encode(head).removesuffix(b"}") + b',"choices":['  # the same in all of them: encoded once
    for choice in objects(raw.get("choices")):
        for step in _steps(choice):
            yield begun + _encode({"index": choice.get("index", 0), **step}) + b"]}\n\n"
    if last:
        yield begun + b"]," + _encode(last).removeprefix(b"{") + b"\n\n"
    yield b"data: [DONE]\n\n"


def _steps(choice: dict[str, Any]) -> Iterator[dict[str, Any]]:
    message = choice.get("message")
    said = message if isinstance(message, dict) else {}
    told = {"content": said.get("content"), "reasoning_content": said.get("reasoning_content")}
    rest = {name: value for name, value in said.items() if not told.get(name)}
    yield {"delta": rest}
    for field in ("reasoning_content", "content"):
        for piece in pieces(told[field] or ""):
            yield {"delta": {field: piece}}
    yield {"delta": {}, **{name: value for name, value in choice.items() if name not in {"index", "message"}}}


def _response_events(raw: dict[str, Any]) -> Iterator[bytes]:
    tell = _Numbered()
    begun = {name: value for name, value in raw.items() if name != "usage"} | {"status": "in_progress", "output": []}
    yield tell("response.created", response=begun)
    yield tell("response.in_progress", response=begun)
    for index, item in enumerate(objects(raw.get("output"))):
        empty = {name: [] if name in {"content", "summary"} else value for name, value in item.items()}
        yield tell("response.output_item.added", output_index=index, item={**empty, "status": "in_progress"})
        yield from _texts(tell, item, {"item_id": item.get("id"), "output_index": index})
        yield tell("response.output_item.done", output_index=index, item=item)
    yield tell("response.completed", response=raw)


def _texts(tell: _Numbered, item: dict[str, Any], at: dict[str, Any]) -> Iterator[bytes]:
    if item.get("type") == "reasoning":
        for holder, index_name, kind in _PLACES_OF_REASONING:
            for index, part in enumerate(parts(item, holder)):
                yield from _text(tell, kind, part, {**at, index_name: index})
        return
    for index, part in enumerate(parts(item, "content")):
        place = {**at, "content_index": index}
        yield tell("response.content_part.added", **place, part={**part, "text": ""})
        yield from _text(tell, "output_text", part, place)
        yield tell("response.content_part.done", **place, part=part)


def _text(tell: _Numbered, kind: str, part: dict[str, Any], at: dict[str, Any]) -> Iterator[bytes]:
    text = part.get("text") or ""
    yield from tell.deltas(f"response.{kind}.delta", pieces(text), at)
    yield tell(f"response.{kind}.done", **at, text=text)


class _Numbered:
    """Writes events, each with its number."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def __call__(self, event: str, **fields: object) -> bytes:
        data = _encode({"type": event, "sequence_number": next(self._numbers), **fields})
        return b"event: %b\ndata: %b\n\n" % (event.encode(), data)

    def deltas(self, event: str, texts: Iterable[str], at: dict[str, Any]) -> Iterator[bytes]:
        """An event for each text. What is the same in all of them is encoded once."""
        begun = b"event: %b\ndata: %b" % (event.encode(), _encode({"type": event, **at}).removesuffix(b"}"))
        for text, number in zip(texts, self._numbers, strict=False):  # in this order: no number is lost at the end
            yield b'%b,"sequence_number":%d,"delta":%b}\n\n' % (begun, number, _encode(text))
