"""The tables of a script file as types: what `Simulator` takes, as far as a file can say it."""

from typing import Any, TypedDict

from grokkit.testing.simulator.thought import Citation, ServerCall

Words = str | dict[str, str]
"""A text, or `{pattern = "..."}`."""


class Conditions(TypedDict, total=False):
    """Which requests a rule is for: those of `Simulator.on`, but for functions."""

    model: Words
    last: Words
    tool: str
    header: str | dict[str, str | dict[str, str]]
    path: Words
    method: str
    json: Any
    nth: int | list[int]
    times: int


class Reply(TypedDict, total=False):
    """What is answered: the parts of `Rule.reply`, but for functions and values of Python."""

    text: str
    reasoning: str
    tool_calls: list[dict[str, Any]]
    server_calls: list[ServerCall]
    citations: list[str | Citation]
    refusal: str
    finish_reason: str
    pieces: list[str]
    usage: dict[str, int]
    fragments: bool
    json: Any
    body: str
    status: int
    error: str | int
    headers: dict[str, str]
    retry_after: Any
    delay: float | str
    pace: float
    fault: dict[str, Any]


class Limit(TypedDict, total=False):
    """The arguments of `Simulator.limit`."""

    tier: int
    model: str
    requests_per_second: int
    requests_per_minute: int
    tokens_per_minute: int
    retry_after: Any


class _OutageNeeds(TypedDict):
    seconds: float


class Outage(_OutageNeeds, total=False):
    """The arguments of `Simulator.outage`."""

    after: float
    model: str
    retry_after: Any
