"""`parse`: on both faces and in both dialects, an answer with a type, or an error that says why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import pytest

from grokkit.errors import AnswerCutOff, AnswerRefused, AnswerUnfit, InvalidRequest, Misused, ParameterRejected
from grokkit.testing import MockTransport, json_reply
from grokkit.testing.simulator import Thought
from grokkit.tools import ToolUnfit, tool, web_search

if TYPE_CHECKING:
    from tests.conftest import Face

    from grokkit.testing import Simulator


@dataclass
class Forecast:
    city: str
    degrees: Annotated[int, msgspec.Meta(ge=-90, le=60)]


GOOD = '{"city":"Oslo","degrees":3}'
TOO_HOT = '{"city":"Oslo","degrees":300}'
OSLO = Forecast("Oslo", 3)


@pytest.fixture(params=["responses", "chat"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def parse(face: Face, grok: Any, dialect: str) -> Any:
    """The method of a dialect, asked with a prompt."""

    async def parse(prompt: str, **options: Any) -> Any:
        if dialect == "responses":
            return await face.call(grok.responses.parse, input=prompt, **options)
        return await face.call(grok.chat.parse, messages=[{"role": "user", "content": prompt}], **options)

    return parse


async def test_a_value_comes_back_and_its_schema_went_out(parse: Any, sim: Simulator, dialect: str) -> None:
    sim.on().reply(GOOD)

    parsed = await parse("Oslo?", into=Forecast, temperature=0)

    assert (parsed.value, parsed.repairs, parsed.answer.text) == (OSLO, 0, GOOD)
    assert parsed.usage == parsed.answer.usage
    sent = sim.calls[0].json
    described = sent["text"]["format"] if dialect == "responses" else sent["response_format"]["json_schema"]
    assert described["schema"]["properties"]["degrees"] == {"type": "integer", "minimum": -90, "maximum": 60}
    assert (described["name"], described["strict"], sent["temperature"]) == ("Forecast", True, 0)


async def test_the_client_itself_parses_a_prompt(face: Face, grok: Any, sim: Simulator) -> None:
    sim.on(last="Oslo?").reply('{"value":[3,4]}')

    assert (await face.call(grok.parse, "Oslo?", into=list[int])).value == [3, 4]


async def test_an_unfit_answer_goes_back_with_the_complaint(parse: Any, sim: Simulator, dialect: str) -> None:
    sim.on(last="Oslo?").reply(TOO_HOT)
    sim.on(last="degrees: must be at most 60").reply(GOOD)

    parsed = await parse("Oslo?", into=Forecast)

    assert (parsed.value, parsed.repairs) == (OSLO, 1)
    turns = sim.calls[1].json["input" if dialect == "responses" else "messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert TOO_HOT in str(turns[1]) or TOO_HOT in turns[1]["content"][0]["text"]
    bills = [call.bill for call in sim.calls]
    assert all(bills)
    assert parsed.usage.input_tokens > parsed.answer.usage.input_tokens
    assert parsed.usage.cost_ticks > parsed.answer.usage.cost_ticks


async def test_an_empty_answer_is_asked_for_again_without_an_empty_turn(
    parse: Any, sim: Simulator, dialect: str
) -> None:
    sim.on(last="Oslo?").reply(Thought(text=""))
    sim.on(last="it is empty").reply(GOOD)

    parsed = await parse("Oslo?", into=Forecast)

    turns = sim.calls[1].json["input" if dialect == "responses" else "messages"]
    assert [turn["role"] for turn in turns] == ["user", "user"]
    assert parsed.repairs == 1


async def test_after_the_last_repair_the_error_has_all_that_is_known(parse: Any, sim: Simulator) -> None:
    sim.on().reply(TOO_HOT)

    with pytest.raises(AnswerUnfit, match="nor did 2 repairs help") as caught:
        await parse("Oslo?", into=Forecast)

    error = caught.value
    assert len(sim.calls) == 3
    assert error.text == TOO_HOT
    assert [fault.path for fault in error.faults] == [("degrees",)]
    assert error.answer is not None
    assert error.usage is not None
    assert error.usage.input_tokens > error.answer.usage.input_tokens
    assert error.call is not None
    assert error.request_id == error.answer.request_id


async def test_repairs_can_be_switched_off(parse: Any, sim: Simulator) -> None:
    sim.on().reply(TOO_HOT)

    with pytest.raises(AnswerUnfit):
        await parse("Oslo?", into=Forecast, repairs=0)

    assert len(sim.calls) == 1


async def test_an_answer_that_was_cut_off_is_not_asked_for_again(parse: Any, sim: Simulator) -> None:
    sim.on().reply(text='{"city":"Os', finish_reason="length")

    with pytest.raises(AnswerCutOff, match="cut off after 11 characters") as caught:
        await parse("Oslo?", into=Forecast)

    assert caught.value.text == '{"city":"Os'
    assert len(sim.calls) == 1


async def test_a_server_that_does_not_say_so_is_found_out_by_the_limit(
    parse: Any, sim: Simulator, dialect: str
) -> None:
    sim.on().reply(text='{"city":"Os', usage={"output_tokens": 40})
    limit = "max_output_tokens" if dialect == "responses" else "max_completion_tokens"

    with pytest.raises(AnswerCutOff):
        await parse("Oslo?", into=Forecast, **{limit: 40})


async def test_an_answer_that_ends_just_in_time_counts(parse: Any, sim: Simulator) -> None:
    sim.on().reply(text=GOOD, finish_reason="length")

    assert (await parse("Oslo?", into=Forecast)).value == OSLO


async def test_a_refusal_says_what_the_model_said(parse: Any, sim: Simulator) -> None:
    sim.on().reply(refusal="I would rather not.")

    with pytest.raises(AnswerRefused, match="I would rather not"):
        await parse("Oslo?", into=Forecast)

    assert len(sim.calls) == 1


async def test_what_a_filter_stopped_is_a_refusal_with_what_there_is(face: Face) -> None:
    message = {"type": "message", "content": [{"type": "output_text", "text": '{"city":"Os'}]}
    stopped = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}, "output": [message]}
    choice = {"finish_reason": "content_filter", "message": {"content": '{"city":"Os'}}
    mock = MockTransport(lambda call: json_reply(stopped if "responses" in call.path else {"choices": [choice]}))
    client = face.client(transport=mock, model="some-model")

    with pytest.raises(AnswerRefused, match="content filter") as caught:
        await face.call(client.parse, "Oslo?", into=Forecast)
    with pytest.raises(AnswerRefused, match="content filter"):
        await face.call(client.chat.parse, messages=[{"role": "user", "content": "Oslo?"}], into=Forecast)

    assert caught.value.text == '{"city":"Os'


async def test_fences_and_thoughts_are_passed_over(parse: Any, sim: Simulator) -> None:
    sim.on().reply(f"<think>Cold, I guess.</think>\n```json\n{GOOD}\n```\nBring a coat.")

    assert (await parse("Oslo?", into=Forecast)).value == OSLO


async def test_tools_of_the_server_may_stand_beside(face: Face, grok: Any, sim: Simulator) -> None:
    parsed = await face.call(
        grok.responses.parse, input="Search the web for Oslo at 3 degrees", into=Forecast, tools=[web_search()]
    )

    assert isinstance(parsed.value, Forecast)
    assert sim.calls[0].json["tools"] == [web_search()]
    assert any(item["type"] == "web_search_call" for item in parsed.answer.wire.output)


async def test_a_function_that_the_model_wants_called_is_named(parse: Any, sim: Simulator) -> None:
    @tool
    def weather(city: str) -> str:
        """Weather of a city."""
        return city

    sim.on().reply(tool_calls=[("weather", {"city": "Oslo"})])

    with pytest.raises(AnswerUnfit, match="wants weather called") as caught:
        await parse("Oslo?", into=Forecast, tools=[weather])

    assert caught.value.hint is not None
    assert "agent" in caught.value.hint
    assert caught.value.answer is not None
    assert caught.value.answer.tool_calls[0].name == "weather"


async def test_what_cannot_be_asked_is_refused_before_anything_is_sent(parse: Any, sim: Simulator) -> None:
    with pytest.raises(ToolUnfit, match="an answer cannot be"):
        await parse("Oslo?", into=type("Bare", (), {}))
    with pytest.raises(Misused, match="repairs is -1"):
        await parse("Oslo?", into=Forecast, repairs=-1)
    with pytest.raises(ParameterRejected, match="grok-imagine-image gives no typed answers"):
        await parse("Oslo?", into=Forecast, model="grok-imagine-image")
    with pytest.raises(ParameterRejected, match="only the Grok 4 family"):
        await parse("Oslo?", into=Forecast, model="grok-build-0.1", tools=[web_search()])
    with pytest.raises(TypeError, match="unexpected keyword argument 'temprature'"):
        await parse("Oslo?", into=Forecast, temprature=1)

    assert sim.calls == []


async def test_another_format_beside_is_refused(face: Face, grok: Any) -> None:
    with pytest.raises(Misused, match="has the format of its type"):
        await face.call(grok.parse, "Hi", into=Forecast, text={"format": {"type": "text"}})
    messages = [{"role": "user", "content": "Hi"}]
    with pytest.raises(Misused, match="has the format of its type"):
        await face.call(grok.chat.parse, messages=messages, into=Forecast, response_format={"type": "text"})
    with pytest.raises(Misused, match="one answer"):
        await face.call(grok.chat.parse, messages=messages, into=Forecast, n=2)


async def test_a_model_that_only_speaks_the_other_dialect_is_told_apart(face: Face, grok: Any) -> None:
    messages = [{"role": "user", "content": "Hi"}]

    with pytest.raises(ParameterRejected) as caught:
        await face.call(grok.chat.parse, "grok-4.20-multi-agent-0309", messages=messages, into=Forecast)

    assert caught.value.hint == "ask it through grok.responses"


async def test_no_input_is_an_error_of_the_call(face: Face, grok: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"responses\.parse\(\): input is empty"):
        await face.call(grok.parse, "", into=Forecast)
    with pytest.raises(InvalidRequest, match=r"chat\.parse\(\): messages is empty"):
        await face.call(grok.chat.parse, messages=[], into=Forecast)


async def test_other_fields_of_text_stay(face: Face, grok: Any, sim: Simulator) -> None:
    sim.on().reply(GOOD)

    await face.call(grok.parse, "Oslo?", into=Forecast, text={"verbosity": "low"})

    assert sim.calls[0].json["text"]["verbosity"] == "low"
    assert sim.calls[0].json["text"]["format"]["name"] == "Forecast"


async def test_items_of_the_caller_come_first_in_a_repair(face: Face, grok: Any, sim: Simulator) -> None:
    sim.on(last="Oslo?").reply(TOO_HOT)
    sim.on(last="cannot be used").reply(GOOD)
    given = [{"role": "system", "content": "Be terse."}, {"role": "user", "content": "Oslo?"}]

    await face.call(grok.responses.parse, input=given, into=Forecast)

    assert sim.calls[1].json["input"][:2] == given
    assert given == [{"role": "system", "content": "Be terse."}, {"role": "user", "content": "Oslo?"}]


async def test_a_reply_without_choices_is_an_answer_that_is_empty(face: Face) -> None:
    mock = MockTransport(lambda _: json_reply({"id": "c", "model": "some-model", "choices": []}))
    client = face.client(transport=mock, model="some-model")

    with pytest.raises(AnswerUnfit, match="it is empty"):
        await face.call(client.chat.parse, messages=[{"role": "user", "content": "Hi"}], into=Forecast, repairs=0)
