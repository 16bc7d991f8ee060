"""How a run is told to the model: the forms of both dialects, servers with habits of their own, sessions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from grokkit import Grok, tool
from grokkit.agents import RunRecord
from grokkit.agents.journal import TurnRecord
from grokkit.agents.talks import ChatTalk, ResponsesTalk
from grokkit.resources.chat import AsyncChat
from grokkit.resources.responses import AsyncResponses
from grokkit.sessions import MemorySessions
from grokkit.testing import MockTransport, Simulator

CALL = {"function": {"name": "weather", "arguments": {"city": "Oslo"}}}
"""A call as some servers have it: without an id, its arguments an object."""


@tool(effects="read_only")
def weather(city: str) -> str:
    """The weather of a city."""
    return f"Rain in {city}."


def chat(message: dict[str, Any]) -> dict[str, Any]:
    """A chat completion."""
    return {"id": "1", "model": "own", "choices": [{"index": 0, "message": {"role": "assistant", **message}}]}


def test_results_name_calls_that_came_without_an_id() -> None:
    mock = MockTransport()
    wanted = mock.on(path="/chat/completions").reply(json=chat({"content": None, "tool_calls": [CALL, CALL]}))
    wanted.then(json=chat({"content": "Wet.", "reasoning_content": "Rain."}))
    grok = Grok(api_key="test", transport=mock, model="own", stream_long_calls=False)

    result = grok.agent(tools=[weather], dialect="chat").run("Oslo?")

    _, said, *results = mock.last.json["messages"]
    assert result.value == "Wet."
    assert [call["id"] for call in said["tool_calls"]] == [one["tool_call_id"] for one in results]
    assert [call["function"]["arguments"] for call in said["tool_calls"]] == ['{"city":"Oslo"}'] * 2
    assert [one["content"] for one in results] == ["Rain in Oslo."] * 2
    assert result.items[-1] == {"role": "assistant", "content": "Wet."}  # what it thought is not sent back


def test_two_calls_of_one_id_have_a_result_each() -> None:
    mock = MockTransport()
    call = {"type": "function_call", "call_id": "c", "name": "weather", "arguments": '{"city":"Oslo"}'}
    other = {**call, "arguments": '{"city":"Rome"}'}
    response = {"id": "1", "model": "own", "object": "response", "status": "completed"}
    message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Wet."}]}
    wanted = mock.on(path="/responses").reply(json={**response, "output": [call, other]})
    wanted.then(json={**response, "output": [message]})
    grok = Grok(api_key="test", transport=mock, model="own", stream_long_calls=False)

    result = grok.agent(tools=[weather]).run("Oslo?")

    ids = [item["call_id"] for item in mock.last.json["input"] if item.get("type") == "function_call_output"]
    assert result.value == "Wet."
    assert len(set(ids)) == 2


@pytest.mark.parametrize("dialect", ["responses", "chat"])
async def test_the_items_of_a_run_are_a_prompt_to_go_on_with(dialect: Any) -> None:
    sim = Simulator(seed=3)
    sim.on(last="Oslo").reply(tool_calls=[("weather", {"city": "Oslo"})])
    sim.on(last="Rain").reply("Wet.")
    sim.on(last="And?").reply("Still wet.")
    agent = sim.async_grok().agent(tools=[weather], dialect=dialect)
    first = await agent.run("Oslo?")

    result = await agent.run([*first.items, {"role": "user", "content": "And?"}])

    assert result.value == "Still wet."
    assert len(sim.calls[-1].json["input" if dialect == "responses" else "messages"]) == len(first.items) + 1


async def test_a_run_may_follow_an_answer_that_the_server_keeps() -> None:
    sim = Simulator(seed=3)
    grok = sim.async_grok(store=True)
    kept = await grok.ask("My name is Ada.")

    result = await grok.agent(options={"previous_response_id": kept.id}).run("Hello")

    assert result.stopped == "done"
    assert sim.calls[-1].json["previous_response_id"] == kept.id
    assert sim.calls[-1].json["store"] is True


async def test_what_is_sealed_is_asked_for_beside_what_the_caller_wants() -> None:
    sim = Simulator(seed=3)

    await sim.async_grok().agent(options={"include": ["inline_citations"], "temperature": 0.2}).run("Hi")

    assert sim.calls[-1].json["include"] == ["inline_citations", "reasoning.encrypted_content"]
    assert sim.calls[-1].json["temperature"] == 0.2


async def test_an_answer_that_came_earlier_is_read_from_what_was_written_down() -> None:
    sim = Simulator(seed=3)
    sim.on().reply("Yes.")
    grok = sim.async_grok()

    for dialect, talk in (
        ("responses", ResponsesTalk(AsyncResponses(grok._channel), None)),
        ("chat", ChatTalk(AsyncChat(grok._channel), None)),
    ):
        result = await grok.agent(dialect=dialect).run("Sure?")
        [turn] = RunRecord.from_json(result.record.to_json()).turns
        answer = talk.answer_of(turn)
        assert (answer.text, answer.usage, answer.model, answer.id, answer.request_id) == (
            "Yes.",
            result.last.usage,
            result.last.model,
            result.last.id,
            result.last.request_id,
        )
        assert talk.answer_of(TurnRecord(number=1)).text == ""


async def test_a_session_is_given_by_itself_too_and_by_blocking() -> None:
    sim = Simulator(seed=3)
    grok = sim.grok(sessions=MemorySessions())
    session = grok.session("trip")
    sim.on().reply("Hello.")

    def run() -> list[str]:
        grok.agent(session=session).run("Hi")
        grok.agent(session="trip").run("Hi again")
        return [turn.said for turn in session.history()]

    assert await asyncio.to_thread(run) == ["Hi\nHello.", "Hi again\nHello."]
