"""The shapes of values that are written as text of a certain form: dates, times, ids, exact numbers, bytes."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from grokkit.tools.shapes.shape import SchemaBook, Shape, expected

if TYPE_CHECKING:
    from collections.abc import Callable

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
_ZONE = "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_HOURS = r"T([0-9]+H([0-9]+M)?([0-9]+(\.[0-9]{1,6})?S)?|[0-9]+M([0-9]+(\.[0-9]{1,6})?S)?|[0-9]+(\.[0-9]{1,6})?S)"
_BASE64 = "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
_UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class Formatted(Shape):
    """A value written as text: the text must match `pattern` whole, then `make` makes the value of it.

    `format` is said to the model where Grok enforces it; otherwise it gets the pattern, if there is one to keep to.
    """

    kinds = frozenset({"string"})
    rank = 3

    def __init__(
        self, what: str, pattern: str | None, make: Callable[[str], object], format_: str | None = None
    ) -> None:
        self.what = what
        self._kept = {} if pattern is None else {"pattern": f"^{pattern}$"}
        self._matches = re.compile(".*" if pattern is None else pattern, re.DOTALL).fullmatch
        self._make = make
        self._format = format_

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """Text of this form."""
        del book
        form = {"format": self._format} if self._format else {**self._kept, "description": self.what}
        return {"type": "string", **form}

    def read(self, value: Any) -> object:
        """What the text stands for."""
        if type(value) is str and self._matches(value):
            try:
                return self._make(value)
            except (ValueError, ArithmeticError, binascii.Error):
                pass
        raise expected(self.what, value)


def _moment(text: str) -> datetime:
    return msgspec.convert(text.upper(), datetime)


def _duration(text: str) -> timedelta:
    return msgspec.convert(text, timedelta)


def instant() -> Formatted:
    """A `datetime` that knows its offset."""
    pattern = f"{_DAY}[Tt]{_CLOCK.replace('{1,6}', '+')}(?:[Zz]|{_ZONE})"
    return Formatted("a date and time with offset such as 2026-11-02T12:30:00Z", pattern, _moment, "date-time")


def local_instant() -> Formatted:
    """A `datetime` without offset."""
    return Formatted("a date and time without offset such as 2026-11-02T12:30:00", f"{_DAY}T{_CLOCK}", _moment)


def clock_time() -> Formatted:
    """A `time` of day without offset."""
    return Formatted("a time of day such as 12:30:00", _CLOCK, time.fromisoformat)


def zoned_time() -> Formatted:
    """A `time` that knows its offset."""
    return Formatted("a time with offset such as 12:30:00Z", _CLOCK + _ZONE, time.fromisoformat, "time")


FORMATTED: dict[object, Callable[[], Formatted]] = {
    datetime: instant,
    date: lambda: Formatted("a date such as 2026-11-02", _DAY, date.fromisoformat, "date"),
    time: clock_time,
    timedelta: lambda: Formatted("a duration such as PT90S or P1DT2H", f"-?P([0-9]+D({_HOURS})?|{_HOURS})", _duration),
    UUID: lambda: Formatted("a UUID such as 6f1c1f0e-8f0b-4c3e-9a41-2f6d3c5b7a10", _UUID, UUID, "uuid"),
    Decimal: lambda: Formatted(
        "a decimal number in quotes such as 19.99", r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", Decimal
    ),
    Path: lambda: Formatted("a path of a file or folder", None, Path),
    IPv4Address: lambda: Formatted("an address such as 192.0.2.1", "[0-9.]+", IPv4Address, "ipv4"),
    IPv6Address: lambda: Formatted("an address such as 2001:db8::1", "[0-9a-fA-F:.]+", IPv6Address, "ipv6"),
    bytes: lambda: Formatted("base64 text", _BASE64, base64.b64decode),
    bytearray: lambda: Formatted("base64 text", _BASE64, lambda text: bytearray(base64.b64decode(text))),
}
"""The types that have a form of their own."""
