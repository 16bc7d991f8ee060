"""How long a call may take, and each part of it: five clocks in one value."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeAlias, cast

from grokkit.errors import ConfigInvalid

from .not_given import NOT_GIVEN, NotGiven
from .unfit import Unfit, found, quoted

Seconds: TypeAlias = float | timedelta | None
"""Seconds as a number or a `timedelta`; `None` is no limit."""

Auto: TypeAlias = Literal["auto"]
"""The limit follows from the model: see `Timeouts`."""

AUTO_REASONING = {"first_event": 600.0, "idle": 600.0, "wire": 300.0}
AUTO_OTHERS = {"first_event": 120.0, "idle": 120.0, "wire": 90.0}
DEFAULTS: dict[str, object] = {
    "total": 3600.0,
    "connect": 10.0,
    "first_event": "auto",
    "idle": "auto",
    "wire": "auto",
}
ABOUT = {
    "total": "The whole call, with its retries and the reading of its stream.",
    "connect": "One attempt to open a connection.",
    "first_event": "From sending the request to the first event of the answer.",
    "idle": "Between two events; pings and comments do not count.",
    "wire": "Between two bytes of any kind.",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What `Timeouts` come to for one model: seconds, or `None` for no limit."""

    total: float | None = None
    connect: float | None = None
    first_event: float | None = None
    idle: float | None = None
    wire: float | None = None


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Timeouts:
    """How long a call may take, in seconds or as a `timedelta`; `None` is no limit.

    total: the whole call, with its retries and the reading of its stream (default 3600).
    connect: one attempt to open a connection (default 10).
    first_event: from sending the request to the first event of the answer (default `"auto"`).
    idle: between two events; pings and comments do not count (default `"auto"`).
    wire: between two bytes of any kind (default `"auto"`).

    `"auto"` is 600, 600 and 300 seconds for models that reason and for unknown ones; 120, 120 and 90 for
    the others. Raises `ConfigInvalid` for anything that is no duration.

    >>> Timeouts(total=60, idle=timedelta(minutes=2))
    Timeouts(total=60.0, idle=120.0)
    """

    total: float | None
    connect: float | None
    first_event: float | Auto | None
    idle: float | Auto | None
    wire: float | Auto | None
    given: frozenset[str] = field(compare=False)
    """The parts that were set on purpose: what `merge` takes from these timeouts."""

    def __init__(
        self,
        *,
        total: Seconds | NotGiven = NOT_GIVEN,
        connect: Seconds | NotGiven = NOT_GIVEN,
        first_event: Seconds | Auto | NotGiven = NOT_GIVEN,
        idle: Seconds | Auto | NotGiven = NOT_GIVEN,
        wire: Seconds | Auto | NotGiven = NOT_GIVEN,
    ) -> None:
        values = {"total": total, "connect": connect, "first_event": first_event, "idle": idle, "wire": wire}
        given = {name: value for name, value in values.items() if value is not NOT_GIVEN}
        for name, value in (DEFAULTS | given).items():
            object.__setattr__(self, name, _checked(name, value))
        object.__setattr__(self, "given", frozenset(given))

    @classmethod
    def of(cls, value: "Seconds | Timeouts | Mapping[str, object]") -> "Timeouts":
        """Timeouts from any accepted form: one duration (or `None`) is the total, a mapping names its parts.

        >>> Timeouts.of(30)
        Timeouts(total=30.0)
        >>> Timeouts.of({"idle": 60})
        Timeouts(idle=60.0)
        """
        return value if isinstance(value, Timeouts) else _of_parts(parts(value))

    def merge(self, other: "Seconds | Timeouts | Mapping[str, object]") -> "Timeouts":
        """These timeouts, with the parts that `other` sets in place of their own.

        >>> Timeouts(total=60).merge(Timeouts(idle=5))
        Timeouts(total=60.0, idle=5.0)
        >>> Timeouts(idle=5).merge(10)
        Timeouts(total=10.0, idle=5.0)
        """
        return _of_parts(parts(self) | parts(other))

    def replace(self, **changes: Seconds | Auto) -> "Timeouts":
        """These timeouts with some parts changed.

        >>> Timeouts(total=60).replace(connect=2)
        Timeouts(total=60.0, connect=2.0)
        """
        return self.merge(changes)

    def limits(self, *, reasoning: bool) -> Limits:
        """The five limits with every `"auto"` decided; unknown models count as reasoning.

        >>> Timeouts(idle=None).limits(reasoning=True)
        Limits(total=3600.0, connect=10.0, first_event=600.0, idle=None, wire=300.0)
        """
        auto = AUTO_REASONING if reasoning else AUTO_OTHERS
        return Limits(
            total=self.total,
            connect=self.connect,
            first_event=auto["first_event"] if self.first_event == "auto" else self.first_event,
            idle=auto["idle"] if self.idle == "auto" else self.idle,
            wire=auto["wire"] if self.wire == "auto" else self.wire,
        )

    def __repr__(self) -> str:
        shown = [f"{name}={value!r}" for name, value in every_part(self).items() if value != DEFAULTS[name]]
        return f"Timeouts({', '.join(shown)})"


def parts(value: object) -> dict[str, object]:
    """The parts that a timeout in any accepted form sets; a single value is the total."""
    if isinstance(value, Timeouts):
        return {name: part for name, part in every_part(value).items() if name in value.given}
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    return {"total": value}


def every_part(value: Timeouts) -> dict[str, object]:
    """All five parts, by name."""
    return {name: getattr(value, name) for name in DEFAULTS}


def read_part(name: str, value: object) -> float | Auto | None:
    """One part from a number, a `timedelta`, `None`, `"none"` or `"auto"`; raises `Unfit` otherwise."""
    by_model = DEFAULTS[name] == "auto"
    if by_model and value == "auto":
        return "auto"
    if value is None or value == "none":
        return None
    amount = _amount(value)
    if amount is None:
        takes = "a number of seconds above 0, auto, or none" if by_model else "a number of seconds above 0, or none"
        raise Unfit(f"takes {takes} for no limit; found {found(value)}")
    return None if math.isinf(amount) else amount


def _amount(value: object) -> float | None:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        amount = float(seconds)
    except OverflowError:
        return None
    return amount if amount > 0 else None


def _of_parts(given: Mapping[str, object]) -> Timeouts:
    unknown = next((name for name in given if name not in DEFAULTS), None)
    if unknown is not None:
        message = f"timeout has no part {quoted(str(unknown))}"
        raise ConfigInvalid(message, hint=f"its parts are {', '.join(DEFAULTS)}", param="timeout")
    return Timeouts(**cast("dict[str, Seconds]", given))


def _checked(name: str, value: object) -> float | Auto | None:
    try:
        return read_part(name, value)
    except Unfit as unfit:
        message = f"timeout.{name} {unfit}"
    raise ConfigInvalid(message, hint="write for example Timeouts(total=60, idle=30)", param=f"timeout.{name}")
