"""The registry: names, order, conflicts, filters, tools that are found later."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.errors import Misused
from grokkit.testing import Simulator
from grokkit.tools import (
    ArgumentsRefused,
    Entry,
    Registry,
    Tool,
    ToolConflict,
    ToolUnfit,
    ToolUnknown,
    tool,
    tool_search,
    web_search,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@tool(effects="read_only", cache_ttl=60)
def forecast(city: str) -> str:
    """The weather of tomorrow."""
    return f"{city}: rain"


@tool(effects="idempotent")
def alarm(hour: int) -> str:
    """Wake somebody."""
    return f"at {hour}"


def pay(cents: int) -> str:
    """Pay an amount."""
    return f"paid {cents}"


def test_a_namespace_stands_before_the_name_and_the_tool_stays_the_function() -> None:
    registry = Registry().add(forecast, namespace="acme.weather")

    made = registry["acme__weather__forecast"]
    assert made is registry["acme.weather.forecast"]
    assert (made("Oslo"), made.effects, made.cache_ttl) == ("Oslo: rain", "read_only", 60)
    assert forecast.name == "forecast"


async def test_a_tool_of_a_namespace_runs_and_says_its_new_name() -> None:
    made = Registry().add(forecast, namespace="weather")["weather__forecast"]

    assert await made.run(made.decode('{"city": "Rome"}'), key="k") == "Rome: rain"
    with pytest.raises(ArgumentsRefused, match="the arguments of weather__forecast cannot be used"):
        made.decode("{}")


def test_functions_become_tools_and_lists_are_taken_apart() -> None:
    registry = Registry([pay, [forecast]], alarm)

    assert registry.names() == ["pay", "forecast", "alarm"]
    assert registry["pay"].effects == "destructive"


def test_the_order_is_that_of_adding_whatever_the_names() -> None:
    registry = Registry(pay, forecast).add(alarm, namespace="a")

    assert [each.name for each in registry] == ["pay", "forecast", "a__alarm"]
    assert [each["name"] for each in registry.definitions()] == registry.names()


def test_two_tools_of_one_name_are_an_error_that_names_both_origins_and_changes_nothing() -> None:
    registry = Registry(forecast)

    @tool(name="forecast")
    def another(city: str) -> str:
        """Another."""
        return city

    with pytest.raises(ToolConflict) as caught:
        registry.add(alarm, another)

    assert f"forecast from {__name__}.forecast" in caught.value.message
    assert "another" in caught.value.message
    assert registry.names() == ["forecast"]


def test_names_that_only_differ_for_people_are_a_conflict_too() -> None:
    with pytest.raises(ToolConflict, match="two tools are called a__forecast"):
        Registry().add(forecast, namespace="a").add(forecast.changed(name="a__forecast"))


def test_the_same_tool_is_there_once_however_often_it_is_added() -> None:
    assert Registry(forecast, forecast).add([forecast]).names() == ["forecast"]


def test_a_registry_in_another_keeps_its_namespaces_below_the_new_one() -> None:
    inner = Registry().add(forecast, namespace="weather", tags=["sky"])

    outer = Registry().add(inner, namespace="acme", tags=["ours"], origin="acme's package")

    [entry] = outer.entries()
    assert (entry.path, entry.name) == ("acme.weather.forecast", "acme__weather__forecast")
    assert (entry.tags, entry.origin) == (frozenset({"sky", "ours"}), "acme's package")


def test_long_and_odd_names_are_made_fit_and_stay_apart() -> None:
    one, two = "very " * 20 + "one", "very " * 20 + "two"
    registry = Registry().add(forecast, namespace=one).add(forecast, namespace=two)

    assert all(len(name) == 64 for name in registry.names())
    assert len(registry) == 2


@pytest.mark.parametrize(
    ("conditions", "names"),
    [
        ({"tags": ["sky"]}, ["weather__forecast"]),
        ({"tags": ["sky", "none"]}, ["weather__forecast"]),
        ({"effects": "destructive"}, ["pay"]),
        ({"effects": ["read_only", "idempotent"]}, ["weather__forecast", "alarm"]),
        ({"where": lambda entry: "weather" in entry.path}, ["weather__forecast"]),
        ({"tags": [], "effects": "destructive"}, []),
    ],
)
def test_a_filter_keeps_what_meets_all_conditions(conditions: dict[str, Any], names: list[str]) -> None:
    registry = Registry().add(forecast, namespace="weather", tags=["sky"]).add(alarm, pay)

    assert registry.filter(**conditions).names() == names
    assert len(registry) == 3


@pytest.mark.parametrize("name", ["weather.*", "weather__*", "weather.forecast", "*cast"])
def test_a_filter_takes_names_in_either_form(name: str) -> None:
    registry = Registry().add(forecast, namespace="weather").add(pay)

    assert registry.filter(name).names() == ["weather__forecast"]


def test_each_tool_that_may_have_been_meant_is_named_once() -> None:
    registry = Registry().add(forecast, namespace="weather").add(forecast, namespace="water").add(forecast, pay)

    with pytest.raises(ToolUnknown, match=r"; did you mean 'weather\.forecast', 'water\.forecast' or 'forecast'\?"):
        registry["weather.forcast"]
    with pytest.raises(ToolUnknown, match=r"'weather__forecast' or 'water__forecast'\?"):
        registry["weather__forcast"]


def test_a_name_that_is_not_there_is_told_with_the_nearest() -> None:
    with pytest.raises(ToolUnknown, match=r"there is no tool 'forcast'; did you mean 'forecast'\?"):
        Registry(forecast)["forcast"]
    with pytest.raises(KeyError):
        Registry()["anything"]
    assert Registry().get("anything") is None
    assert "forecast" in Registry(forecast)


def test_server_side_tools_are_refused_with_where_they_go() -> None:
    server_side: Any = web_search()

    with pytest.raises(Misused, match="web_search runs on xAI's servers") as caught:
        Registry(server_side)

    assert "registry.beside" in str(caught.value)


@pytest.mark.parametrize("what", [3, "name", None])
def test_what_is_no_tool_is_refused(what: Any) -> None:
    with pytest.raises(Misused, match="a registry takes tools"):
        Registry(what)


def test_deferred_tools_bring_the_search_with_them() -> None:
    registry = Registry(forecast, alarm).add(pay, namespace="bank").deferred(keep=["bank.*"])

    assert [each.defer_loading for each in registry] == [True, True, False]
    assert registry.definitions()[-1] == tool_search()
    assert registry.beside(web_search())[-2:] == [web_search(), tool_search()]
    assert registry.beside(tool_search()).count(tool_search()) == 1
    assert len(registry.definitions("chat")) == 3
    assert not forecast.defer_loading


def test_deferred_tools_are_taken_by_the_api() -> None:
    with Simulator() as sim:
        sim.on(last="hello").reply("hi")
        registry = Registry(forecast, pay).deferred(keep=["pay"])

        answer = sim.grok().responses.create(input="hello", tools=registry.definitions())

    assert answer.text == "hi"
    sent = [each for each in json.loads(sim.calls[-1].content)["tools"] if each.get("defer_loading")]
    assert [each["name"] for each in sent] == ["forecast"]


def test_more_tools_than_a_request_takes_are_refused() -> None:
    registry = Registry(forecast.changed(name=f"tool_{number}") for number in range(351))

    with pytest.raises(ToolUnfit, match="351 tools, and a request takes 350"):
        registry.definitions()
    assert len(registry.filter("tool_1*").definitions()) == 111


class Growing:
    """A source whose tools change."""

    namespace = "growing"

    def __init__(self) -> None:
        self.tools: list[Tool[..., Any]] = [forecast]

    def entries(self) -> Iterator[Entry]:
        return (Entry(each, each.name, frozenset({"live"}), "a garden") for each in self.tools)


def test_sources_are_asked_again_on_request_and_keep_their_place() -> None:
    source = Growing()
    registry = Registry(alarm, source, pay)

    source.tools = [alarm, forecast]

    assert registry.names() == ["alarm", "growing__forecast", "pay"]
    assert registry.refresh().names() == ["alarm", "growing__alarm", "growing__forecast", "pay"]


def test_a_refresh_that_would_be_a_conflict_changes_nothing() -> None:
    source = Growing()
    registry = Registry(alarm).add(source, namespace="")

    source.tools = [alarm.changed(description="Another.")]

    with pytest.raises(ToolConflict, match="a garden"):
        registry.refresh()
    assert registry.names() == ["alarm", "forecast"]
