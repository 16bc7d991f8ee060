"""Messages on voice sockets, and the numbers in queries and forms, read with errors that name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from grokkit.testing.simulator.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grokkit.testing.simulator.visit import Visit

N = TypeVar("N", int, float)

_YES, _NO = ("true", "1"), ("false", "0", "")


class Unreadable(Exception):
    """A message that means nothing, or nothing now; its text says why."""

    def __init__(self, text: str, code: str = "invalid-argument") -> None:
        super().__init__(text)
        self.code = code


def read_message(message: str | bytes) -> dict[str, Any]:
    """A JSON message with its `type`. Raises `Unreadable`."""
    try:
        value = msgspec.json.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unreadable("the message is no JSON") from None
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise Unreadable("the message has no `type`")
    return value


def admit(visit: Visit) -> None:
    """Raise the refusal of a socket that may not be opened now: too fast, no capacity, no money."""
    if refused := visit.simulator.limits.admit(visit):
        raise refused


def words_of(problem: Refusal | Unreadable) -> str:
    """What a problem says, whatever its shape."""
    if isinstance(problem, Unreadable):
        return str(problem)
    try:
        body = msgspec.json.decode(problem.body)
    except msgspec.DecodeError:
        return problem.body.decode("utf-8", "replace")
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("message") if isinstance(error, dict) else error)


def code_of(problem: Refusal | Unreadable) -> str:
    """Its code: `invalid-argument` where it has none."""
    if isinstance(problem, Unreadable):
        return problem.code
    try:
        body = msgspec.json.decode(problem.body)
    except msgspec.DecodeError:
        body = None
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, str) else "invalid-argument"


def number(given: Mapping[str, str], name: str, kind: type[N]) -> N | None:
    """A number in a query or form. Raises 400."""
    value = given.get(name)
    if value is None or value == "":
        return None
    try:
        return kind(value)
    except ValueError:
        raise Refusal.voice(400, f"{name} must be a number") from None


def within(given: Mapping[str, str], name: str, least: float, most: float) -> float | None:
    """A number between two. Raises 400."""
    value = number(given, name, float)
    if value is not None and not least <= value <= most:
        raise Refusal.voice(400, f"{name} must be between {least:g} and {most:g}")
    return value


def flag(given: Mapping[str, str], name: str) -> bool:
    """Whether something is switched on in a query or form. Raises 400."""
    value = given.get(name, "").lower()
    if value not in _YES + _NO:
        raise Refusal.voice(400, f"{name} must be true or false")
    return value in _YES
