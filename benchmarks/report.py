"""What a run says: aligned tables for people, one value for machines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from budgets import (
    Verdict,
    cache_verdicts,
    plain_verdicts,
    reading_verdicts,
    startup_verdicts,
    stream_verdicts,
    tool_verdicts,
)
from scenarios import CACHE, CACHE_STREAM, PLAIN, STREAM, TOOLS, Result, Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from imports import Startup
    from lines import Reading

NOTHING = "-"
TABLES = (
    ("plain call, client CPU in us per call", "aiohttp", PLAIN),
    ("stream, client CPU in us per chunk", "aiohttp", STREAM),
    ("tool call, client CPU in us per call", "by hand", TOOLS),
    ("answer out of the cache, client CPU in us per call", "aiohttp", CACHE),
    ("stream out of the cache, client CPU in us per chunk", "aiohttp", CACHE_STREAM),
)
"""Title, the floor that all are compared with, and the columns."""


@dataclass
class Run:
    """Everything that a run measured."""

    conditions: dict[str, object]
    versions: dict[str, str] = field(default_factory=dict)
    imports: dict[str, Startup] = field(default_factory=dict)
    first_answers: dict[str, Startup] = field(default_factory=dict)
    results: dict[str, dict[str, Result]] = field(default_factory=dict)
    reading: dict[str, Reading] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def verdicts(self) -> list[Verdict]:
        """Every budget that this run can speak about."""
        return [
            *startup_verdicts(self.imports),
            *plain_verdicts(self.results),
            *stream_verdicts(self.results),
            *tool_verdicts(self.results),
            *cache_verdicts(self.results),
            *reading_verdicts(self.reading),
        ]


def as_text(run: Run) -> str:
    """The report to read."""
    parts = [_conditions(run)]
    if run.imports or run.first_answers:
        parts.append(_startup(run))
    for title, floor, scenarios in TABLES:
        if any(run.results.get(scenario.name) for scenario in scenarios):
            bare = "bare aiohttp" if floor == "aiohttp" else floor
            parts.append(f"{title} (median +-half the range of the rounds, ratio to {bare})")
            parts.append(_scenarios(run, scenarios, floor))
    if run.reading:
        parts.append(_reading(run.reading))
    if verdicts := run.verdicts():
        parts.append(_budgets(verdicts))
    parts.extend(f"FAILED  {failure}" for failure in run.failures)
    return "\n\n".join(parts)


def as_json(run: Run) -> dict[str, object]:
    """The report to keep and compare."""
    return {
        "conditions": run.conditions,
        "versions": run.versions,
        "import_ms": _startup_json(run.imports),
        "first_answer_ms": _startup_json(run.first_answers),
        "client_cpu_us": {
            name: {peer: {"median": result.median, "rounds": result.rounds} for peer, result in results.items()}
            for name, results in run.results.items()
        },
        "one_chat_request": {
            peer: {"files": it.files, "lines": it.lines, "function_lines": it.function_lines}
            for peer, it in run.reading.items()
        },
        "budgets": [
            {
                "budget": verdict.budget,
                "measured": verdict.measured,
                "limit": verdict.limit,
                "relation": verdict.relation,
                "passed": verdict.passed,
            }
            for verdict in run.verdicts()
        ],
        "failures": run.failures,
    }


def _conditions(run: Run) -> str:
    said = ", ".join(f"{name} {value}" for name, value in run.conditions.items())
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    return f"{said}\n{versions}" if versions else said


def _startup(run: Run) -> str:
    rows = [["start-up, ms", "import", "(CPU)", "first answer", "(CPU)"]]
    for name in _peers(run.imports, run.first_answers):
        row = [name]
        for startup in (run.imports.get(name), run.first_answers.get(name)):
            row += [f"{startup.median_wall:.1f}", f"{startup.median_cpu:.1f}"] if startup else [NOTHING, NOTHING]
        rows.append(row)
    return _aligned(rows)


def _milliseconds(startup: Startup | None) -> tuple[str, str]:
    if startup is None:
        return NOTHING, NOTHING
    return f"{startup.median_wall:.1f}", f"{startup.median_cpu:.1f}"


def _scenarios(run: Run, scenarios: Sequence[Scenario], floor: str) -> str:
    measured = [run.results.get(scenario.name, {}) for scenario in scenarios]
    rows = [
        ["", *(cell for scenario in scenarios for cell in (scenario.heading[0], ""))],
        ["", *(cell for scenario in scenarios for cell in (scenario.heading[1], ""))],
    ]
    rows += [
        [name, *(cell for results in measured for cell in _cells(results.get(name), results.get(floor)))]
        for name in _peers(*measured)
    ]
    return _aligned(rows)


def _cells(result: Result | None, floor: Result | None) -> Iterator[str]:
    if result is None:
        yield from (NOTHING, "")
        return
    digits = 0 if result.median >= 100 else 1
    yield f"{result.median:.{digits}f} +-{result.spread:.{digits}f}"
    yield f"{result.ratio(floor):.2f}x" if floor else ""


def _reading(readings: Mapping[str, Reading]) -> str:
    rows = [["to read for one chat request", "files", "lines", "in the functions entered"]]
    rows += [[peer, str(it.files), str(it.lines), str(it.function_lines)] for peer, it in readings.items()]
    return _aligned(rows)


def _budgets(verdicts: Sequence[Verdict]) -> str:
    rows = [["budget", "measured", "limit", ""]]
    for verdict in verdicts:
        measured = f"{_short(verdict.measured)} {verdict.unit}"
        limit = f"{verdict.relation} {verdict.limit:g} {verdict.unit}"
        rows.append([verdict.budget, measured, limit, "PASS" if verdict.passed else "MISS"])
    return _aligned(rows)


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """The first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = (
        [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        for row in rows
    )
    return "\n".join("  ".join(line).rstrip() for line in lines)


def _peers(*tables: Mapping[str, object]) -> list[str]:
    return list(dict.fromkeys(name for table in tables for name in table))


def _startup_json(startups: Mapping[str, Startup]) -> dict[str, object]:
    return {
        name: {"median_wall": startup.median_wall, "median_cpu": startup.median_cpu, "wall": startup.wall}
        for name, startup in startups.items()
    }
