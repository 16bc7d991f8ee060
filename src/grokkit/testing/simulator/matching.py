"""What makes a rule fit a request: conditions on its model, words, tools, headers, address and body."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

from grokkit.errors import Misused
from grokkit.models import lookup
from grokkit.testing.simulator.nearest import check_names

if TYPE_CHECKING:
    from grokkit.testing.simulator.visit import Visit

Words: TypeAlias = str | re.Pattern[str] | Callable[[str], object]
"""A text that has to occur, an expression that has to be found, or a function that says yes."""


_SOCKETS = ("/realtime", "/v1/realtime")


class Conditions(TypedDict, total=False):
    """What a rule asks of a request; all of it has to fit."""

    model: Words
    """The model as asked for, or what it resolves to; `*` stands for anything."""
    last: Words
    """The last message of the user or of a tool."""
    tool: str
    """A function or server-side tool that is offered."""
    header: str | Mapping[str, Words]
    """A header that is there, or headers and their values."""
    path: Words
    """The address, with or without `/v1`; `*` stands for anything."""
    method: str
    json: Any
    """A fragment of the body: objects may have more fields, lists more items."""
    nth: int | Collection[int]
    """Only the first, second ... request that fits the rest, counted from 1."""
    times: int
    """Only that many requests that fit the rest."""
    socket: bool
    """Only answers on sockets, or only those to plain requests."""
    when: Callable[[Visit], object]
    """A function of the request that says yes."""


def check_conditions(conditions: Conditions) -> None:
    """Raise `Misused` for a condition that does not exist or can never fit."""
    check_names("condition", conditions, Conditions.__annotations__)
    if "nth" in conditions and "times" in conditions:
        raise Misused("nth and times are both given", hint="nth=(1, 2, 3) says which, times=3 how many")
    if not isinstance(conditions.get("socket", True), bool):
        raise Misused(f"socket is {conditions.get('socket')!r}", hint="True means answers on sockets, False all others")
    for name in ("nth", "times"):
        numbers = conditions.get(name, 1)
        for number in numbers if isinstance(numbers, Collection) and not isinstance(numbers, str) else [numbers]:
            if not isinstance(number, int) or number < 1:
                raise Misused(f"{name} is {number!r}", hint="the first request is number 1")


def means_sockets(conditions: Conditions) -> bool:
    """Whether only answers on sockets can fit.

    >>> means_sockets({"path": "/realtime"}), means_sockets({"path": "/tts"}), means_sockets({"socket": True})
    (True, False, True)
    """
    return conditions.get("socket") is True or conditions.get("path") in _SOCKETS


def fits(conditions: Conditions, visit: Visit) -> bool:
    """Whether a request is one the conditions mean, but for `nth` and `times`, which count."""
    asked = visit.asked
    checks: dict[str, Callable[[Any], bool]] = {
        "method": lambda wanted: visit.method == wanted.upper(),
        "path": lambda wanted: _names_fit(wanted, (visit.path, visit.path.removeprefix("/v1"))),
        "model": lambda wanted: asked.model is not None and _names_fit(wanted, _names_of(asked.model)),
        "last": lambda wanted: asked.last is not None and words_fit(wanted, asked.last),
        "tool": lambda wanted: wanted in asked.tools,
        "header": lambda wanted: _headers_fit(wanted, visit.headers),
        "json": lambda wanted: contains(visit.body, wanted),
        "socket": lambda wanted: visit.on_socket is wanted,
        "when": lambda wanted: bool(wanted(visit)),
    }
    return all(checks[name](wanted) for name, wanted in conditions.items() if name in checks)


def words_fit(wanted: Words, text: str) -> bool:
    """Whether a text has the words.

    >>> words_fit("weather", "the weather?"), words_fit(re.compile("^the"), "the weather?"), words_fit(len, "")
    (True, True, False)
    """
    if isinstance(wanted, str):
        return wanted in text
    return wanted.search(text) is not None if isinstance(wanted, re.Pattern) else bool(wanted(text))


def contains(value: Any, fragment: Any) -> bool:
    """Whether a value has everything that the fragment has.

    >>> contains({"a": 1, "b": [{"c": 2}, 3]}, {"b": [{"c": 2}]})
    True
    """
    if isinstance(fragment, Mapping):
        return isinstance(value, dict) and all(
            name in value and contains(value[name], part) for name, part in fragment.items()
        )
    if isinstance(fragment, list | tuple):
        rest: Iterator[Any] = iter(value if isinstance(value, list) else [])
        return all(any(contains(item, part) for item in rest) for part in fragment)
    return bool(value == fragment)


def _names_fit(wanted: Words, names: tuple[str, ...]) -> bool:
    if isinstance(wanted, str):
        return any(fnmatch.fnmatchcase(name, wanted) for name in names)
    return any(words_fit(wanted, name) for name in names)


def _names_of(model: str) -> tuple[str, ...]:
    known = lookup(model)
    return (model, known.id, *known.aliases) if known else (model,)


def _headers_fit(wanted: str | Mapping[str, Words], headers: Mapping[str, str]) -> bool:
    if isinstance(wanted, str):
        return wanted.lower() in headers
    return all(name.lower() in headers and words_fit(words, headers[name.lower()]) for name, words in wanted.items())
