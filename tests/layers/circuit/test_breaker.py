from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.call import Ending, Reply
from grokkit.config.policies import Circuit
from grokkit.errors import (
    CircuitOpen,
    ConnectionLost,
    GrokError,
    InvalidRequest,
    NoCapacity,
    OutOfCredits,
    RateLimited,
    ServerFailed,
    StreamInterrupted,
)
from grokkit.layers.circuit import circuits
from grokkit.telemetry.events import CircuitOpened

if TYPE_CHECKING:
    from tests.layers.circuit.conftest import Process

    from grokkit.call import Call
    from grokkit.testing import TurnableClock

DOWN = ServerFailed("upstream is down, key xai-abcdef123456", status=500)


async def test_calls_that_are_bound_to_fail_are_not_sent(process: Process) -> None:
    await process.fail(DOWN, times=4)

    with pytest.raises(CircuitOpen) as refused:
        await process.send()

    assert process.server.calls == 4
    assert refused.value.retry_after == 5.0
    assert refused.value.retryable
    assert not refused.value.may_have_run
    message = (
        "the circuit 'responses grok-4.7' is open and nothing was sent: 4 of 4 calls failed, "
        "the last with ServerFailed: upstream is down, key xai-***; the next probe is in 5.0 s"
    )
    assert str(refused.value).splitlines() == [
        message,
        "call: POST /v1/responses (grok-4.7)",
        "ids: client c-1",
        "try: wait, or name other models in fallback=; client.health() shows every circuit",
    ]


async def test_one_probe_finds_out_that_calls_pass_again(process: Process, clock: TurnableClock) -> None:
    await process.fail(DOWN, times=4)
    await clock.advance(5)

    await process.send()
    await process.send()

    assert process.heard == ["CircuitOpened", "CircuitProbed", "CircuitClosed"]
    assert process.server.calls == 6


async def test_only_one_call_probes_while_the_others_are_refused(process: Process, clock: TurnableClock) -> None:
    await process.fail(DOWN, times=4)
    await clock.advance(5)
    process.server.seconds = 60.0
    probe = process.start()
    await clock.advance(30)

    refused = await asyncio.gather(*(process.send() for _ in range(20)), return_exceptions=True)

    errors = [error for error in refused if isinstance(error, CircuitOpen)]
    assert len(errors) == 20
    assert "a probe is on its way" in str(errors[0])
    assert all(error.retry_after and error.retry_after <= 10 for error in errors)
    await clock.advance(30)
    await probe
    assert (process.server.calls, process.server.most, clock.waiting) == (5, 1, 0)


async def test_a_failed_probe_keeps_it_open_for_twice_as_long(process: Process, clock: TurnableClock) -> None:
    await process.fail(DOWN, times=4)
    await clock.advance(5)

    await process.fail(NoCapacity("the model is at capacity"))

    with pytest.raises(CircuitOpen, match="NoCapacity: the model is at capacity") as refused:
        await process.send()
    assert refused.value.retry_after == 10.0
    assert [event.open_for for event in process.events if isinstance(event, CircuitOpened)] == [5.0, 10.0]


@pytest.mark.parametrize(
    "error", [InvalidRequest("bad"), RateLimited("too fast"), OutOfCredits("none"), asyncio.CancelledError(), OSError()]
)
async def test_a_probe_that_says_nothing_is_given_back_to_the_next_call(
    process: Process, clock: TurnableClock, error: BaseException
) -> None:
    await process.fail(DOWN, times=4)
    await clock.advance(5)

    await process.fail(error)

    assert process.state == "open"
    await process.send()
    assert process.state == "closed"


@pytest.mark.parametrize(
    "error", [InvalidRequest("bad"), RateLimited("too fast"), OutOfCredits("none"), asyncio.CancelledError(), OSError()]
)
async def test_what_is_not_the_server_s_fault_never_opens_it(process: Process, error: BaseException) -> None:
    await process.fail(error, times=50)

    (health,) = process.layer.health()
    assert (health.state, health.calls, process.heard) == ("closed", 0, [])


async def test_cancelling_a_probe_on_its_way_gives_it_back(process: Process, clock: TurnableClock) -> None:
    await process.fail(DOWN, times=4)
    await clock.advance(5)
    process.server.seconds = 60.0
    probe = process.start()
    await clock.advance(1)

    probe.cancel()
    await asyncio.wait([probe])

    process.server.seconds = 0.0
    await process.send()
    assert (process.state, clock.waiting) == ("closed", 0)


async def test_slow_calls_open_it(process: Process, clock: TurnableClock) -> None:
    policy = Circuit(min_calls=4, slow_after=2.0, slow_rate=0.5)
    process.server.seconds = 3.0
    async with clock.rushing():
        for _ in range(4):
            await process.send(policy=policy)

    with pytest.raises(CircuitOpen, match="4 of 4 calls were slow;"):
        await process.send(policy=policy)
    (health,) = process.layer.health()
    assert (health.slow_rate, health.failure_rate, health.last_error) == (1.0, 0.0, "")


async def test_a_stream_counts_once_though_it_breaks_after_its_first_output(process: Process) -> None:
    for _ in range(4):
        reply = await process.send(stream=True)
        reply.end(Ending(error=_interrupted(ConnectionLost("gone"))))

    (health,) = process.layer.health()
    assert (health.state, health.calls, health.failure_rate) == ("open", 4, 1.0)
    assert health.last_error == "StreamInterrupted: broke off"
    with pytest.raises(CircuitOpen):
        await process.send()


@pytest.mark.parametrize("ending", [Ending(), Ending(complete=False), Ending(error=InvalidRequest("bad"))])
async def test_streams_that_are_read_or_left_are_good_calls(process: Process, ending: Ending) -> None:
    for _ in range(8):
        (await process.send(stream=True)).end(ending)

    (health,) = process.layer.health()
    assert (health.state, health.calls, health.failure_rate) == ("closed", 8, 0.0)


async def test_a_stream_that_set_out_before_an_outage_says_nothing_after_it(
    process: Process, clock: TurnableClock
) -> None:
    early = [await process.send(stream=True) for _ in range(3)]
    await process.fail(DOWN, times=4)
    await clock.advance(5)
    await process.send()

    for reply in early:
        reply.end(Ending(error=_interrupted(ConnectionLost("gone"))))

    (health,) = process.layer.health()
    assert (health.state, health.calls, health.failure_rate) == ("closed", 1, 0.0)


def _interrupted(cause: GrokError) -> StreamInterrupted:
    error = StreamInterrupted("broke off")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("other", [{"account": "other"}, {"model": "grok-4.3"}, {"operation": "chat"}, {"model": None}])
async def test_circuits_are_apart_by_account_endpoint_and_model(process: Process, other: dict[str, Any]) -> None:
    await process.fail(DOWN, times=4)

    await process.send(**other)

    assert [health.state for health in process.layer.health()] == ["open", "closed"]


async def test_health_tells_what_is_known_of_each_circuit(process: Process, clock: TurnableClock) -> None:
    await process.fail(DOWN, times=4)
    await process.send(operation="models", model=None)
    await clock.advance(2)

    first, second = process.layer.health()

    assert (first.name, first.account, first.state) == ("responses grok-4.7", "acme", "open")
    assert (first.failure_rate, first.slow_rate, first.calls, first.retry_after) == (1.0, 0.0, 4, 3.0)
    assert first.last_error == "ServerFailed: upstream is down, key xai-***"
    assert (second.name, second.state, second.calls, second.retry_after) == ("models", "closed", 1, 0.0)


async def test_a_call_that_wants_none_passes_an_open_circuit_uncounted(process: Process) -> None:
    await process.fail(DOWN, times=4)

    await process.send(policy=Circuit(failure_rate=None))

    (health,) = process.layer.health()
    assert (health.state, health.calls) == ("open", 4)


async def test_the_circuits_least_used_are_forgotten_when_there_are_too_many(
    process: Process, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuits, "_MOST", 3)
    for model in ("a", "b", "c"):
        await process.send(model=model)
    await clock.advance(2)
    await process.send(model="a")

    await process.send(model="d")

    assert [health.name[-1] for health in process.layer.health()] == ["c", "a", "d"]


async def test_a_reply_that_nobody_takes_because_the_caller_left_is_closed(
    process: Process, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await process.fail(DOWN, times=4)
    await clock.advance(5)
    telling = asyncio.Event()

    async def hang(*_: object) -> None:
        telling.set()
        await asyncio.Event().wait()

    endings: list[Ending] = []

    async def answer(call: Call) -> Reply:
        monkeypatch.setattr(process.layer._bulletin, "write", hang)
        reply = await process.server(call)
        reply.on_end(endings.append)
        return reply

    probe = asyncio.create_task(process.layer(process.call(stream=True), answer))
    await telling.wait()

    probe.cancel()
    await asyncio.wait([probe])

    (reply,) = process.server.replies
    assert getattr(reply.stream, "closed", None) is True
    assert [ending.complete for ending in endings] == [False]
    assert process.state == "closed"


def test_several_loops_use_one_layer_at_a_time(process: Process) -> None:
    async def many() -> None:
        for _ in range(200):
            await process.send()

    threads = [threading.Thread(target=lambda: asyncio.run(many())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (health,) = process.layer.health()
    assert health.calls == 800


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_goes_on_though_a_thread_of_the_parent_held_the_lock(process: Process) -> None:
    asyncio.run(process.fail(DOWN, times=4))
    with process.layer.lock:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                asyncio.run(process.send())
            except CircuitOpen:
                status = 0
            finally:
                os._exit(status)

    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0


def test_the_stack_shows_it_by_its_name(process: Process) -> None:
    assert repr(process.layer) == "circuit"
