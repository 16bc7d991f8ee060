"""Scripted answers: which requests a rule fits, what it answers, in which order, and what is no rule."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.errors import ContentRefused, Misused, NoCapacity, OutOfCredits, RateLimited
from grokkit.testing import TurnableClock
from grokkit.testing.simulator import Fault, Refusal, Simulator, Thought
from grokkit.wire.error_body import classify

if TYPE_CHECKING:
    from grokkit.testing.simulator.visit import Visit

CHAT = "/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "Hi"}]


@pytest.fixture
def sim() -> Simulator:
    return Simulator(clock=TurnableClock())


async def say(sim: Simulator, text: str = "Hi", headers: dict[str, str] | None = None, **fields: Any) -> str:
    body = {"model": "grok-4.7", "messages": [{"role": "user", "content": text}], **fields}
    reply = await sim.fetch("POST", CHAT, json=body, headers=headers)
    return reply.json["choices"][0]["message"]["content"] if reply.status == 200 else str(reply.status)


async def test_the_newest_rule_that_fits_answers(sim: Simulator) -> None:
    sim.on().reply("any")
    sim.on(last="weather").reply("rain")

    assert await say(sim, "the weather?") == "rain"
    assert await say(sim, "the time?") == "any"


@pytest.mark.parametrize(
    "conditions",
    [
        {"model": "grok-4.7"},
        {"model": "grok-*"},
        {"model": re.compile(r"4\.7$")},
        {"last": "weather"},
        {"last": re.compile(r"^the \w+ in")},
        {"last": lambda text: text.endswith("Oslo?")},
        {"tool": "weather"},
        {"header": "x-tenant"},
        {"header": {"X-Tenant": "blue"}},
        {"header": {"x-tenant": re.compile("^bl")}},
        {"path": "/chat/completions"},
        {"path": "/v1/chat/*"},
        {"method": "post"},
        {"json": {"temperature": 0.5, "messages": [{"role": "user"}]}},
        {"when": lambda visit: visit.asked.tools == ("weather",)},
        {"model": "grok-4.7", "last": "Oslo", "method": "POST"},
    ],
)
async def test_a_rule_fits_by_any_condition(sim: Simulator, conditions: Any) -> None:
    sim.on(**conditions).reply("scripted")
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}

    said = await say(
        sim, "the weather in Oslo?", {"x-tenant": "blue"}, temperature=0.5, tools=[tool], tool_choice="none"
    )

    assert said == "scripted"


@pytest.mark.parametrize(
    "conditions",
    [
        {"model": "grok-4.3"},
        {"last": "Rome"},
        {"tool": "weather"},
        {"header": {"x-tenant": "red"}},
        {"path": "/responses"},
        {"method": "GET"},
        {"json": {"temperature": 1}},
        {"json": {"messages": [{"role": "user"}, {"role": "user"}]}},
        {"when": lambda _: False},
        {"model": "grok-4.7", "last": "Rome"},
    ],
)
async def test_a_rule_does_not_fit_when_a_condition_fails(sim: Simulator, conditions: Any) -> None:
    sim.on(**conditions).reply("scripted")

    assert await say(sim, "the weather in Oslo?") != "scripted"


async def test_a_model_is_meant_by_any_of_its_names(sim: Simulator) -> None:
    sim.on(model="grok-4.20-0309-reasoning").reply("scripted")

    assert await say(sim, model="grok-4.20") == "scripted"


async def test_nth_counts_the_requests_that_fit_the_rest(sim: Simulator) -> None:
    sim.on(last="Hi", nth=2).reply("second")

    said = [await say(sim), await say(sim, "Say no"), await say(sim), await say(sim)]

    assert [text == "second" for text in said] == [False, False, True, False]


async def test_times_limits_how_often_a_rule_answers(sim: Simulator) -> None:
    sim.on(times=2).reply("scripted")

    assert [await say(sim) == "scripted" for _ in range(3)] == [True, True, False]


async def test_answers_follow_each_other_and_the_last_stays(sim: Simulator) -> None:
    rule = sim.on().reply("one").then(status=503).then("three")

    assert [await say(sim) for _ in range(4)] == ["one", "503", "three", "three"]
    assert rule.used == 4


async def test_a_function_answers_from_the_request(sim: Simulator) -> None:
    sim.on().reply(lambda visit: visit.asked.last.upper())

    assert await say(sim, "loud") == "LOUD"


async def test_a_coroutine_function_may_answer_with_a_thought(sim: Simulator) -> None:
    async def think(_: Visit) -> Thought:
        return Thought(text="considered", reasoning="hm")

    sim.on().reply(think)

    assert await say(sim) == "considered"


async def test_a_function_that_gives_none_leaves_it_to_the_mind(sim: Simulator) -> None:
    sim.on().reply(lambda _: None)

    assert await say(sim, "2+2?") == "2 + 2 = 4"


async def test_a_whole_reply_can_be_given_as_json(sim: Simulator) -> None:
    sim.on(path="/v1/models").reply(json={"data": []}, headers={"X-Served-By": "script"})

    reply = await sim.fetch("GET", "/v1/models")

    assert (reply.json, reply.headers["x-served-by"]) == ({"data": []}, "script")


async def test_a_whole_reply_may_have_a_status_and_a_retry_after(sim: Simulator) -> None:
    sim.on().reply(json={"error": "later"}, status=503, retry_after=3)

    reply = await sim.fetch("POST", CHAT, json={})

    assert (reply.status, reply.json, reply.headers["retry-after"]) == (503, {"error": "later"}, "3")


async def test_a_status_alone_brings_the_body_of_the_api(sim: Simulator) -> None:
    sim.on().reply(status=429, retry_after=2)

    reply = await sim.fetch("POST", CHAT, json={"model": "grok-4.3", "messages": []})

    error = classify(reply.status, reply.headers, reply.body)
    assert isinstance(error, RateLimited)
    assert error.limit == {"requests_per_second": 2.0, "requests_per_minute": 60.0}
    assert error.retry_after == 2


@pytest.mark.parametrize(
    ("name", "kind"), [("capacity", NoCapacity), ("credits", OutOfCredits), ("content", ContentRefused)]
)
async def test_errors_have_names(sim: Simulator, name: str, kind: type[Exception]) -> None:
    sim.on().reply(error=name)

    reply = await sim.fetch("POST", CHAT, json={})

    assert isinstance(classify(reply.status, reply.headers, reply.body), kind)


async def test_an_error_can_be_one_of_your_own(sim: Simulator) -> None:
    sim.on().reply(error=Refusal.flat(418, "teapot", "short and stout"))

    assert (await sim.fetch("POST", CHAT, json={})).json == {"code": "teapot", "error": "short and stout"}


async def test_a_retry_after_can_be_a_date(sim: Simulator) -> None:
    sim.on().reply(error="overloaded", retry_after=datetime(2026, 11, 2, 12, tzinfo=UTC))

    reply = await sim.fetch("POST", CHAT, json={})

    assert (reply.status, reply.headers["retry-after"]) == (529, "Mon, 02 Nov 2026 12:00:00 GMT")


async def test_a_delay_passes_on_the_clock_before_the_reply(sim: Simulator) -> None:
    sim.on().reply("late", delay=3600)

    async with sim.clock.rushing():  # type: ignore[attr-defined]
        said = await say(sim)

    assert said == "late"
    assert sim.calls[-1].ended - sim.calls[-1].started == 3600  # type: ignore[operator]


async def test_a_record_names_the_rule_that_answered(sim: Simulator) -> None:
    sim.on(last="Hi", times=1).reply("scripted")

    await say(sim)
    await say(sim)

    assert [seen.rule for seen in sim.calls] == ["on(last='Hi', times=1)", None]


def test_an_unknown_condition_names_the_nearest(sim: Simulator) -> None:
    with pytest.raises(Misused, match="there is no condition named 'modle'; did you mean 'model'"):
        sim.on(modle="grok")  # type: ignore[call-arg]


def test_an_unknown_part_of_a_reply_names_the_nearest(sim: Simulator) -> None:
    with pytest.raises(Misused, match="did you mean 'tool_calls'"):
        sim.on().reply(toolcalls=[])  # type: ignore[call-arg]


def test_an_unknown_error_names_the_nearest(sim: Simulator) -> None:
    with pytest.raises(Misused, match="did you mean 'capacity'"):
        sim.on().reply(error="capcity")


@pytest.mark.parametrize(
    "parts",
    [
        {"text": "a", "json": {}},
        {"error": "capacity", "text": "a"},
        {"status": 500, "error": "server"},
        {"thought": Thought(), "text": "a"},
    ],
)
def test_two_answers_in_one_reply_are_refused(sim: Simulator, parts: Any) -> None:
    with pytest.raises(Misused, match="one answer"):
        sim.on().reply(**parts)


def test_a_second_reply_is_told_to_be_a_then(sim: Simulator) -> None:
    with pytest.raises(Misused, match="reply already"):
        sim.on().reply("a").reply("b")
    with pytest.raises(Misused, match="no first reply"):
        sim.on().then("b")


@pytest.mark.parametrize("conditions", [{"nth": 0}, {"times": -1}, {"nth": 1, "times": 1}, {"nth": "first"}])
def test_counts_that_can_never_be_are_refused(sim: Simulator, conditions: Any) -> None:
    with pytest.raises(Misused):
        sim.on(**conditions)


@pytest.mark.parametrize("latency", ["lognormal:1", "unifrom:1,2", "uniform:1,x", -1, "constant:"])
def test_a_delay_that_is_none_is_refused(sim: Simulator, latency: Any) -> None:
    with pytest.raises(Misused):
        sim.on().reply("a", delay=latency)


async def test_a_function_that_gives_nonsense_fails_where_it_is_called(sim: Simulator) -> None:
    sim.on().reply(lambda _: 5)

    with pytest.raises(Misused, match="int, which is no answer"):
        await say(sim)


async def test_a_rule_may_carry_a_fault_and_a_pace(sim: Simulator) -> None:
    sim.on().reply("one two three", pace=2, fault=Fault(latency=1))

    async with sim.clock.rushing():  # type: ignore[attr-defined]
        await sim.fetch("POST", CHAT, json={"model": "grok-4.7", "stream": True, "messages": MESSAGES})

    seen = sim.calls[-1]
    assert seen.ended - seen.started == 1 + 3 / 2  # type: ignore[operator]
    assert seen.fault == "Fault(latency=1, pace=2)"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/messages"])
async def test_a_text_may_come_first_and_reasoning_and_calls_with_it(path: str) -> None:
    sim = Simulator()
    sim.on(last="Rain?").reply("Let me look.", reasoning="The tool knows.", tool_calls=[("weather", {"city": "Oslo"})])
    said = [{"role": "user", "content": "Rain?"}]
    body = {"model": "grok-4.3", "messages": said, "max_tokens": 100} if path != "/v1/responses" else {"input": said}

    reply = await sim.fetch("POST", path, json={"model": "grok-4.3", **body})

    written = reply.body.decode()
    assert reply.status == 200
    assert all(part in written for part in ("Let me look.", "The tool knows.", "weather", "Oslo"))
