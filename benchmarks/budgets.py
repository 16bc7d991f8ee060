"""The budgets of the project, held against what a run measured."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from imports import Startup
    from lines import Reading
    from scenarios import Result

_RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Verdict:
    """One budget: what was measured, and how it must stand to the limit."""

    budget: str
    measured: float
    limit: float
    unit: str
    relation: Literal["<", "<=", ">="] = "<"

    @property
    def passed(self) -> bool:
        return _RELATIONS[self.relation](self.measured, self.limit)


def startup_verdicts(imports: Mapping[str, Startup]) -> Iterator[Verdict]:
    """`import grokkit`: a tenth of openai's, and short."""
    ours = imports.get("grokkit")
    if ours is None:
        return
    if theirs := imports.get("openai"):
        share = ours.median_wall / theirs.median_wall
        yield Verdict("import grokkit, as a share of import openai", share, 0.1, "x")
    yield Verdict("import grokkit", ours.median_wall, 80, "ms")


def plain_verdicts(results: Mapping[str, Mapping[str, Result]]) -> Iterator[Verdict]:
    """A plain call: near bare aiohttp, far below openai and xai-sdk, at every number in flight.

    *idle*: no layer has anything to do, as the server tells no limits. Else there are limits to keep to, far off.
    """
    for number in (1, 16, 200):
        yield from _at_most(results.get(f"idle-{number}", {}), "aiohttp", 1.5, f"plain call, idle, {number} in flight")
    for number in (1, 16, 200):
        measured = results.get(f"chat-{number}", {})
        label = f"plain call, {number} in flight"
        yield from _at_most(measured, "aiohttp", 1.5, label)
        yield from _times_less(measured, "openai", 8, label)
        yield from _times_less(measured, "xai-sdk", 2, label)


def stream_verdicts(results: Mapping[str, Mapping[str, Result]]) -> Iterator[Verdict]:
    """A chunk of a stream, typed: microseconds, and far below openai."""
    for scenario, label in (
        ("chat-stream", "a chat chunk, coalesced"),
        ("responses-stream", "a responses event, coalesced"),
    ):
        measured = results.get(scenario, {})
        if ours := measured.get("grokkit"):
            yield Verdict(label, ours.median, 6, "us")
        yield from _times_less(measured, "openai", 15, label)
    yield from _times_less(results.get("chat-stream-each", {}), "openai", 15, "a chat chunk, a write per event")


def tool_verdicts(results: Mapping[str, Mapping[str, Result]]) -> Iterator[Verdict]:
    """A call of a tool, arguments to text: at least as fast as with pydantic-ai, and with openai's helper."""
    for scenario in ("sync", "async", "nested"):
        for peer in ("pydantic-ai", "openai"):
            yield from _at_most(results.get(f"tool-{scenario}", {}), peer, 1, f"tool call, {scenario}")


def cache_verdicts(results: Mapping[str, Mapping[str, Result]]) -> Iterator[Verdict]:
    """An answer that is there: a fifth of the call that would fetch it, half of it out of a file; streams, no more."""
    for scenario, label in (("cache-chat-1", "chat"), ("cache-responses-1", "responses"), ("cache-ask-1", "ask()")):
        yield from _share(results.get(scenario, {}), "from memory", 0.2, label)
        yield from _share(results.get(scenario, {}), "from SQLite", 0.5, label)
    for scenario, label in (("cache-stream", "chat stream"), ("cache-responses-stream", "responses stream")):
        yield from _share(results.get(scenario, {}), "from memory", 1, label)


def _share(measured: Mapping[str, Result], peer: str, limit: float, label: str) -> Iterator[Verdict]:
    if "grokkit" in measured and peer in measured:
        share = measured[peer].ratio(measured["grokkit"])
        yield Verdict(f"{label} {peer}, as a share of the call", share, limit, "x")


def reading_verdicts(readings: Mapping[str, Reading]) -> Iterator[Verdict]:
    """One chat request: what there is to read."""
    if reading := readings.get("grokkit"):
        yield Verdict("one chat request: files to read", reading.files, 6, "files", "<=")
        yield Verdict("one chat request: lines in them", reading.lines, 1500, "lines")


def _at_most(measured: Mapping[str, Result], peer: str, limit: float, label: str) -> Iterator[Verdict]:
    if "grokkit" in measured and peer in measured:
        yield Verdict(f"{label}: times {peer}", measured["grokkit"].ratio(measured[peer]), limit, "x")


def _times_less(measured: Mapping[str, Result], peer: str, limit: float, label: str) -> Iterator[Verdict]:
    if "grokkit" in measured and peer in measured:
        ratio = measured[peer].ratio(measured["grokkit"])
        yield Verdict(f"{label}: times less than {peer}", ratio, limit, "x", ">=")
