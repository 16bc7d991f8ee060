"""Replies made by hand: a value as JSON, or frames as server-sent events, with pauses on a clock."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec
from multidict import CIMultiDict

from grokkit.call import Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from grokkit.clock import Clock

Frame: TypeAlias = "bytes | str | Mapping[str, Any] | Pause | Exception"
"""The data of one event, a pause before the next one, or an error in its place."""


class Pause(NamedTuple):
    """Seconds, on the mock's clock, in which nothing arrives."""

    seconds: float


class Body:
    """A reply's body, in chunks of the test's choosing; `closed` tells whether it was closed."""

    def __init__(self, chunks: Iterable[bytes] | AsyncIterable[bytes]) -> None:
        self._chunks = chunks if isinstance(chunks, AsyncIterable) else _one_by_one(chunks)
        self.closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks.__aiter__()

    async def aclose(self) -> None:
        """Remember that the body was closed."""
        self.closed = True


async def _one_by_one(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def json_reply(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply whose body is this value as JSON."""
    return body_reply(msgspec.json.encode(value), "application/json", status=status, headers=headers)


def body_reply(body: bytes, kind: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply with these bytes."""
    every = CIMultiDict({"content-type": kind})
    every.update(headers or {})
    return Reply(status, every, stream=Body([body]))


def sse_reply(frames: Iterable[bytes | str], *, done: bool = True, headers: Mapping[str, str] | None = None) -> Reply:
    """A streamed reply: each frame is the data of one event; `done` adds the closing `[DONE]`."""
    return stream_reply(frames, done=done, headers=headers)


def stream_reply(
    frames: Iterable[Frame],
    *,
    done: bool = True,
    headers: Mapping[str, str] | None = None,
    status: int = 200,
    pace: float = 0.0,
    clock: Clock | None = None,
) -> Reply:
    """A streamed reply of frames, pauses and errors; `pace` is a pause before every frame."""
    every = CIMultiDict({"content-type": "text/event-stream"})
    every.update(headers or {})
    script = [*frames, *(["[DONE]"] if done else [])]
    return Reply(status, every, stream=Body(_played(script, pace, clock)))


async def _played(script: list[Frame], pace: float, clock: Clock | None) -> AsyncIterator[bytes]:
    for step in script:
        if isinstance(step, Exception):
            raise step
        seconds = step.seconds if isinstance(step, Pause) else pace
        if seconds and clock is not None:
            await clock.sleep(seconds)
        if not isinstance(step, Pause):
            yield b"data: " + _data(step) + b"\n\n"


def _data(frame: bytes | str | Mapping[str, Any]) -> bytes:
    if isinstance(frame, bytes):
        return frame
    return frame.encode() if isinstance(frame, str) else msgspec.json.encode(frame)
