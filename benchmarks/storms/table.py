"""The report of a run, to read: a table a storm, then what was promised."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .weather import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .figures import Figures
    from .promises import Promise
    from .weather import Storm

_COMMON = ("calls", "attempts/call", "good/s", "answered", "p50 s", "p99 s", "overrun ms", "stalls ms")
_OF_KIND = {
    "c": ("of the limit", "late 429s"),
    "f": ("in outage/call", "after/call", "back after s"),
}
_MOST_ERRORS = 3


def storm_table(storm: Storm, found: Mapping[str, Figures]) -> str:
    """What each client made of one storm."""
    title = f"{storm.kind}. {KINDS[storm.kind].title}; a call may take {storm.limit:.3g} s"
    if storm.kind == "c":
        title += f"; {storm.rate_limit} requests a second"
    rows: list[Sequence[str]] = [("", *_COMMON, *_OF_KIND.get(storm.kind, ()))]
    rows += [(client, *_row(storm, figures)) for client, figures in found.items()]
    errors = [f"  {client}: {_errors(figures)}" for client, figures in found.items() if figures.errors]
    return "\n".join([title, aligned(rows), *errors])


def promise_table(promises: Iterable[Promise]) -> str:
    """What was promised of ours, and whether it is kept."""
    rows: list[Sequence[str]] = [("grokkit", "measured", "promised", "")]
    for promise in promises:
        measured = f"{promise.measured:.4g} {promise.unit}"
        limit = f"{promise.relation} {promise.limit:g} {promise.unit}"
        rows.append((promise.about, measured.strip(), limit.strip(), "KEPT" if promise.kept else "MISSED"))
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """The first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        for row in rows
    )
    return "\n".join("  ".join(line).rstrip() for line in lines)


def _row(storm: Storm, figures: Figures) -> list[str]:
    row = [
        str(figures.calls),
        f"{figures.per_call:.3f}",
        f"{figures.goodput:.1f}",
        f"{figures.answered / max(1, figures.calls):.1%}",
        f"{figures.p50:.3f}",
        f"{figures.p99:.3f}",
        f"{1000 * figures.overrun:.0f}",
        "/".join(f"{1000 * stall:.0f}" for stall in figures.stalls),
    ]
    if storm.kind == "c":
        row += [f"{figures.of_limit or 0:.1%}", str(figures.late_refusals)]
    if storm.kind == "f":
        row += [f"{figures.per_call_in_outage or 0:.3f}", f"{figures.per_call_after or 0:.3f}", _back(figures)]
    return row


def _back(figures: Figures) -> str:
    after = figures.back_after
    return "not yet" if after is None or math.isinf(after) else f"{after:.0f}"


def _errors(figures: Figures) -> str:
    most = list(figures.errors.items())[:_MOST_ERRORS]
    rest = sum(figures.errors.values()) - sum(count for _, count in most)
    return ", ".join([*(f"{name} {count}" for name, count in most), *([f"others {rest}"] if rest else [])])
