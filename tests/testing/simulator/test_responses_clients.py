"""Clients of the Responses API against the simulator: ours on both faces, and openai's as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai
import pytest
from pydantic import BaseModel

from grokkit import errors
from grokkit.testing.clock import TurnableClock
from grokkit.testing.simulator import ServerCall, Simulator
from grokkit.testing.simulator.nouns.responses import Habits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER: Any = {"type": "function", "name": "weather", "parameters": PARAMETERS, "strict": True}
SEARCH = {"type": "search", "query": "xAI", "sources": [{"type": "url", "url": "https://x.ai"}]}


class Place(BaseModel):
    """What is asked for."""

    city: str
    people: int


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def theirs(sim: Simulator) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=sim.base_url, api_key=sim.key, max_retries=0) as client:
        yield client


@pytest.fixture
def served() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


async def test_our_client_gets_text_reasoning_citations_and_the_exact_cost() -> None:
    sim = Simulator(clock=TurnableClock())
    sim.on().reply(
        text="xAI.",
        reasoning="I search.",
        citations=["https://x.ai"],
        server_calls=[ServerCall(type="web_search_call", fields={"action": SEARCH})],
    )
    async with sim.async_grok() as grok:
        plain = await grok.responses.create(input="Who?", model="grok-4.6", tools=[{"type": "web_search"}])
        async with grok.responses.stream(input="Who?", model="grok-4.6", tools=[{"type": "web_search"}]) as stream:
            text = "".join([piece async for piece in stream.text()])

    streamed = stream.result
    assert streamed is not None
    assert (plain.text, streamed.text, text) == ("xAI.", "xAI.", "xAI.")
    assert plain.reasoning == streamed.reasoning == "I search."
    assert [citation.url for citation in plain.citations] == ["https://x.ai"]
    bills = [seen.bill for seen in sim.calls]
    assert [plain.usage.cost_ticks, streamed.usage.cost_ticks] == [bill.cost_ticks for bill in bills if bill]
    assert plain.usage.server_side_tools == {"web_search_calls": 1}


def test_the_blocking_face_does_the_same(served: Simulator) -> None:
    with served.grok() as grok:
        answer = grok.responses.create(input="Hi", model="grok-4.7", store=True)
        again = grok.responses.get(answer.id)
        items = grok.responses.input_items(answer.id)
        short = grok.responses.compact(input="Hi", model="grok-4.7")
        with grok.responses.stream(input="Hi", model="grok-4.7") as stream:
            text = "".join(stream.text())
        gone = grok.responses.delete(answer.id)
        with pytest.raises(errors.NotFound):
            grok.responses.get(answer.id)

    assert answer.text == again.text == text
    assert items.data[0]["content"] == [{"type": "input_text", "text": "Hi"}]
    assert short.output[0]["type"] == "compaction"
    assert gone.deleted


@pytest.mark.parametrize("fragments", [False, True])
async def test_our_client_gets_calls_however_they_are_streamed(fragments: bool) -> None:
    sim = Simulator(clock=TurnableClock())
    sim.state(Habits).interleaved_functions = fragments
    sim.on().reply(tool_calls=[("weather", {"city": "Oslo"}), ("weather", {"city": "Rome"})], fragments=fragments)
    async with sim.async_grok() as grok:
        plain = await grok.responses.create(input="Weather?", model="grok-4.7", tools=[WEATHER])
        async with grok.responses.stream(input="Weather?", model="grok-4.7", tools=[WEATHER]) as stream:
            streamed = await stream.done()

    assert [call.arguments for call in plain.tool_calls] == ['{"city":"Oslo"}', '{"city":"Rome"}']
    assert streamed.tool_calls == plain.tool_calls


@pytest.mark.parametrize("habit", ["empty_output", "terminal_alias", "parallel_server_tools"])
async def test_our_client_bears_every_habit(habit: str) -> None:
    sim = Simulator(clock=TurnableClock())
    setattr(sim.state(Habits), habit, True)
    call = ServerCall(type="web_search_call", fields={"action": SEARCH})
    sim.on().reply(text="Found it.", server_calls=[call, call])
    async with sim.async_grok() as grok, grok.responses.stream(input="Hi", model="grok-4.7") as stream:
        answer = await stream.done()

    assert answer.text == "Found it."
    assert [item["type"] for item in answer.raw["output"]][-3:] == ["web_search_call", "web_search_call", "message"]


@pytest.mark.parametrize("nested", [False, True])
async def test_our_client_raises_for_a_failed_response(nested: bool) -> None:
    sim = Simulator(clock=TurnableClock())
    sim.state(Habits).nested_errors = nested
    sim.on().reply(text="Service temporarily unavailable", finish_reason="failed")
    async with sim.async_grok(retries=0) as grok:
        with pytest.raises(errors.GrokError, match="Service temporarily unavailable"):
            async with grok.responses.stream(input="Hi", model="grok-4.7") as stream:
                await stream.done()


async def test_our_client_names_what_was_wrong() -> None:
    sim = Simulator(clock=TurnableClock())
    item = {"type": "compaction", "encrypted_content": "AAAA"}
    async with sim.async_grok() as grok:
        with pytest.raises(errors.InvalidRequest) as caught:
            await grok.responses.create(input=[item], model="grok-4.7")

    assert (caught.value.code, caught.value.param) == ("invalid_compaction_blob", "input[0].encrypted_content")


async def test_their_client_creates(sim: Simulator, theirs: openai.AsyncOpenAI) -> None:
    answer = await theirs.responses.create(model="grok-4.7", input="What is 2 + 2?", instructions="Be brief.")

    assert "4" in answer.output_text
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    assert answer.status == "completed"


async def test_their_client_streams(sim: Simulator, theirs: openai.AsyncOpenAI) -> None:
    sim.on().reply(text="Hello there", reasoning="I greet.")
    raw = await theirs.responses.create(model="grok-4.3", input="Hi", stream=True)
    kinds = [event.type async for event in raw]
    async with theirs.responses.stream(model="grok-4.7", input="Hi") as stream:
        text = "".join([event.delta async for event in stream if event.type == "response.output_text.delta"])
        final = await stream.get_final_response()

    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert text == final.output_text == "Hello there"


async def test_their_client_runs_a_tool(sim: Simulator, theirs: openai.AsyncOpenAI) -> None:
    asked = await theirs.responses.create(model="grok-4.7", input="Weather in Oslo?", tools=[WEATHER])
    call = next(item for item in asked.output if item.type == "function_call")
    answer = await theirs.responses.create(
        model="grok-4.7",
        previous_response_id=asked.id,
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "3 degrees"}],
        tools=[WEATHER],
    )

    assert call.name == "weather"
    assert "3 degrees" in answer.output_text


async def test_their_client_streams_a_tool_call(sim: Simulator, theirs: openai.AsyncOpenAI) -> None:
    sim.on().reply(tool_calls=[("weather", {"city": "Oslo"})], fragments=True)
    async with theirs.responses.stream(model="grok-4.7", input="Weather?", tools=[WEATHER]) as stream:
        async for _ in stream:
            pass
        final = await stream.get_final_response()

    (call,) = [item for item in final.output if item.type == "function_call"]
    assert call.arguments == '{"city":"Oslo"}'


async def test_their_client_parses(sim: Simulator, theirs: openai.AsyncOpenAI) -> None:
    answer = await theirs.responses.parse(model="grok-4.7", input="The largest city of Norway", text_format=Place)

    assert isinstance(answer.output_parsed, Place)


async def test_their_client_stores_lists_and_deletes(sim: Simulator, theirs: openai.AsyncOpenAI) -> None:
    made = await theirs.responses.create(
        model="grok-4.7", input=[{"role": "user", "content": str(n)} for n in range(5)]
    )

    items = [item.id async for item in await theirs.responses.input_items.list(made.id, limit=2, order="asc")]
    again = await theirs.responses.retrieve(made.id)
    await theirs.responses.delete(made.id)

    assert len(set(items)) == 5
    assert again.output_text == made.output_text
    with pytest.raises(openai.NotFoundError):
        await theirs.responses.retrieve(made.id)


async def test_their_client_raises_its_own_errors(sim: Simulator, theirs: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError):
        await theirs.responses.create(model="grok-0", input="Hi")
    with pytest.raises(openai.UnprocessableEntityError):
        await theirs.responses.create(model="grok-4.7", input=5)  # type: ignore[arg-type]
