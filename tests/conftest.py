"""Every test starts from nothing: no key, no settings, no files of the person who runs it. And both faces in one."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from grokkit import AsyncGrok, AsyncStream, Grok, Stream
from grokkit._portal import portal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from grokkit import StreamEvent
    from grokkit.testing import TurnableClock

_KEPT = {"GROKKIT_CACHE", "GROKKIT_LOCAL_URL"}
_OURS = ("GROKKIT_", "XAI_")


@pytest.fixture(autouse=True)
def _nobody_s_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in os.environ:
        if name.startswith(_OURS) and name not in _KEPT:
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(_empty(tmp_path_factory)))


def _empty(factory: pytest.TempPathFactory) -> Path:
    return factory.getbasetemp() / "no-config"


class Reading:
    """An open stream of either face."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    async def events(self) -> list[StreamEvent]:
        """All that is left."""
        if isinstance(self.stream, AsyncStream):
            return [event async for event in self.stream]
        return await asyncio.to_thread(list, self.stream)

    async def next(self) -> StreamEvent | None:
        """The next event, or `None` at the end."""
        if isinstance(self.stream, AsyncStream):
            return await anext(self.stream, None)
        return await asyncio.to_thread(next, self.stream, None)

    async def texts(self) -> list[str]:
        """The pieces of text that are left."""
        if isinstance(self.stream, AsyncStream):
            return [text async for text in self.stream.text()]
        return await asyncio.to_thread(list, self.stream.text())


class Face:
    """One of the two ways to use grokkit: a test written against this runs on both.

    Blocking methods run in a thread of their own, as they do in programs that have a loop.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.kind: Any = {"async": AsyncGrok, "blocking": Grok}[name]

    def __repr__(self) -> str:
        return self.name

    def client(self, **options: Any) -> Any:
        """A client of this face, with a key that is none."""
        return self.kind(**{"api_key": "test-key", **options})

    async def call(self, method: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
        """What a method of a client gives."""
        if self.name == "async":
            return await method(*args, **options)
        return await asyncio.to_thread(method, *args, **options)

    @asynccontextmanager
    async def reading(self, stream: AsyncStream | Stream) -> AsyncIterator[Reading]:
        """The stream, open."""
        if isinstance(stream, AsyncStream):
            async with stream:
                yield Reading(stream)
            return
        await asyncio.to_thread(stream.__enter__)
        try:
            yield Reading(stream)
        finally:
            await asyncio.to_thread(stream.__exit__)

    async def waits_on(self, clock: TurnableClock, count: int = 1) -> None:
        """Let what was started run until so many waits and limits of the clock are pending."""
        while clock.waiting < count:
            await asyncio.sleep(0.001)
        await self.turn(clock, 0)

    async def turn(self, clock: TurnableClock, seconds: float) -> None:
        """Turn a clock on, on the loop that waits for it."""
        if self.name == "async":
            await clock.advance(seconds)
        else:
            await asyncio.to_thread(portal().run, lambda: clock.advance(seconds))


@pytest.fixture(params=["async", "blocking"])
def face(request: pytest.FixtureRequest) -> Face:
    """Both faces, one after the other."""
    return Face(request.param)
