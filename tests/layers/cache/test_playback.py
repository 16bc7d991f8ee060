"""A stored answer replayed as a stream is the answer that the live stream gave."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grokkit.layers.cache.playback import Playback, frames, pieces
from grokkit.testing import Simulator, TurnableClock
from grokkit.wire.accumulate_chat import ChatAccumulator
from grokkit.wire.accumulate_responses import ResponsesAccumulator
from grokkit.wire.events import Finished, ReasoningDelta, TextDelta
from grokkit.wire.sse import SSEDecoder

if TYPE_CHECKING:
    from grokkit import Answer, AsyncGrok, AsyncStream, StreamEvent

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1, max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
NOT_PAID_AGAIN = {"cached", "usage", "client_request_id", "attempts"}


def stream_of(grok: AsyncGrok, dialect: str, **options: Any) -> AsyncStream:
    if dialect == "chat":
        return grok.chat.stream(messages=[{"role": "user", "content": "Say it."}], **options)
    return grok.stream("Say it.", **options)


async def read(stream: AsyncStream) -> tuple[Answer, list[StreamEvent]]:
    async with stream:
        events = [event async for event in stream]
    return stream.result, events


async def live_and_again(dialect: str, reply: dict[str, Any]) -> list[tuple[Answer, list[StreamEvent]]]:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    sim.on().reply(**reply)
    async with sim.async_grok(clock=clock, cache=True, rate_limit="off") as grok, clock.rushing():
        both = [await read(stream_of(grok, dialect)) for _ in range(2)]
    assert len(sim.calls) == 1
    return both


def said(answer: Answer) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in answer.__struct_fields__ if name not in NOT_PAID_AGAIN}


@pytest.mark.parametrize("dialect", ["chat", "responses"])
@settings(max_examples=60, deadline=None)
@given(parts=st.lists(WORDS, min_size=1, max_size=4), reasoning=st.just("") | WORDS)
def test_a_replayed_stream_has_the_result_of_the_live_one(dialect: str, parts: list[str], reasoning: str) -> None:
    (live, told), (again, told_again) = asyncio.run(
        live_and_again(dialect, {"pieces": parts, "reasoning": reasoning} if reasoning else {"pieces": parts})
    )

    assert said(again) == said(live)
    assert (live.cached, again.cached) == (False, True)
    assert again.usage.cost_ticks == 0
    assert again.usage.saved_ticks == live.usage.cost_ticks
    assert texts(told_again, TextDelta) == texts(told, TextDelta)
    assert texts(told_again, ReasoningDelta) == texts(told, ReasoningDelta)
    assert sum(isinstance(event, Finished) for event in told_again) == 1


def texts(events: list[StreamEvent], kind: type[TextDelta | ReasoningDelta]) -> str:
    return "".join(event.text for event in events if isinstance(event, kind))


@pytest.mark.parametrize("dialect", ["chat", "responses"])
async def test_what_was_stored_plain_can_be_streamed_and_the_other_way(dialect: str) -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    sim.on().reply("Two words.")
    messages = [{"role": "user", "content": "Say it."}]
    async with sim.async_grok(clock=clock, cache=True, rate_limit="off", stream_long_calls=False) as grok:
        first = await grok.chat.create(messages=messages) if dialect == "chat" else await grok.ask("Say it.")
        again, events = await read(stream_of(grok, dialect))
        third = await grok.chat.create(messages=messages) if dialect == "chat" else await grok.ask("Say it.")

    assert said(again) == said(first) == said(third)
    assert (first.cached, again.cached, third.cached) == (False, True, True)
    assert sum(isinstance(event, TextDelta) for event in events) == 2
    assert len(sim.calls) == 1


async def test_several_answers_are_replayed_as_several() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    async with sim.async_grok(clock=clock, cache=True, rate_limit="off") as grok:
        (live, _), (again, _) = [await read(stream_of(grok, "chat", n=3, seed=1)) for _ in range(2)]

    assert again.cached
    assert len(again.raw["choices"]) == 3
    assert again.raw == live.raw


@given(beside=st.dictionaries(st.text(min_size=1, max_size=4), JSON, max_size=3), text=WORDS, role=st.booleans())
def test_fields_that_nobody_knows_are_replayed_too(beside: dict[str, Any], text: str, role: bool) -> None:
    message = {"role": "assistant", "content": text, "refusal": None, **_new(beside, "message")}
    raw = {
        "id": "c-1",
        "object": "chat.completion",
        "created": 5,
        "model": "grok-4.7",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", **_new(beside, "choice")}],
        **_new(beside, "head"),
        **({"usage": {"prompt_tokens": 3}} if role else {}),
    }

    assert replayed(ChatAccumulator(), "/chat/completions", raw) == raw


@given(beside=st.dictionaries(st.text(min_size=1, max_size=4), JSON, max_size=3), texts_=st.lists(WORDS, min_size=1))
def test_responses_of_any_shape_are_replayed_as_they_are(beside: dict[str, Any], texts_: list[str]) -> None:
    parts = [{"type": "output_text", "text": text, "annotations": [], **_new(beside, "part")} for text in texts_]
    raw = {
        "id": "r-1",
        "status": "completed",
        "output": [
            {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": text} for text in texts_]},
            {"type": "message", "id": "m", "role": "assistant", "content": parts, **_new(beside, "item")},
        ],
        **_new(beside, "head"),
    }

    assert replayed(ResponsesAccumulator(), "/responses", raw) == raw


def _new(beside: dict[str, Any], where: str) -> dict[str, Any]:
    return {f"new {where} {name}": value for name, value in beside.items() if value is not None}


def replayed(accumulator: Any, path: str, raw: dict[str, Any]) -> dict[str, Any]:
    decoder = SSEDecoder(2**24)
    for frame in frames(path, raw):
        for event in decoder.feed(frame):
            if event.data != b"[DONE]":
                accumulator.push(event.data)
    result: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(accumulator.raw()))
    return result


@given(text=st.text())
def test_no_character_is_lost_in_the_pieces(text: str) -> None:
    assert "".join(pieces(text)) == text
    assert all(pieces(text))


async def test_the_pace_is_the_time_between_two_events() -> None:
    clock = TurnableClock()
    playback = Playback(iter([b"a", b"b", b"c"]), 0.5, clock)

    async with clock.rushing():
        got = [(chunk, clock.now()) async for chunk in playback]

    start = got[0][1]
    assert [(chunk, moment - start) for chunk, moment in got] == [(b"a", 0.0), (b"b", 0.5), (b"c", 1.0)]


async def test_without_a_pace_all_is_there_at_once() -> None:
    assert [chunk async for chunk in Playback(iter([b"a", b"b"]), 0.0, TurnableClock())] == [b"ab"]


async def test_a_closed_playback_gives_no_more() -> None:
    playback = Playback(iter([b"a", b"b"]), 0.5, TurnableClock())

    await anext(playback)
    await playback.aclose()

    assert [chunk async for chunk in playback] == []


def test_replayed_events_are_numbered_without_a_gap() -> None:
    parts = [{"type": "output_text", "text": text} for text in ("Hi you there", "", "So it is")]
    raw = {"id": "r", "output": [{"type": "message", "id": "m", "content": parts}]}

    events = [msgspec.json.decode(frame.partition(b"data: ")[2]) for frame in frames("/responses", raw)]

    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    deltas = [event for event in events if event["type"] == "response.output_text.delta"]
    assert [event["delta"] for event in deltas] == ["Hi", " you", " there", "So", " it", " is"]
    assert {event["item_id"] for event in deltas} == {"m"}
