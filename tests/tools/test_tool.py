"""Functions and methods as tools: what the model is told, what is decoded, how they run."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, NotRequired, TypedDict, Unpack

import msgspec
import pydantic
import pytest

from grokkit.errors import Misused
from grokkit.testing import Simulator
from grokkit.tools import ArgumentsRefused, Fault, Tool, ToolContext, ToolUnfit, tool

WHO = contextvars.ContextVar("WHO", default="nobody")


@dataclass
class Stop:
    """A stop.

    Attributes:
        city: where
    """

    city: str
    nights: int = 1


class Options(TypedDict):
    speed: int
    label: NotRequired[str]


@tool(effects="read_only", time_limit=3, cache_ttl=60)
def plan(
    stops: list[Stop], manner: Literal["fast", "slow"] = "fast", budget: Annotated[Decimal | None, "in euros"] = None
) -> str:
    """Plan a trip.

    Args:
        stops: where to stop
        manner: of travelling
    """
    return f"{[stop.city for stop in stops]} {manner} {budget}"


def test_the_model_is_told_name_description_and_parameters() -> None:
    assert plan.definition() == {
        "type": "function",
        "name": "plan",
        "description": "Plan a trip.",
        "parameters": {
            "type": "object",
            "properties": {
                "stops": {
                    "description": "where to stop",
                    "type": "array",
                    "items": {
                        "type": "object",
                        "description": "A stop.",
                        "properties": {
                            "city": {"description": "where", "type": "string"},
                            "nights": {"type": "integer", "default": 1},
                        },
                        "required": ["city"],
                        "additionalProperties": False,
                    },
                },
                "manner": {
                    "description": "of travelling",
                    "type": "string",
                    "enum": ["fast", "slow"],
                    "default": "fast",
                },
                "budget": {
                    "anyOf": [
                        {
                            "type": "string",
                            "pattern": r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$",
                            "description": "a decimal number in quotes such as 19.99",
                        },
                        {"type": "null"},
                    ],
                    "description": "in euros",
                },
            },
            "required": ["stops"],
            "additionalProperties": False,
        },
    }
    assert plan.notes == ()
    assert (plan.effects, plan.time_limit, plan.cache_ttl) == ("read_only", 3, 60)


def test_chat_completions_nests_the_function() -> None:
    definition = plan.definition("chat")

    assert definition == {
        "type": "function",
        "function": {"name": "plan", "description": "Plan a trip.", "parameters": plan.parameters},
    }


def test_deferred_tools_say_so_where_tool_search_is() -> None:
    made = tool(plan_nothing, defer_loading=True)

    assert made.definition()["defer_loading"] is True
    assert "defer_loading" not in made.definition("chat")["function"]


def plan_nothing() -> None:
    """Nothing."""


def test_it_stays_the_function_that_it_was() -> None:
    assert plan([Stop("Oslo")], "slow") == "['Oslo'] slow None"
    assert plan.__name__ == "plan"
    assert (plan.__doc__ or "").startswith("Plan a trip.")


def test_arguments_become_the_function_s_own_types() -> None:
    arguments = plan.decode('{"stops": [{"city": "Oslo"}], "budget": "19.99"}')

    assert arguments == {"stops": [Stop("Oslo", 1)], "budget": Decimal("19.99")}


def test_a_refusal_names_all_faults_with_their_places() -> None:
    with pytest.raises(ArgumentsRefused) as refused:
        plan.decode('{"stops": [{"city": 3}, {"nigths": 2}], "manner": "rash", "budgt": 1}')

    assert refused.value.message.splitlines() == [
        "the arguments of plan cannot be used:",
        "- stops[0].city: expected a string, got the integer 3",
        "- stops[1].nigths: is not known here; did you mean nights?",
        "- stops[1].city: is required and missing",
        '- manner: expected one of "fast", "slow", got "rash"',
        "- budgt: is not known here; did you mean budget?",
    ]
    assert refused.value.faults[2] == Fault("is required and missing", ("stops", 1, "city"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"stops": [', "the JSON is cut off before its end"),
        ("Oslo", "this is not JSON"),
        ("[]", "expected an object, got an array []"),
        ("", "stops: is required and missing"),
        ("null", "stops: is required and missing"),
        ("\ud800", "this is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"stops": 1e999}', "this is not JSON"),
    ],
)
def test_text_that_is_no_object_is_refused(text: str, said: str) -> None:
    with pytest.raises(ArgumentsRefused) as refused:
        plan.decode(text)

    assert said in refused.value.message


def test_no_text_means_no_arguments() -> None:
    assert tool(plan_nothing).decode("") == tool(plan_nothing).decode("null") == {}


async def test_async_functions_are_awaited_and_others_run_in_a_thread_that_sees_the_context() -> None:
    @tool
    async def here() -> tuple[str, str]:
        """Where?"""
        return threading.current_thread().name, WHO.get()

    @tool
    def there() -> tuple[str, str]:
        """Where?"""
        return threading.current_thread().name, WHO.get()

    WHO.set("Ada")

    assert await here.run({}, key="k") == (threading.current_thread().name, "Ada")
    assert await there.run({}, key="k") == ("grokkit tool there", "Ada")


async def test_what_a_sync_function_returns_is_awaited_when_it_can_be() -> None:
    @tool
    @functools.wraps(plan_nothing)
    def wrapped() -> Any:
        return asyncio.sleep(0, "done")

    assert await wrapped.run({}, key="k") == "done"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), StopIteration(1)])
async def test_errors_come_back_from_the_thread(error: BaseException) -> None:
    @tool
    def fails() -> None:
        """Fails."""
        raise error

    with pytest.raises(RuntimeError if isinstance(error, StopIteration) else type(error)):
        await fails.run({}, key="k")


async def test_cancelling_leaves_the_thread_to_itself() -> None:
    started, goes_on, ended = threading.Event(), threading.Event(), threading.Event()

    @tool
    def slow() -> None:
        """Slow."""
        started.set()
        goes_on.wait(20)
        ended.set()

    running = asyncio.create_task(slow.run({}, key="k"))
    await asyncio.to_thread(started.wait, 20)
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert not ended.is_set()
    goes_on.set()
    assert await asyncio.to_thread(ended.wait, 20)


async def test_the_context_reaches_the_function_and_not_the_model() -> None:
    @tool(effects="idempotent")
    def pay(cents: int, /, context: ToolContext, note: str = "") -> str:
        """Pay."""
        return f"{cents} {context.key} {context.call_id} {context.tenant}{note}"

    assert list(pay.parameters["properties"]) == ["cents", "note"]
    assert await pay.run({"cents": 3}, key="k1", call_id="c1", tenant="t1") == "3 k1 c1 t1"


@pytest.mark.parametrize("name", ["self", "key", "context", "arguments", "call_id", "name", "type", "class_"])
async def test_a_parameter_may_have_any_name(name: str) -> None:
    space: dict[str, Any] = {}
    exec(f"def echo({name}: int, other: int = 0): return {name}, other", space)
    echo = tool(space["echo"])

    assert await echo.run(echo.decode(f'{{"{name}": 3}}'), key="k") == (3, 0)


class Weather:
    def __init__(self, mood: str) -> None:
        self.mood = mood

    @tool(effects="read_only")
    def forecast(self, city: str) -> str:
        """Forecast."""
        return f"{city}: {self.mood}"

    @tool
    @classmethod
    def kind(cls, city: str) -> str:
        """Kind."""
        return f"{cls.__name__} of {city}"

    @classmethod
    @tool
    def inner_kind(cls, city: str) -> str:
        """Kind."""
        return f"{cls.__name__} of {city}"

    @tool
    @staticmethod
    def place(city: str) -> str:
        """Place."""
        return city

    def plain(self, city: str) -> str:
        """Plain."""
        return f"{self.mood} {city}"


class Sunny(Weather):
    pass


@pytest.mark.parametrize(
    ("made", "result"),
    [
        (Sunny("sun").forecast, "Oslo: sun"),
        (Sunny("sun").kind, "Sunny of Oslo"),
        (Sunny.kind, "Sunny of Oslo"),
        (tool(Sunny.inner_kind), "Sunny of Oslo"),
        (Sunny.place, "Oslo"),
        (Sunny("sun").place, "Oslo"),
        (tool(Sunny("sun").plain), "sun Oslo"),
    ],
)
async def test_methods_of_all_kinds_are_tools(made: Tool[Any, Any], result: str) -> None:
    assert list(made.parameters["properties"]) == ["city"]
    assert await made.run(made.decode('{"city": "Oslo"}'), key="k") == result
    assert made("Oslo") == result


async def test_a_method_without_its_instance_is_refused() -> None:
    assert list(Weather.forecast.parameters["properties"]) == ["city"]
    with pytest.raises(Misused, match="is a method"):
        await Weather.forecast.run({"city": "Oslo"}, key="k")


def test_partial_functions_and_objects_that_can_be_called_are_tools() -> None:
    class Adder:
        """Adds."""

        def __call__(self, one: int, other: int) -> int:
            return one + other

    def add(one: int, other: int) -> int:
        """Adds."""
        return one + other

    assert tool(Adder()).name == "Adder"
    assert tool(Adder()).description == "Adds."
    assert tool(functools.partial(add, 1)).decode('{"other": 2}') == {"other": 2}


def test_named_keywords_come_from_a_typed_dict() -> None:
    def go(**options: Unpack[Options]) -> None:
        """Go."""

    made = tool(go)

    assert made.parameters["required"] == ["speed"]
    assert made.decode('{"speed": 3, "label": "a"}') == {"speed": 3, "label": "a"}


def variadic(*cities: str) -> None: ...
def any_keywords(**options: int) -> None: ...
def of_complex(number: complex) -> None: ...
def of_nodes(node: Node) -> None: ...
def yields() -> Any:
    yield 1


class Node(TypedDict):
    below: list[Node]


class Model(pydantic.BaseModel):
    below: list[Model]


def of_models(model: Model) -> None: ...


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (variadic, "tool 'variadic', parameter 'cities': *cities has no name for the model"),
        (any_keywords, "type it as **options: Unpack[ATypedDict]"),
        (of_complex, "tool 'of_complex', parameter 'number': complex has no JSON form"),
        (of_nodes, "tool 'of_nodes', parameter 'node': Node > Node contains itself"),
        (of_models, "Model contains itself"),
        (yields, "tool 'yields': a function that yields has no one result"),
        (lambda: 0, "the tool name '<lambda>' is not one that Grok takes"),
    ],
)
def test_what_cannot_be_offered_is_refused_when_the_tool_is_made(function: Any, said: str) -> None:
    with pytest.raises(ToolUnfit) as refused:
        tool(function)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "get weather!"}, 'name="get_weather"'),
        ({"name": "a" * 65}, "at most 64"),
        ({"effects": "harmless"}, "effects='harmless' is none of 'read_only', 'idempotent', 'destructive'"),
        ({"time_limit": 0}, "time_limit=0 must be seconds above 0"),
        ({"cache_ttl": "60"}, "cache_ttl='60' must be seconds above 0"),
        ({"cache_ttl": 60}, "results of a destructive tool are never used again"),
    ],
)
def test_options_are_checked(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ToolUnfit) as refused:
        tool(plan_nothing, **options)

    assert said in str(refused.value)


def test_what_is_missing_is_noted() -> None:
    def bare(a, b: int = 1):
        return a, b

    made = tool(bare)

    assert made.notes == (
        "has no description: say in a docstring what it does and when it is of use",
        "a: has no annotation, so the model may send anything for it",
    )
    assert made.parameters["properties"]["a"] == {}


def test_types_defined_further_down_are_found_when_the_tool_is_offered() -> None:
    space: dict[str, Any] = {"tool": tool}
    exec("@tool\ndef late(at: 'Later'):\n    'Late.'", space)

    with pytest.raises(ToolUnfit, match="names 'Later'"):
        _ = space["late"].parameters
    space["Later"] = int

    assert space["late"].parameters["properties"]["at"] == {"type": "integer"}


def test_types_of_the_function_that_holds_the_tool_are_found() -> None:
    @dataclass
    class Here:
        x: int

    @tool
    def local(here: Here) -> int:
        """Local."""
        return here.x

    assert local.decode('{"here": {"x": 1}}') == {"here": Here(1)}


class Point(msgspec.Struct):
    x: int


class Money(pydantic.BaseModel):
    amount: Decimal


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("Rain.", "Rain."),
        (None, "null"),
        ([Stop("Oslo")], '[{"city":"Oslo","nights":1}]'),
        (Point(3), '{"x":3}'),
        (Money(amount=Decimal("1.5")), '{"amount":"1.5"}'),
        ({"at": PurePosixPath("/a")}, '{"at":"/a"}'),
    ],
)
def test_results_become_text(result: object, text: str) -> None:
    assert plan.encode(result) == text


@pytest.mark.parametrize("result", [object(), {object(): 1}, {"a": complex(1)}])
def test_results_without_a_json_form_are_refused(result: object) -> None:
    with pytest.raises(Misused, match="result of the tool plan"):
        plan.encode(result)


def test_a_result_that_holds_itself_is_refused() -> None:
    result: list[Any] = []
    result.append(result)

    with pytest.raises(Misused, match="result of the tool plan"):
        plan.encode(result)


@pytest.mark.parametrize("dialect", ["responses", "chat"])
def test_what_the_simulator_sends_for_the_schema_is_decoded(dialect: Literal["responses", "chat"]) -> None:
    @tool
    def book(
        stops: list[Stop],
        options: Options,
        *,
        point: Point,
        budget: Money,
        days: Annotated[int, msgspec.Meta(ge=2, le=3)],
        prices: dict[str, float],
        span: tuple[int, str],
    ) -> None:
        """Book a trip."""

    grok = Simulator(seed=1).grok()
    tools = [book.definition(dialect)]

    if dialect == "chat":
        answer = grok.chat.create(
            "grok-4.7", messages=[{"role": "user", "content": "Book it"}], tools=tools, tool_choice="required"
        )
    else:
        answer = grok.responses.create(model="grok-4.7", input="Book it", tools=tools, tool_choice="required")

    arguments = book.decode(answer.tool_calls[0].arguments)
    assert set(arguments) == {"stops", "options", "point", "budget", "days", "prices", "span"}


def test_half_a_character_in_arguments_is_told_apart_from_arguments_that_end_too_early() -> None:
    @tool
    def note(text: str) -> None:
        """Keep a note."""

    with pytest.raises(ArgumentsRefused, match=r"\\ud83d is half a character: write the character itself"):
        note.decode(r'{"text": "\ud83d"}')
    with pytest.raises(ArgumentsRefused, match="cut off before its end"):
        note.decode('{"text": "')


@pytest.mark.parametrize(
    ("given", "hint"),
    [("weather", 'options have names: @tool(name="...")'), (3, "give it a function"), ([], "give it")],
)
def test_what_is_no_function_is_no_tool(given: Any, hint: str) -> None:
    with pytest.raises(ToolUnfit, match="a tool is made of a function, not of ") as refused:
        tool(given)

    assert hint in (refused.value.hint or "")


@pytest.mark.parametrize("options", [{"time_limit": 0}, {"time_limit": True}, {"effects": "readonly"}, {"name": ""}])
def test_a_refusal_names_the_function_that_is_refused(options: dict[str, Any]) -> None:
    def weather(city: str) -> None: ...

    with pytest.raises(ToolUnfit) as refused:
        tool(weather, **options)

    assert ("''" if "name" in options else "'weather'") in refused.value.message


def test_names_of_files_that_are_no_text_reach_the_model_as_far_as_they_can_be_read() -> None:
    @tool(effects="read_only")
    def files() -> Any:
        """What is in the folder."""

    assert files.encode({"names": ["caf\udce9.txt"]}) == '{"names":["caf?.txt"]}'
    assert files.encode("caf\udce9.txt é") == "caf?.txt é"
