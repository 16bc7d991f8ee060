"""The options that say how the model answers, for all commands that ask one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")


class MannerOptions(TypedDict):
    """What `manner_options` gives, besides `plain`."""

    model: str | None
    system: str | None
    temperature: float | None
    max_tokens: int | None
    effort: str | None


def _complete_model(_ctx: click.Context, _parameter: click.Parameter, start: str) -> list[str]:
    from grokkit.models import KNOWN

    return [model.id for model in KNOWN if model.retired_on is None and model.id.startswith(start)]


def manner_options(function: F) -> F:
    """`--model`, `--system`, `--temperature`, `--max-tokens`, `--effort`, `--plain`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


_OPTIONS = (
    click.option("-m", "--model", metavar="NAME", shell_complete=_complete_model, help="The model to ask."),
    click.option("-s", "--system", metavar="TEXT", help="The system prompt."),
    click.option("--temperature", type=click.FloatRange(0, 2), metavar="0..2", help="How freely words are chosen."),
    click.option("--max-tokens", type=click.IntRange(min=1), metavar="N", help="The most tokens of the answer."),
    click.option("--effort", metavar="LEVEL", help="Reasoning effort: none, low, medium, high, xhigh (by model)."),
    click.option("--plain", is_flag=True, help="Plain text on a terminal too, no Markdown."),
)
