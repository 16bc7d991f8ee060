"""What callers see of retries: both faces, against a simulator that fails."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.config import Retry
from grokkit.errors import CircuitOpen, OutOfCredits, RateLimited, ServerFailed, StreamInterrupted
from grokkit.telemetry.events import Retried, RetryRefused
from grokkit.testing import Fault, Simulator, TurnableClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.conftest import Face

    from grokkit.telemetry.events import Event

TEXT = "The capital of Norway is Oslo."
BEFORE_OUTPUT = {
    "cut": Fault(cut_at_byte=40),
    "hang up": Fault(hang_up=True),
    "error in the stream": Fault(error_at_event=0),
    "plain error": Fault(plain_error_in_stream=True, error="server"),
    "no event": Fault(end_after=1),
    "503": Fault(status=503),
    "520": Fault(status=520),
}


class World:
    """A simulator and a client of it on one clock, and what the hooks are told."""

    def __init__(self, face: Face) -> None:
        self.face = face
        self.clock = TurnableClock()
        self.sim = Simulator(clock=self.clock)
        self.events: list[Event] = []

    def client(self, **options: Any) -> Any:
        return self.face.client(
            api_key=self.sim.key,
            transport=self.sim.transport(),
            clock=self.clock,
            hooks=[self.events.append],
            **{"retries": 4, "rate_limit": "off", "circuit": "off", **options},
        )

    def told(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @asynccontextmanager
    async def rushing(self) -> AsyncIterator[None]:
        if self.face.name == "async":
            async with self.clock.rushing():
                yield
        else:
            with self.clock.rushing():
                yield


@pytest.fixture
def world(face: Face) -> World:
    return World(face)


async def test_a_call_is_answered_after_two_failures(world: World) -> None:
    world.sim.on().reply(error="capacity", retry_after=20).then(error="server").then(TEXT)

    async with world.rushing():
        answer = await world.face.call(world.client().ask, "The capital of Norway?")

    assert answer.text == TEXT
    assert [call.headers.get("x-grokkit-attempt") for call in world.sim.calls] == [None, "2", "3"]
    assert len({call.headers["idempotency-key"] for call in world.sim.calls}) == 1
    assert len({call.headers["x-client-request-id"] for call in world.sim.calls}) == 1
    assert [event.may_have_run for event in world.told(Retried)] == [False, True]
    assert world.told(Retried)[0].delay >= 20


async def test_the_caller_s_idempotency_key_is_kept(world: World) -> None:
    world.sim.on().reply(error="capacity").then(TEXT)

    async with world.rushing():
        await world.face.call(world.client().ask, "Hi", extra_headers={"Idempotency-Key": "mine"})

    assert [call.headers["idempotency-key"] for call in world.sim.calls] == ["mine", "mine"]


async def test_only_posts_have_an_idempotency_key(world: World) -> None:
    await world.face.call(world.client().models.list)

    assert "idempotency-key" not in world.sim.calls[0].headers


@pytest.mark.parametrize("fault", BEFORE_OUTPUT.values(), ids=BEFORE_OUTPUT)
async def test_a_stream_that_breaks_before_its_output_is_begun_again(world: World, fault: Fault) -> None:
    world.sim.on().reply(TEXT, fault=fault).then(TEXT)

    async with world.rushing(), world.face.reading(world.client().stream("The capital of Norway?")) as reading:
        texts = await reading.texts()

    assert "".join(texts) == TEXT
    assert len(world.sim.calls) == 2
    assert len(world.told(Retried)) == 1


@pytest.mark.parametrize("fault", [Fault(error_at_event=9), Fault(end_after=9), Fault(cut_at_byte=3500)])
async def test_a_stream_that_breaks_after_its_output_is_not(world: World, fault: Fault) -> None:
    world.sim.on().reply(TEXT, fault=fault).then("Something else.")

    async with world.rushing(), world.face.reading(world.client().stream("The capital of Norway?")) as reading:
        with pytest.raises(StreamInterrupted) as caught:
            await reading.texts()

    assert len(world.sim.calls) == 1
    assert not world.told(Retried)
    assert caught.value.partial is not None
    assert caught.value.partial.text
    assert TEXT.startswith(caught.value.partial.text)


async def test_money_that_is_gone_costs_one_try(world: World) -> None:
    world.sim.credit(0)

    async with world.rushing():
        with pytest.raises(OutOfCredits) as caught:
            await world.face.call(world.client().ask, "Hi")

    assert len(world.sim.calls) == caught.value.attempts == 1
    assert not world.told(RetryRefused)


async def test_a_wait_that_is_too_long_is_told_at_once(world: World) -> None:
    world.sim.on().reply(error="rate_limit", retry_after=300)
    began = world.clock.now()

    async with world.rushing():
        with pytest.raises(RateLimited, match=r"asks to wait 300 s and 12\.5 s are left"):
            await world.face.call(world.client().ask, "Hi", timeout=12.5)

    assert world.clock.now() == began
    assert len(world.sim.calls) == 1


async def test_tools_that_act_do_not_act_twice(world: World) -> None:
    world.sim.on().reply(error="server")
    tools = [{"type": "mcp", "server_url": "https://example.com/mcp", "server_label": "example"}]

    async with world.rushing():
        with pytest.raises(ServerFailed, match="server-side tools may have acted"):
            await world.face.call(world.client().responses.create, input="Hi", tools=tools)

    assert len(world.sim.calls) == 1
    assert [event.reason for event in world.told(RetryRefused)] == ["effects"]


async def test_a_call_can_have_a_policy_of_its_own(world: World) -> None:
    world.sim.on().reply(error="server")

    async with world.rushing():
        with pytest.raises(ServerFailed) as caught:
            await world.face.call(world.client(retries=0).ask, "Hi", retries=2)

    assert len(world.sim.calls) == caught.value.attempts == 3


async def test_what_a_gateway_has_tried_is_not_tried_again(world: World) -> None:
    world.sim.on().reply(status=503, json={"error": "all tries failed"}, headers={"x-should-retry": "false"})

    async with world.rushing():
        with pytest.raises(ServerFailed):
            await world.face.call(world.client().ask, "Hi")

    assert len(world.sim.calls) == 1


async def test_the_error_says_how_often_it_was_tried(world: World) -> None:
    world.sim.on().reply(error="server")

    async with world.rushing():
        with pytest.raises(ServerFailed, match=r"call: POST /v1/responses \(.*\), 3 attempts"):
            await world.face.call(world.client(retries=2).ask, "Hi")


@pytest.mark.parametrize("fault", [Fault(error_at_event=9), Fault(end_after=9), Fault(cut_at_byte=3500)])
async def test_a_plain_call_streamed_underneath_is_made_again_wherever_it_broke(world: World, fault: Fault) -> None:
    world.sim.on().reply(TEXT, fault=fault).then(TEXT)

    async with world.rushing():
        answer = await world.face.call(world.client().ask, "The capital of Norway?")

    assert (answer.text, answer.attempts) == (TEXT, 2)
    assert [event.may_have_run for event in world.told(Retried)] == [True]


async def test_a_plain_call_that_keeps_breaking_gives_what_had_arrived(world: World) -> None:
    world.sim.on().reply(TEXT, fault=Fault(cut_at_byte=3500))

    async with world.rushing():
        with pytest.raises(StreamInterrupted) as caught:
            await world.face.call(world.client(retries=1).ask, "The capital of Norway?")

    assert caught.value.attempts == 2
    assert caught.value.partial is not None
    assert TEXT.startswith(caught.value.partial.text)


async def test_refusals_that_the_limiter_paces_cost_no_budget(world: World) -> None:
    world.sim.limit(requests_per_minute=5)
    grok = world.client(rate_limit="auto", retries=Retry(reserve=0))

    async with world.rushing():
        answers = await asyncio.gather(*(world.face.call(grok.ask, f"Say {number}") for number in range(12)))

    assert len(answers) == 12
    assert not world.told(RetryRefused)


async def test_refusals_that_say_no_limit_are_paid_for(world: World) -> None:
    world.sim.on().reply(status=429, json={"error": "Too many requests"})
    client = world.client(rate_limit="auto", retries=Retry(reserve=5, budget=0.5))

    async with world.rushing():
        for _ in range(20):
            with pytest.raises(RateLimited):
                await world.face.call(client.ask, "Hi", timeout=20)

    assert len(world.told(Retried)) == 5
    assert world.sim.count() == 25


async def test_a_circuit_that_refuses_is_no_try(world: World) -> None:
    world.sim.on().reply(status=503)
    grok = world.client(circuit={"min_calls": 3, "window": 3600}, retries=4)

    async with world.rushing():
        with pytest.raises(CircuitOpen) as caught:
            await world.face.call(grok.ask, "Hi")

    assert caught.value.attempts == len(world.sim.calls) == 3
