"""Every test starts from nothing: no key, no settings, no files of the person who runs it. And both faces in one.

A test waits for what happens, never for a time: `WatchedSimulator.until`, `Face.waits_on`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import sys
import threading
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings

from grokkit import AsyncGrok, AsyncStream, Grok, Stream
from grokkit._portal import portal
from grokkit.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator

    from grokkit import StreamEvent
    from grokkit.testing import TurnableClock
    from grokkit.testing.simulator.app import App, Message, Receive, Send


def _beside(name: str) -> Any:
    """A module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


redis_server = _beside("redis_server").redis_server
common_redis = sys.modules["redis_server"].common_redis
postgres_server = _beside("postgres_server").postgres_server
common_postgres = sys.modules["postgres_server"].common_postgres

PATIENCE = 20.0
"""Seconds after which what a test waits for counts as never."""
_KEPT = {"GROKKIT_CACHE", "GROKKIT_LOCAL_URL"}
_OURS = ("GROKKIT_", "XAI_")
_MOST_WORKERS = 4

# On a machine with much else to do an example takes any time: what must be quick is measured where it is told.
settings.register_profile("grokkit", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("grokkit")


def pytest_configure() -> None:
    """Hear Ctrl-C, as the programs that tests start must: a shell takes that from what it starts in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """A worker for each core, if there are many tests to run: a few are sooner done without."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    chosen = config.option.file_or_dir
    few = bool(chosen) and all(".py" in each for each in chosen)
    if few or config.option.keyword or config.getoption("lf", default=False):
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST_WORKERS) if cores > 1 else 0


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
        """A client of this face, with a key that is none, which makes each call once."""
        return self.kind(**{"api_key": "test-key", "retries": 0, **options})

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
        enough = threading.Event()
        ask = clock.call_at

        def call_at(when: float, callback: Callable[[], object]) -> object:
            alarm = ask(when, callback)
            if clock.waiting >= count:
                enough.set()
            return alarm

        with patch.object(clock, "call_at", call_at):
            if clock.waiting < count:
                assert await asyncio.to_thread(enough.wait, PATIENCE), f"{clock.waiting} wait, and not {count}"
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


class WatchedSimulator(Simulator):
    """A simulator on real ports, for processes and threads, that signals whatever happens to it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.connections: set[tuple[str, int]] = set()
        """The other ends of all connections that requests came over."""
        self.held_back = 0
        """How many replies can go no further, since their readers take no more."""
        self._changed = threading.Condition()
        self.app = cast("App", _watched(self, self.app))

    def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so, looking whenever a request comes, goes on or ends."""
        with self._changed:
            assert self._changed.wait_for(is_so, PATIENCE), self.calls

    def until_left(self) -> None:
        """Wait until a caller has left before the end of its reply."""
        self.until(lambda: any(call.disconnected for call in self.calls))

    def tell(self, *, held_back: int = 0) -> None:
        """Let those who wait look again."""
        with self._changed:
            self.held_back += held_back
            self._changed.notify_all()


def _watched(sim: WatchedSimulator, answer: App) -> Callable[[Message, Receive, Send], Awaitable[None]]:
    async def watched(scope: Message, receive: Receive, send: Send) -> None:
        async def watched_receive() -> Message:
            sim.tell()
            return await receive()

        async def watched_send(message: Message) -> None:
            await _Step(send(message), sim.tell)
            sim.tell()
            if message.get("more_body"):
                await _turn()  # else a simulator that is not held back does not hear that its caller has left

        sim.connections.add(tuple(scope["client"]))
        try:
            await answer(scope, watched_receive, watched_send)
        finally:
            sim.tell()

    return watched


class _Step:
    """A step of a reply, which says when it has to wait."""

    def __init__(self, step: Awaitable[None], tell: Callable[..., None]) -> None:
        self._step = step
        self._tell = tell

    def __await__(self) -> Generator[Any, Any, None]:
        steps = self._step.__await__()
        for waited_for in steps:
            self._tell(held_back=1)
            try:
                yield waited_for
            finally:
                self._tell(held_back=-1)


async def _turn() -> None:
    """Let the loop go around once."""
    turned = asyncio.Event()
    asyncio.get_running_loop().call_soon(turned.set)
    await turned.wait()


@pytest.fixture
def watched() -> type[WatchedSimulator]:
    """The kind of simulator for tests in which other threads and processes call."""
    return WatchedSimulator
