from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from grokkit import errors
from grokkit.call import Call, Next, Reply
from grokkit.config import Fallback, Policies
from grokkit.errors import CircuitOpen, ConfigInvalid, ConnectionLost, DeadlineExceeded, GrokError, NoCapacity
from grokkit.layers.fallback import Fallbacks, Handover, reason_of
from grokkit.telemetry.events import CallFinished, FellBack
from grokkit.telemetry.span import Span
from grokkit.testing import Simulator, TurnableClock

if TYPE_CHECKING:
    from grokkit.telemetry.events import Event

CONDITIONS = ("capacity", "circuit", "context", "parameter", "rate_limit", "failure")
BY_ERROR: list[tuple[GrokError, str | None]] = [
    (errors.NoCapacity("x", status=429), "capacity"),
    (errors.CircuitOpen("x"), "circuit"),
    (errors.ContextTooLong("x"), "context"),
    (errors.ParameterRejected("x"), "parameter"),
    (errors.RateLimited("x"), "rate_limit"),
    (errors.QueueFull("x"), "rate_limit"),
    (errors.ServerFailed("x", status=500), "failure"),
    (errors.EdgeFailed("x", status=522), "failure"),
    (errors.ConnectionFailed("x"), "failure"),
    (errors.ConnectionLost("x"), "failure"),
    (errors.FirstEventTimedOut("x"), "failure"),
    (errors.ModelNotFound("x", status=404), "failure"),
    (errors.ServerFailed("x", status=500, retryable=False), None),
    (errors.DeadlineExceeded("x"), None),
    (errors.WouldExceedDeadline("x"), None),
    (errors.InvalidRequest("x"), None),
    (errors.NotFound("x"), None),
    (errors.ContentRefused("x"), None),
    (errors.OutOfCredits("x"), None),
    (errors.KeyRejected("x"), None),
    (errors.ReplyUnreadable("x"), None),
]


def call_of(*to: Any, on: tuple[str, ...] = CONDITIONS, **changes: Any) -> Call:
    call = Call(
        method="POST",
        base_url="https://api.x.ai/v1",
        path="/responses",
        operation="responses",
        id="c-1",
        model="first",
        body={"model": "first", "input": "Hi"},
        policies=Policies(fallback=Fallback(to=to, on=on)),
        deadline=1060.0,
    )
    return call.replace(**changes)


class Servers:
    """The rest of the way: each model fails as it is told to, or serves."""

    def __init__(self, **failures: BaseException) -> None:
        self.failures = failures
        self.calls: list[Call] = []

    async def __call__(self, call: Call) -> Reply:
        self.calls.append(call)
        assert call.model is not None
        if call.model in self.failures:
            raise self.failures[call.model]
        return Reply(200, {"x-served-by": call.model}, body=b"{}")

    @property
    def asked(self) -> list[str | None]:
        return [call.model for call in self.calls]


class Elsewhere:
    """Another client, which serves by a model and at an address of its own."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers

    def serving(self, call: Call) -> tuple[Call, Next]:
        body = {**(call.body if isinstance(call.body, dict) else {}), "model": "theirs"}
        return call.replace(
            base_url="http://user:secret@other.example:8080/v1", model="theirs", body=body
        ), self.servers


@pytest.mark.parametrize(("error", "reason"), BY_ERROR, ids=lambda value: type(value).__name__)
async def test_a_failure_is_a_reason_under_its_own_condition_alone(error: GrokError, reason: str | None) -> None:
    assert reason_of(error) == reason
    for condition in CONDITIONS:
        servers = Servers(first=error)
        task = asyncio.create_task(Fallbacks()(call_of("second", on=(condition,)), servers))
        await asyncio.wait([task])
        if condition == reason:
            assert task.exception() is None
            assert servers.asked == ["first", "second"]
        else:
            assert task.exception() is error
            assert servers.asked == ["first"]


async def test_who_serves_at_once_is_not_mentioned() -> None:
    reply = await Fallbacks()(call_of("second"), Servers())

    assert reply.context == {}


async def test_the_next_one_gets_the_same_call_for_its_own_model() -> None:
    servers = Servers(first=NoCapacity("busy"))
    call = call_of("second")

    await Fallbacks()(call, servers)

    first, second = servers.calls
    assert first.replace(context=call.context) == call
    assert second == call.replace(model="second", body={"model": "second", "input": "Hi"})
    assert call.body == {"model": "first", "input": "Hi"}


async def test_the_reply_says_who_passed_the_call_on_and_why() -> None:
    busy, tripped = NoCapacity("busy"), CircuitOpen("open")
    busy.attempts = 5
    events: list[Event] = []
    call = call_of("second", "third")
    span = Span(call, [events.append], TurnableClock())

    reply = await Fallbacks()(call.replace(span=span), Servers(first=busy, second=tripped))

    assert reply.headers["x-served-by"] == "third"
    assert reply.context["fell_back"] == (
        Handover(asked="first", served="second", reason="capacity", error="NoCapacity", message="busy", attempts=5),
        Handover(asked="second", served="third", reason="circuit", error="CircuitOpen", message="open", attempts=1),
    )
    told = [event for event in events if isinstance(event, FellBack)]
    assert [(event.asked, event.served, event.reason, event.error) for event in told] == [
        ("first", "second", "capacity", busy),
        ("second", "third", "circuit", tripped),
    ]


async def test_a_client_serves_the_call_as_its_own() -> None:
    theirs = Servers()

    reply = await Fallbacks()(call_of(Elsewhere(theirs)), Servers(first=NoCapacity("busy")))

    assert theirs.asked == ["theirs"]
    assert theirs.calls[0].id == "c-1"
    assert theirs.calls[0].deadline == 1060.0
    assert reply.context["fell_back"][0].served == "theirs at other.example:8080"


async def test_when_all_fail_the_first_error_is_raised_and_says_who_else_was_asked() -> None:
    busy = NoCapacity("busy", retry_after=7.0)
    busy.attempts = 3
    slow = ConnectionLost("gone")
    slow.attempts = 2
    hint = busy.hint

    with pytest.raises(NoCapacity) as caught:
        await Fallbacks()(call_of("second", "third"), Servers(first=busy, second=slow, third=CircuitOpen("open")))

    assert caught.value is busy
    assert (busy.attempts, busy.retry_after, busy.hint) == (6, 7.0, hint)
    assert busy.__notes__ == [
        "fallback: second failed too: ConnectionLost: gone",
        "fallback: third failed too: CircuitOpen: open",
    ]


async def test_a_failure_of_another_kind_ends_the_row() -> None:
    servers = Servers(first=NoCapacity("busy"), second=errors.ContentRefused("no"))

    with pytest.raises(NoCapacity):
        await Fallbacks()(call_of("second", "third"), servers)

    assert servers.asked == ["first", "second"]


async def test_a_call_that_may_have_acted_goes_to_nobody_else() -> None:
    acting = {"model": "first", "tools": [{"type": "shell"}]}
    servers = Servers(first=ConnectionLost("gone"))

    with pytest.raises(ConnectionLost):
        await Fallbacks()(call_of("second", body=acting), servers)

    assert servers.asked == ["first"]


async def test_a_call_with_effects_that_cannot_have_run_is_passed_on_until_one_may_have_run_it() -> None:
    acting = {"model": "first", "tools": [{"type": "shell"}]}
    servers = Servers(first=NoCapacity("busy"), second=ConnectionLost("gone"))

    with pytest.raises(ConnectionLost) as caught:
        await Fallbacks()(call_of("second", "third", body=acting), servers)

    assert servers.asked == ["first", "second"]
    assert caught.value.__notes__ == ["fallback: first failed too: NoCapacity: busy"]
    assert caught.value.attempts == 2


async def test_the_model_that_was_asked_is_not_asked_again() -> None:
    servers = Servers(first=NoCapacity("busy"))

    with pytest.raises(NoCapacity):
        await Fallbacks()(call_of("first"), servers)

    assert servers.asked == ["first"]


@pytest.mark.parametrize("error", [asyncio.CancelledError(), LookupError("a layer of yours")])
async def test_what_is_no_failure_of_the_server_passes(error: BaseException) -> None:
    servers = Servers(first=error)

    with pytest.raises(type(error)):
        await Fallbacks()(call_of("second"), servers)

    assert servers.asked == ["first"]


@pytest.mark.parametrize("changes", [{"method": "GET"}, {"model": None}, {"body": b"{}"}])
async def test_calls_that_name_no_model_stay_where_they_are(changes: dict[str, Any]) -> None:
    async def busy(_: Call) -> Reply:
        raise NoCapacity("busy")

    with pytest.raises(NoCapacity) as caught:
        await Fallbacks()(call_of("second", **changes), busy)

    assert not hasattr(caught.value, "__notes__")


async def test_what_cannot_be_asked_is_refused_before_anything_fails() -> None:
    servers = Servers()

    with pytest.raises(ConfigInvalid, match="cannot be asked: object"):
        await Fallbacks()(call_of("second", object()), servers)

    assert servers.asked == []


async def test_a_deadline_that_passed_is_not_begun_anew() -> None:
    with pytest.raises(DeadlineExceeded):
        await Fallbacks()(call_of("second"), Servers(first=DeadlineExceeded("over")))


def test_a_client_falls_back_on_another_model_and_on_another_client() -> None:
    sim, other = Simulator(), Simulator()
    sim.on(model="grok-4.7").reply(error="capacity")
    sim.on(model="grok-4.3").reply(error="capacity")
    other.on().reply("from elsewhere")
    events: list[Event] = []
    grok = sim.grok(model="grok-4.7", retries=0, fallback=["grok-4.3", other.async_grok()], hooks=[events.append])

    answer = grok.ask("Hi")

    assert answer.text == "from elsewhere"
    assert [event.asked for event in events if isinstance(event, FellBack)] == ["grok-4.7", "grok-4.3"]
    assert len([event for event in events if isinstance(event, CallFinished)]) == 1
    assert len({call.headers["x-client-request-id"] for call in [*sim.calls, *other.calls]}) == 1


def test_each_who_is_asked_has_an_idempotency_key_of_its_own_which_its_tries_share() -> None:
    clock = TurnableClock()
    sim, other = Simulator(clock=clock), Simulator(clock=clock)
    sim.on().reply(error="capacity")
    other.on().reply(error="capacity").then("from elsewhere")
    grok = sim.grok(model="grok-4.7", retries=1, fallback=["grok-4.3", other.async_grok(retries=1)])

    with clock.rushing():
        grok.ask("Hi")

    name = sim.calls[0].headers["x-client-request-id"]
    keys = [call.headers["idempotency-key"] for call in [*sim.calls, *other.calls]]
    assert keys == [name, name, f"{name}-2", f"{name}-2", f"{name}-3", f"{name}-3"]
    assert {call.headers["x-client-request-id"] for call in [*sim.calls, *other.calls]} == {name}


def test_an_idempotency_key_of_the_caller_s_is_what_the_others_derive_from() -> None:
    sim, other = Simulator(), Simulator()
    sim.on().reply(error="capacity")
    grok = sim.grok(model="grok-4.7", retries=0, fallback=["grok-4.3", other.grok()])

    grok.ask("Hi", extra_headers={"Idempotency-Key": "mine"})

    keys = [call.headers["idempotency-key"] for call in [*sim.calls, *other.calls]]
    assert keys == ["mine", "mine-2", "mine-3"]


async def test_a_server_of_yours_that_gives_a_call_a_key_of_its_own_keeps_it() -> None:
    servers = Servers(first=NoCapacity("busy"))

    class Keyed(Elsewhere):
        def serving(self, call: Call) -> tuple[Call, Next]:
            return call.replace(model="theirs", headers={"idempotency-key": "its own"}), self.servers

    await Fallbacks()(call_of(Keyed(servers), headers={"idempotency-key": "c-1"}), servers)

    assert [call.headers["idempotency-key"] for call in servers.calls] == ["c-1", "its own"]


@pytest.mark.parametrize("face", ["async", "blocking"])
def test_a_closed_client_is_not_asked_and_the_next_one_is(face: str) -> None:
    sim, other = Simulator(), Simulator()
    sim.on(model="grok-4.7").reply(error="capacity")
    closed: Any = other.async_grok() if face == "async" else other.grok()
    asyncio.run(closed.close()) if face == "async" else closed.close()
    grok = sim.grok(model="grok-4.7", retries=0, fallback=[closed, "grok-4.3"])

    answer = grok.ask("Hi")

    assert answer.model == "grok-4.3"
    assert not other.calls
    failed = answer.fallbacks[1]
    assert (failed.reason, failed.error, failed.message, failed.attempts) == (
        "failure",
        "ClientClosed",
        "this client is closed",
        0,
    )


def test_when_none_but_a_closed_client_is_left_the_first_error_is_raised_with_a_note() -> None:
    sim, other = Simulator(), Simulator()
    sim.outage(600)
    closed = other.grok()
    closed.close()

    with pytest.raises(NoCapacity) as caught:
        sim.grok(retries=0, fallback=[closed]).ask("Hi")

    assert not other.calls
    assert caught.value.attempts == 1
    (note,) = caught.value.__notes__
    assert note.endswith("failed too: ClientClosed: this client is closed")
