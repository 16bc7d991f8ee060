"""What is measured, and how: the scenarios, and interleaved rounds over all peers."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from functions import RESULTS
from processes import RunFailed
from stub import EACH, LIMITLESS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from processes import LineProcess


MOST_CALLS = 100_000
"""Calls of one round, at most."""


@dataclass(frozen=True)
class Scenario:
    """One kind of call, measured for every peer that can make it."""

    name: str
    heading: tuple[str, str]
    operation: str
    face: str = "async"
    concurrency: int = 1
    stub: str = ""
    """Which of the stub's ways to answer, by the start of its path."""
    result: str | None = None
    """What a call of a tool must bring; other calls bring what the stub sends."""

    @property
    def streams(self) -> bool:
        return "stream" in self.operation


PLAIN = (
    Scenario("chat-1", ("chat", "1 in flight"), "chat"),
    Scenario("chat-16", ("chat", "16"), "chat", concurrency=16),
    Scenario("chat-200", ("chat", "200"), "chat", concurrency=200),
    Scenario("idle-1", ("idle chat", "1"), "chat", stub=LIMITLESS),
    Scenario("idle-16", ("idle chat", "16"), "chat", concurrency=16, stub=LIMITLESS),
    Scenario("idle-200", ("idle chat", "200"), "chat", concurrency=200, stub=LIMITLESS),
    Scenario("responses-1", ("responses", "1"), "responses"),
    Scenario("ask-1", ("ask()", "1"), "ask"),
    Scenario("chat-blocking", ("chat", "blocking"), "chat", face="blocking"),
)
STREAM = (
    Scenario("chat-stream", ("chat", "coalesced"), "chat_stream"),
    Scenario("chat-stream-each", ("chat", "write/event"), "chat_stream", stub=EACH),
    Scenario("chat-stream-text", (".text()", "coalesced"), "chat_stream_text"),
    Scenario("responses-stream", ("responses", "coalesced"), "responses_stream"),
    Scenario("chat-stream-blocking", ("chat", "blocking"), "chat_stream", face="blocking"),
)
_ORDER = RESULTS["order_status"]
TOOLS = (
    Scenario("tool-sync", ("sync", "in a thread"), "weather", result=RESULTS["weather"]),
    Scenario("tool-async", ("async", "small"), "order_status", result=_ORDER),
    Scenario("tool-nested", ("async", "nested"), "plan_trip", result=RESULTS["plan_trip"]),
    Scenario("tool-run", ("in a run", "async, small"), "run", result=_ORDER),
    Scenario("tool-run-cached", ("in a run", "cached"), "run_cached", result=_ORDER),
)
CACHE = (
    Scenario("cache-chat-1", ("chat", "1 in flight"), "chat"),
    Scenario("cache-chat-16", ("chat", "16"), "chat", concurrency=16),
    Scenario("cache-responses-1", ("responses", "1"), "responses"),
    Scenario("cache-ask-1", ("ask()", "1"), "ask"),
)
CACHE_STREAM = (
    Scenario("cache-stream", ("chat", "coalesced"), "chat_stream"),
    Scenario("cache-stream-text", (".text()", "coalesced"), "chat_stream_text"),
    Scenario("cache-responses-stream", ("responses", "coalesced"), "responses_stream"),
)


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    rounds: int
    seconds: float
    """CPU time that one round of one peer should take."""
    imports: int
    first_answers: int
    chunks: int


@dataclass
class Result:
    """The rounds of one peer in one scenario: client CPU in microseconds per call, or per chunk."""

    rounds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def spread(self) -> float:
        """Half of the way from the lowest to the highest round."""
        return (max(self.rounds) - min(self.rounds)) / 2

    def ratio(self, other: Result) -> float:
        """How many times the other's cost this is: the median over the rounds, which were run in turns."""
        return statistics.median(mine / theirs for mine, theirs in zip(self.rounds, other.rounds, strict=True))


@dataclass(frozen=True)
class Stand:
    """One peer ready to be measured: its process, the address it calls."""

    process: LineProcess
    url: str

    def url_of(self, scenario: Scenario) -> str:
        """Where this scenario's calls go."""
        return self.url.replace("/v1", f"{scenario.stub}/v1")


@dataclass(frozen=True)
class Expected:
    """What the stub's answers hold, to check that the work was done."""

    plain_characters: int
    stream_characters: int
    chunks: int

    def characters(self, scenario: Scenario) -> int:
        """The characters of text that one call brings."""
        if scenario.result is not None:
            return len(scenario.result)
        return self.stream_characters if scenario.streams else self.plain_characters


async def measure(
    scenario: Scenario, stands: Mapping[str, Stand], expected: Expected, effort: Effort
) -> tuple[dict[str, Result], list[str]]:
    """The result of each peer that can do this, and what went wrong with the others."""
    calls: dict[str, int] = {}
    failures: list[str] = []
    for name, stand in stands.items():
        try:
            if (count := await _calls_a_round(scenario, stand, expected, effort)) is not None:
                calls[name] = count
        except RunFailed as failure:
            failures.append(f"{name}, {scenario.name}: {failure}")
    results = {name: Result() for name in calls}
    for number in range(effort.rounds):
        for name in _in_turn(list(calls), number):
            try:
                results[name].rounds.append(await _round(scenario, stands[name], expected, calls[name]))
            except RunFailed as failure:
                failures.append(f"{name}, {scenario.name}: {failure}")
                del calls[name], results[name]
    return results, failures


async def _calls_a_round(scenario: Scenario, stand: Stand, expected: Expected, effort: Effort) -> int | None:
    """How many calls take the wanted time, found while warming up; None when the peer has no such call."""
    few = 3 if scenario.streams else max(50, 2 * scenario.concurrency)
    for _ in range(2):
        answer = await _ask(scenario, stand, few)
        if answer.get("unsupported"):
            return None
        cost = _checked_cost(scenario, expected, few, answer)
    return max(few, min(round(effort.seconds / cost), MOST_CALLS))


async def _round(scenario: Scenario, stand: Stand, expected: Expected, calls: int) -> float:
    """Microseconds per call or per chunk, after a few calls that open connections again."""
    await _ask(scenario, stand, max(1, scenario.concurrency))
    cost = _checked_cost(scenario, expected, calls, await _ask(scenario, stand, calls))
    return 1e6 * cost / (expected.chunks if scenario.streams else 1)


async def _ask(scenario: Scenario, stand: Stand, calls: int) -> dict[str, object]:
    return await stand.process.ask(
        {
            "client": scenario.name,
            "face": scenario.face,
            "operation": scenario.operation,
            "url": stand.url_of(scenario),
            "calls": calls,
            "concurrency": scenario.concurrency,
        }
    )


def _checked_cost(scenario: Scenario, expected: Expected, calls: int, answer: Mapping[str, object]) -> float:
    if "error" in answer:
        raise RunFailed(str(answer["error"]))
    characters = calls * expected.characters(scenario)
    if answer["characters"] != characters:
        raise RunFailed(f"{calls} calls brought {answer['characters']} characters of text instead of {characters}")
    cpu = answer["cpu"]
    assert isinstance(cpu, float)
    return cpu / calls


def _in_turn(names: Sequence[str], number: int) -> list[str]:
    """The names, beginning with another one in each round."""
    start = number % max(1, len(names))
    return [*names[start:], *names[:start]]
