"""A real model calls a function through an agent: the call is forced, the function runs, the model goes on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from grokkit import Grok, tool
from grokkit.agents import ToolFinished, ToolStarted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.engine

QUESTION = "What is the weather in Oslo?"
LONGEST: dict[str, dict[str, Any]] = {"responses": {"max_output_tokens": 40}, "chat": {"max_completion_tokens": 40}}


class Window:
    """Looks out, and knows where it was asked about."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    @tool(effects="read_only")
    async def weather(self, city: str) -> str:
        """The weather of a city now."""
        self.asked.append(city)
        return f"{city}: 12 degrees, rain"


@pytest.fixture(scope="module")
def grok(model_path: Path) -> Iterator[Grok]:
    with Grok.local(model_path) as grok:
        yield grok


@pytest.mark.parametrize("dialect", ["responses", "chat"])
def test_a_forced_call_runs_the_function_and_the_model_answers(grok: Grok, dialect: Any) -> None:
    window = Window()
    options = {"temperature": 0, **LONGEST[dialect]}
    agent = grok.agent(tools=[window.weather], tool_choice="weather", dialect=dialect, options=options)

    with agent.stream(QUESTION) as run:
        events = list(run)
    [started] = [event for event in events if isinstance(event, ToolStarted)]
    [finished] = [event for event in events if isinstance(event, ToolFinished)]

    assert started.call == finished.result.call
    assert (finished.result.status, finished.result.output) == ("done", f"{window.asked[0]}: 12 degrees, rain")
    assert len(window.asked) == 1
    assert (run.result.stopped, run.result.turns) == ("done", 2)
    assert run.result.value


def test_ask_with_a_function_runs_it_and_counts_both_answers(grok: Grok) -> None:
    window = Window()

    answer = grok.ask(QUESTION, tools=[window.weather], tool_choice="required", temperature=0, max_output_tokens=40)

    assert len(window.asked) == 1
    assert answer.text
    assert answer.usage.output_tokens > 0
