"""Filters in the syntax of AIP-160: `name = "report" AND size_bytes > 1000`, as files and documents take them."""

from __future__ import annotations

import difflib
import re
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from grokkit.testing.simulator.refusal import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Record: TypeAlias = "Mapping[str, object]"
    Test: TypeAlias = "Callable[[Record], bool]"

Kind: TypeAlias = Literal["fuzzy", "partial", "exact", "number", "moment", "any"]
"""How the values of a field are compared."""

_TOKEN = re.compile(r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign>!=|>=|<=|[()=<>:])|(?P<word>[^\s()=<>!:"]+))')
_SIGNS = {"=", "!=", ">", ">=", "<", "<=", ":"}
_SIMILAR = 0.75


def compile_filter(text: str, fields: Mapping[str, Kind], *, others: Kind | None = None) -> Test:
    """A filter as a test of records. Fields not in `fields` are compared as `others`, or refused. Raises 400.

    >>> test = compile_filter('name = "report" AND NOT size > 10', {"name": "fuzzy", "size": "number"})
    >>> test({"name": "Report.txt", "size": 5}), test({"name": "Report.txt", "size": 50})
    (True, False)
    """
    reader = _Reader(_tokens(text), fields, others)
    test = reader.alternatives()
    reader.expect_end()
    return test


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    place = 0
    while text[place:].strip():
        token = _TOKEN.match(text, place)
        if token is None:
            raise invalid(f"Invalid filter: unexpected character at {place}.")
        found.append(token[0].strip())
        place = token.end()
    return found


class _Reader:
    def __init__(self, tokens: list[str], fields: Mapping[str, Kind], others: Kind | None) -> None:
        self._tokens = tokens
        self._fields: Mapping[str, Kind] = fields
        self._others: Kind | None = others

    def alternatives(self) -> Test:
        tests = [self._sequence()]
        while self._take("OR"):
            tests.append(self._sequence())
        return tests[0] if len(tests) == 1 else lambda record: any(test(record) for test in tests)

    def expect_end(self) -> None:
        if self._tokens:
            raise invalid(f"Invalid filter: unexpected `{self._tokens[0]}`.")

    def _sequence(self) -> Test:
        tests = [self._one()]
        while self._tokens and self._tokens[0] not in {"OR", ")"}:
            self._take("AND")
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda record: all(test(record) for test in tests)

    def _one(self) -> Test:
        if self._take("NOT"):
            test = self._one()
            return lambda record: not test(record)
        if self._take("("):
            inner = self.alternatives()
            if not self._take(")"):
                raise invalid("Invalid filter: missing `)`.")
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        field, sign, value = self._next("a field"), self._next("a comparison"), self._next("a value")
        if sign not in _SIGNS:
            raise invalid(f"Invalid filter: expected a comparison after `{field}`, found `{sign}`.")
        kind = self._kind(field)
        if kind is None:
            raise invalid(f"Invalid filter: unknown field `{field}`. Known: {', '.join(self._fields)}.")
        wanted = _unquoted(value)
        _check(kind, field, wanted)
        return lambda record: holds(kind, sign, record.get(field), wanted)

    def _kind(self, field: str) -> Kind | None:
        found: Kind | None = self._fields.get(field)
        return self._others if found is None else found

    def _take(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            return True
        return False

    def _next(self, what: str) -> str:
        if not self._tokens:
            raise invalid(f"Invalid filter: expected {what}, found its end.")
        return self._tokens.pop(0)


def holds(kind: Kind, sign: str, found: object, wanted: str) -> bool:
    """Whether a value stands to another as the sign says.

    >>> holds("number", ">=", 5, "5"), holds("any", ":", "15", "10..20"), holds("partial", "=", "text/plain", "text")
    (True, True, True)
    """
    if sign == "!=":
        return not holds(kind, "=", found, wanted)
    if found is None:
        return False
    if sign == ":" and ".." in wanted and kind in {"number", "moment", "any"}:
        low, _, high = wanted.partition("..")
        return holds(kind, ">=", found, low) and holds(kind, "<=", found, high)
    if kind in {"fuzzy", "partial"} or sign == ":":
        return _resembles(str(found), wanted, similar=kind == "fuzzy")
    order = _order(kind, found, wanted)
    return {"=": order == 0, ">": order > 0, ">=": order >= 0, "<": order < 0, "<=": order <= 0}[sign]


def _resembles(found: str, wanted: str, *, similar: bool) -> bool:
    left, right = found.casefold(), wanted.casefold().strip("*")
    return right in left or (similar and difflib.SequenceMatcher(None, left, right).ratio() >= _SIMILAR)


def _order(kind: Kind, found: object, wanted: str) -> int:
    """Below 0 when the found value comes before the wanted one, 0 when they are the same."""
    as_number = _moment if kind == "moment" else _number
    left, right = as_number(str(found)), as_number(wanted)
    if kind == "exact" or left is None or right is None:
        return (str(found) > wanted) - (str(found) < wanted)
    return (left > right) - (left < right)


def _check(kind: Kind, field: str, wanted: str) -> None:
    bounds = wanted.split("..")
    if kind == "number" and any(_number(bound) is None for bound in bounds):
        raise invalid(f"Invalid filter: `{field}` is compared with a number, not `{wanted}`.")
    if kind == "moment" and any(_moment(bound) is None for bound in bounds):
        raise invalid(f"Invalid filter: `{field}` is compared with a time as of RFC 3339, not `{wanted}`.")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _moment(text: str) -> float | None:
    number = _number(text)
    if number is not None:
        return number
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token.startswith('"') else token
