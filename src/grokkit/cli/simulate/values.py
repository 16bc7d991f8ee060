"""What options of `grokkit simulate` may be given: latencies, rate limits, faults."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import click

from grokkit.errors import GrokError

if TYPE_CHECKING:
    from collections.abc import Callable

RateLimit: TypeAlias = dict[str, Any]
"""Arguments of `Simulator.limit`."""

_LIMIT = re.compile(r"(?P<amount>\d+)\s*(?P<what>tokens|requests)?/(?P<time>s|min)")
_TIER = re.compile(r"tier\s*(?P<tier>\d+)")
_LIMITS = {
    ("requests", "s"): "requests_per_second",
    ("requests", "min"): "requests_per_minute",
    ("tokens", "min"): "tokens_per_minute",
}


class WrittenFault(NamedTuple):
    """Arguments of `Simulator.faults`."""

    probability: float
    fields: dict[str, Any]


def read_rate_limit(text: str) -> RateLimit:
    """The limit that a text means. Raises `ValueError` for one that means none.

    >>> read_rate_limit("60/min"), read_rate_limit("100000tokens/min"), read_rate_limit("tier1")
    ({'requests_per_minute': 60}, {'tokens_per_minute': 100000}, {'tier': 1})
    """
    if tier := _TIER.fullmatch(text.strip()):
        return {"tier": int(tier["tier"])}
    found = _LIMIT.fullmatch(text.strip())
    name = _LIMITS.get((found["what"] or "requests", found["time"])) if found else None
    if found is None or name is None:
        raise ValueError(f"{text!r} is no rate limit: write 2/s, 60/min, 100000tokens/min or tier1")
    return {name: int(found["amount"])}


def read_fault(text: str) -> WrittenFault:
    """The fault that a text means: fields of `Fault`, and how likely it is. Raises `ValueError` for none.

    >>> read_fault("status=503,retry_after=2@0.1")
    WrittenFault(probability=0.1, fields={'status': 503, 'retry_after': 2})
    >>> read_fault("hang_up")
    WrittenFault(probability=1.0, fields={'hang_up': True})
    """
    from grokkit.cli.simulate.fault_fields import checked_fault

    written, at, often = text.rpartition("@")
    try:
        probability = float(often) if at else 1.0
    except ValueError:
        probability = -1.0
    if not 0 <= probability <= 1:
        raise ValueError(f"{often!r} is no probability: write a number from 0 to 1 after the @")
    pairs = [part.partition("=") for part in (written if at else text).split(",")]
    fields = {name.strip(): _value(value.strip()) if sign else True for name, sign, value in pairs}
    checked_fault(fields)
    return WrittenFault(probability, fields)


def read_latency(text: str) -> float | str:
    """Seconds, or a distribution of them. Raises `Misused` for one that does not exist."""
    from grokkit.testing.simulator.latency import check_latency

    try:
        latency: float | str = float(text)
    except ValueError:
        latency = text
    check_latency(latency)
    return latency


def _value(text: str) -> bool | int | float | str:
    if text in {"true", "false"}:
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def reading(read: Callable[[str], object]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """What an option is told to do with what it was given: one text, several, or none."""

    def convert(text: str) -> object:
        try:
            return read(text)
        except GrokError as error:
            raise click.BadParameter(f"{error.message}; {error.hint}") from error
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    def callback(_: click.Context, __: click.Parameter, given: str | tuple[str, ...] | None) -> Any:
        if isinstance(given, tuple):
            return tuple(map(convert, given))
        return None if given is None else convert(given)

    return callback
