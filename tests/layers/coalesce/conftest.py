"""A server that is asked by a `SingleFlight` layer, and callers that ask through it."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.call import Call, Ending, Reply
from grokkit.config import Limits, Policies
from grokkit.layers.coalesce import InFlight, SingleFlight
from grokkit.telemetry.span import Span
from grokkit.testing import Pause, TurnableClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from grokkit.telemetry.events import Event

MODEL = "grok-4.20-non-reasoning"


class Body:
    """A body that pauses and breaks where it is told to, and knows whether it was closed."""

    def __init__(self, steps: Sequence[bytes | Pause | Exception], clock: TurnableClock) -> None:
        self.steps = list(steps)
        self.clock = clock
        self.read = 0
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for step in self.steps:
            if isinstance(step, Pause):
                await self.clock.sleep(step.seconds)
            elif isinstance(step, Exception):
                raise step
            else:
                self.read += 1
                yield step

    async def aclose(self) -> None:
        self.closed = True


class World:
    """The layer, with a server behind it that answers after `delay` seconds as `steps` has it."""

    told: ContextVar[str] = ContextVar("told", default="nothing")

    def __init__(
        self,
        *steps: bytes | Pause | Exception,
        delay: float = 1.0,
        plain: bytes | None = None,
        error: BaseException | None = None,
    ) -> None:
        self.clock = TurnableClock()
        self.layer = SingleFlight(self.clock)
        self.steps = steps
        self.delay = delay
        self.plain = plain
        self.error = error
        self.calls: list[Call] = []
        self.cancelled: list[str] = []
        self.contexts: list[str] = []
        self.bodies: list[Body] = []
        self.told_of: dict[str, list[Ending]] = {}
        """By the number of the call, how it is said to have gone on with its reply."""
        self.events: list[Event] = []

    async def __call__(self, call: Call) -> Reply:
        self.calls.append(call)
        self.contexts.append(self.told.get())
        number = len(self.calls)
        try:
            await self.clock.sleep(self.delay)
        except asyncio.CancelledError:
            self.cancelled.append(call.id)
            raise
        if self.error is not None:
            raise self.error
        body = Body(self.steps, self.clock)
        reply = Reply(200, {"x-number": str(number)}, body=self.plain, stream=body if self.plain is None else None)
        reply.context["attempts"] = 1
        told: list[Ending] = []
        reply.on_end(told.append)
        self.told_of[str(number)] = told
        self.bodies += [body] if self.plain is None else []
        return reply

    @staticmethod
    def call_of(name: str, *, tenant: str | None = None, total: float | None = None, **changes: Any) -> Call:
        """A call like all others, but for its name and what is given."""
        call = Call(
            method="POST",
            base_url="https://api.x.ai/v1",
            path="/responses",
            operation="responses",
            id=name,
            model=MODEL,
            body={"model": MODEL, "input": "Hi"},
            limits=Limits(total=total),
            policies=Policies(tenant=tenant, coalesce=True),
            account="a",
        )
        return call.replace(**changes)

    @property
    def endings(self) -> list[list[Ending]]:
        return list(self.told_of.values())

    def ask(self, name: str, **options: Any) -> asyncio.Task[Reply]:
        """Begin a call through the layer."""
        return self.send(self.call_of(name, **options))

    def send(self, call: Call) -> asyncio.Task[Reply]:
        """The same for a call made elsewhere."""
        span = Span(call, [self.events.append], self.clock)
        return asyncio.create_task(self.layer(call.replace(span=span), self))

    async def open(self, name: str, **options: Any) -> Reply:
        """The reply for a call, with time passing as it has to."""
        task = self.ask(name, **options)
        async with self.clock.rushing():
            return await task

    @staticmethod
    async def rest_of(reply: Reply) -> list[bytes]:
        """What a stream still gives, read to its end, closed and ended."""
        assert reply.stream is not None
        try:
            chunks = [chunk async for chunk in reply.stream]
        except BaseException as error:
            reply.end(Ending(error=error))
            raise
        else:
            reply.end(Ending())
            return chunks
        finally:
            await reply.aclose()

    @staticmethod
    async def left(reply: Reply) -> None:
        """Leave a reply as a reader does."""
        await reply.aclose()
        reply.end(Ending(complete=False))

    def assert_nothing_is_left(self) -> None:
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert self.clock.waiting == 0
        assert self.layer.health() == InFlight(calls=0, callers=0)
        assert all(body.closed for body in self.bodies)
        assert [len(told) for told in self.endings] == [1] * len(self.endings)


@pytest.fixture(scope="session")
def new_world() -> type[World]:
    """For tests that set up a world in their own way."""
    return World
