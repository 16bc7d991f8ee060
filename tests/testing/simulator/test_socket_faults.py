"""What goes wrong on purpose with messages on sockets: of turns, of utterances, of transcripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from grokkit.errors import Misused
from grokkit.testing import TurnableClock
from grokkit.testing.simulator import Fault, Simulator
from grokkit.testing.simulator.nouns.voice.speech import Format, spoken, written

if TYPE_CHECKING:
    from tests.testing.simulator.conftest import Connect, Wire

    from grokkit.testing.simulator.matching import Conditions

REALTIME, TTS, STT = "/realtime", "/tts?language=en&codec=pcm&sample_rate=8000", "/stt?sample_rate=16000&encoding=pcm"
RESPONSES = "/responses"
DELTAS = ["one ", "two ", "three"]
BEFORE = 4
"""How many events come before the first delta, on either socket."""


async def talk(wire: Wire, text: str = "Go on") -> None:
    """Begin a turn of text on the realtime socket."""
    await wire.until("conversation.created")
    await wire.send("session.update", session={"modalities": ["text"]})
    await wire.until("session.updated")
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    await wire.send("conversation.item.create", item=item)
    await wire.until("conversation.item.added")
    await wire.send("response.create")


async def kinds(wire: Wire, last: str) -> list[str]:
    return [event["type"] for event in await wire.until(last)]


def deltas(events: list[dict[str, Any]]) -> list[str]:
    return [
        event["delta"] for event in events if event["type"] in {"response.text.delta", "response.output_text.delta"}
    ]


@pytest.mark.parametrize("path", [REALTIME, RESPONSES])
@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        ({}, ["one ", "two ", "three"]),
        ({"duplicate": 1}, ["one ", "two ", "two ", "three"]),
        ({"drop": 1}, ["one ", "three"]),
        ({"reorder": 1}, ["one ", "three", "two "]),
    ],
)
async def test_messages_of_a_turn_are_doubled_left_out_and_swapped(
    connected: Connect, path: str, fault: dict[str, Any], heard: list[str]
) -> None:
    async with Simulator() as sim, connected(sim, path) as wire:
        moved = {name: number + BEFORE for name, number in fault.items()}
        sim.on(last="Go on", socket=True).reply(pieces=DELTAS, reasoning="", fault=Fault(**moved))
        if path == REALTIME:
            await talk(wire)
            events = await wire.until("response.done")
        else:
            await wire.send("response.create", model="grok-4.20-0309-non-reasoning", input="Go on")
            events = await wire.until("response.completed")

    assert deltas(events) == heard
    assert sim.calls[-1].frames == len(events)


async def test_a_realtime_turn_is_cut_within_a_message(connected: Connect) -> None:
    async with Simulator() as sim, connected(sim, REALTIME) as wire:
        sim.on(last="Go on").reply("never whole", fault=Fault(cut_at_byte=10))
        await talk(wire)
        part = await wire.text()

        assert len(part) == 10
        assert await wire.closed() == 1011

    assert sim.count(path=REALTIME) == 1
    assert not sim.calls[-1].finished


@pytest.mark.parametrize("path", [REALTIME, TTS, STT])
async def test_a_socket_hangs_up_instead_of_an_answer(connected: Connect, path: str) -> None:
    async with Simulator() as sim, connected(sim, path) as wire:
        sim.faults(hang_up=True)
        await begin(wire, path)

        assert await wire.closed() == 1011

    assert (sim.calls[-1].status, sim.tally.in_flight) == (None, 0)


async def begin(wire: Wire, path: str) -> None:
    """Ask for one answer on a socket of voice."""
    if path == REALTIME:
        await talk(wire)
    elif path == TTS:
        await wire.send("text.delta", delta="Hello there.")
        await wire.send("text.done")
    else:
        await wire.event()
        await wire.send_bytes(written(spoken("Hello there."), Format(codec="pcm", sample_rate=16_000)) + bytes(64_000))


@pytest.mark.parametrize("path", [REALTIME, TTS, STT])
async def test_an_error_comes_in_the_place_of_an_answer_or_of_a_message(connected: Connect, path: str) -> None:
    faults: list[dict[str, Any]] = [{"error": "capacity"}, {"error_at_event": 0}]
    for fault in faults:
        async with Simulator() as sim, connected(sim, path) as wire:
            sim.faults(**fault)
            await begin(wire, path)
            event = await wire.event()

        error = event.get("error", event)
        assert event["type"] == "error"
        assert ("capacity" if "error" in fault else "Timed out") in error["message"]
        assert sim.calls[-1].status == (429 if "error" in fault else 200)


@pytest.mark.parametrize("path", [REALTIME, TTS, STT])
async def test_a_message_is_no_json_any_more(connected: Connect, path: str) -> None:
    async with Simulator() as sim, connected(sim, path) as wire:
        sim.faults(corrupt=0)
        await begin(wire, path)

        assert (await wire.text()).endswith(",")


@pytest.mark.parametrize("path", [REALTIME, TTS, STT])
@pytest.mark.parametrize("fault", [{"stall_before_headers": True}, {"stall_at_event": 0}, {"latency": 20}])
async def test_a_socket_falls_silent_for_a_time(connected: Connect, path: str, fault: dict[str, Any]) -> None:
    clock = TurnableClock()
    async with Simulator(clock=clock) as sim, connected(sim, path) as wire:
        sim.faults(**fault, stall_seconds=20)
        began = clock.now()
        async with clock.rushing():
            await begin(wire, path)
            await wire.event()

    assert clock.now() - began == pytest.approx(20)


async def test_a_turn_ends_in_good_order_and_the_socket_lives_on(connected: Connect) -> None:
    async with Simulator() as sim, connected(sim, REALTIME) as wire:
        sim.on(last="Go on", times=1).reply("cut short", fault=Fault(end_after=1))
        await talk(wire)
        first = await wire.event()
        await wire.send("response.create")
        second = await kinds(wire, "response.done")

    assert first["type"] == second[0] == "response.created"


async def test_the_pace_of_a_fault_goes_before_that_of_the_simulator(connected: Connect) -> None:
    clock = TurnableClock()
    async with Simulator(clock=clock, pace=100) as sim, connected(sim, REALTIME) as wire:
        sim.on(last="Go on").reply(pieces=DELTAS, pace=1)
        began = clock.now()
        async with clock.rushing():
            await talk(wire)
            await wire.until("response.done")

    assert clock.now() - began == pytest.approx(3)


async def test_a_silent_socket_sends_pings(connected: Connect) -> None:
    clock = TurnableClock()
    async with Simulator(clock=clock) as sim, connected(sim, RESPONSES) as wire:
        sim.faults(stall_at_event=1, stall_seconds=20, keep_alive="ping", keep_alive_every=6)
        async with clock.rushing():
            await wire.send("response.create", model="grok-4.3", input="Hi")
            found = await kinds(wire, "response.completed")

    assert found[:5] == ["response.created", "ping", "ping", "ping", "response.in_progress"]


async def test_an_utterance_is_one_turn_of_many_messages(connected: Connect) -> None:
    async with Simulator() as sim, connected(sim, TTS) as wire:
        sim.on(path="/tts", last="One", socket=True).reply(error="content")
        sim.faults(end_after=1, on={"path": "/tts", "last": "Two"})
        for text in ("One. ", "Two. ", "Three. "):
            await wire.send("text.delta", delta=text)
            await wire.send("text.done")
        refused = await kinds(wire, "audio.done")
        said = await kinds(wire, "audio.done")

    assert refused == ["error", "audio.done"]
    assert set(said) == {"audio.delta", "audio.done"}
    assert [seen.last for seen in sim.calls] == ["One. ", "Two. ", "Three. "]


NOT_ON_SOCKETS: list[dict[str, Any]] = [
    {"stall_after_headers": True},
    {"stall_mid_event": 1},
    {"plain_error_in_stream": True},
    {"keep_alive": "comment"},
    {"error": "capacity", "retry_after": 2},
]


@pytest.mark.parametrize("fields", NOT_ON_SOCKETS)
@pytest.mark.parametrize("conditions", [{"socket": True}, {"path": "/realtime"}, {"path": "/v1/realtime"}])
def test_what_cannot_happen_on_a_socket_is_refused_when_the_rule_is_made(
    fields: dict[str, Any], conditions: Conditions
) -> None:
    sim = Simulator()

    with pytest.raises(Misused, match="cannot happen to messages on a socket"):
        sim.on(**conditions).reply("x", fault=Fault(**fields))
    with pytest.raises(Misused, match="cannot happen to messages on a socket"):
        sim.faults(on=conditions, **fields)


def test_socket_is_a_yes_or_a_no() -> None:
    with pytest.raises(Misused, match="socket is 'yes'"):
        Simulator().on(socket="yes")  # type: ignore[arg-type]


async def test_what_is_meant_for_requests_leaves_sockets_alone(connected: Connect) -> None:
    async with Simulator() as sim, connected(sim, RESPONSES) as wire:
        sim.faults(stall_mid_event=1, plain_error_in_stream=True)
        sim.on(socket=False).reply("over HTTP")
        await wire.send("response.create", model="grok-4.3", input="What is 2+2?")
        events = await wire.until("response.completed")

    assert "over HTTP" not in str(events)
    assert sim.calls[-1].fault is None
