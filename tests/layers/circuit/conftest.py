"""A server that does as it is told, and calls to it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.call import Call, Reply
from grokkit.config.policies import Circuit, Policies
from grokkit.layers.circuit import CircuitBreaker
from grokkit.stores.memory import MemoryStore
from grokkit.telemetry.events import CircuitClosed, CircuitOpened, CircuitProbed
from grokkit.telemetry.span import Span
from grokkit.testing import TurnableClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.stores.store import Store
    from grokkit.telemetry.events import Event

POLICY = Circuit(min_calls=4, failure_rate=0.5, window=30.0, open_for=5.0, longest=20.0)


class Open:
    """The body of a stream that has begun."""

    closed = False

    def __aiter__(self) -> Open:
        return self

    async def __anext__(self) -> bytes:
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self.closed = True


class Server:
    """The rest of the way: answers, or fails with `error`, after `seconds`; counts what reaches it."""

    def __init__(self, clock: TurnableClock) -> None:
        self.clock = clock
        self.error: BaseException | None = None
        self.seconds = 0.0
        self.calls = 0
        self.running = 0
        self.most = 0
        self.replies: list[Reply] = []

    async def __call__(self, call: Call) -> Reply:
        self.calls += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if self.seconds:
                await self.clock.sleep(self.seconds)
        finally:
            self.running -= 1
        if self.error is not None:
            raise self.error
        reply = Reply(200, {}, stream=Open()) if call.stream else Reply(200, {}, body=b"{}")
        self.replies.append(reply)
        return reply


class Process:
    """One process with a circuit breaker, its server and what its hooks heard."""

    def __init__(self, clock: TurnableClock, store: Store, server: Server | None = None) -> None:
        self.clock = clock
        self.server = server or Server(clock)
        self.layer = CircuitBreaker(clock, store, random=lambda: 1.0)
        self.events: list[Event] = []

    def call(self, *, policy: Circuit = POLICY, **changes: Any) -> Call:
        call = Call(
            method="POST",
            base_url="https://api.x.ai/v1",
            path="/responses",
            operation="responses",
            id="c-1",
            model="grok-4.7",
            account="acme",
            policies=Policies(circuit=policy),
        ).replace(**changes)
        return call.replace(span=Span(call, [self.events.append], self.clock))

    async def send(self, **options: Any) -> Reply:
        """One call."""
        return await self.layer(self.call(**options), self.server)

    async def fail(self, error: BaseException, times: int = 1, **options: Any) -> None:
        """Calls that fail."""
        self.server.error = error
        for _ in range(times):
            with pytest.raises(type(error)):
                await self.send(**options)
        self.server.error = None

    def start(self, **options: Any) -> asyncio.Task[Reply]:
        """One call, on its way."""
        return asyncio.create_task(self.send(**options))

    @property
    def state(self) -> str:
        """What its only circuit is."""
        (health,) = self.layer.health()
        return health.state

    @property
    def heard(self) -> list[str]:
        """The circuit's events."""
        names = [type(event) for event in self.events]
        return [name.__name__ for name in names if name in {CircuitOpened, CircuitProbed, CircuitClosed}]


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def store(clock: TurnableClock) -> MemoryStore:
    return MemoryStore(clock.now)


@pytest.fixture
def start_process(clock: TurnableClock, store: MemoryStore) -> Callable[..., Process]:
    """Another process: with the same store, or another one, and the same server or one of its own."""
    return lambda store=store, server=None: Process(clock, store, server)


@pytest.fixture
def fleet(clock: TurnableClock, store: MemoryStore) -> list[Process]:
    """Three processes that share a store and a server."""
    server = Server(clock)
    return [Process(clock, store, server) for _ in range(3)]


@pytest.fixture
def process(clock: TurnableClock, store: MemoryStore) -> Process:
    return Process(clock, store)
