"""Whether a call is the one a route waits for, and where it is not: one line for each thing that differs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

import msgspec

from grokkit.masking import mask_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grokkit.testing.mock.recorded import RecordedCall

Predicate: TypeAlias = "Callable[[RecordedCall], object]"
_SHOWN = 120
_MISSING = object()


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a route asks of a call. What is `None` is not asked."""

    method: str | None = None
    path: str | re.Pattern[str] | None = None
    json: Any = None
    model: str | None = None
    headers: Mapping[str, str] | None = None
    query: Mapping[str, str] | None = None
    stream: bool | None = None
    predicate: Callable[..., object] | None = None

    def __str__(self) -> str:
        address = f"{self.method or 'any method'} {_pattern(self.path)}"
        asked = {name: getattr(self, name) for name in ("model", "json", "headers", "query", "stream")}
        told = [f"{name}={shown(value)}" for name, value in asked.items() if value is not None]
        if self.predicate is not None:
            told.append(f"when {getattr(self.predicate, '__name__', repr(self.predicate))}")
        return f"{address}{' with ' if told else ''}{', '.join(told)}"

    def differences(self, call: RecordedCall) -> list[str]:
        """What keeps the call from being the one; nothing when it is."""
        found = list(self._of_the_head(call))
        if self.json is not None:
            found += [f"json {line}" for line in fragment_differences(self.json, _json_of(call))]
        if not found and self.predicate is not None and not self.predicate(call):
            found.append(f"when: {getattr(self.predicate, '__name__', repr(self.predicate))} said no")
        return found

    def _of_the_head(self, call: RecordedCall) -> Iterator[str]:
        if self.method is not None and self.method.upper() != call.method.upper():
            yield f"method: wanted {self.method.upper()}, was {call.method}"
        if self.path is not None and not path_fits(self.path, call):
            yield f"path: wanted {_pattern(self.path)}, was {call.path}"
        if self.model is not None and self.model != call.model:
            yield f"model: wanted {self.model!r}, was {call.model!r}"
        if self.stream is not None and self.stream != call.stream:
            yield f"stream: wanted {self.stream}, was {call.stream}"
        for what, wanted in (("headers", self.headers), ("query", self.query)):
            for name, value in (wanted or {}).items():
                was = getattr(call, what).get(name)
                if was is None or not fnmatchcase(was, value):
                    yield f"{what}: wanted {name}: {value}, was {shown(was)}"


def path_fits(pattern: str | re.Pattern[str], call: RecordedCall) -> bool:
    """Whether a call goes to that path: as a glob or a regular expression, with or without version and host."""
    every = (call.path, urlsplit(call.url).path, call.url)
    if isinstance(pattern, str):
        return any(fnmatchcase(address, pattern) for address in every)
    return any(pattern.search(address) for address in every)


def fragment_differences(wanted: Any, found: object, pointer: str = "") -> list[str]:
    """Where a value does not have a fragment in it.

    Objects may have more fields; an array has the wanted items in their order, and may have others between
    them. `...` stands for anything, a compiled pattern for any text it is found in, a function for what it
    says yes to.

    >>> fragment_differences({"tools": [{"name": "a"}]}, {"model": "m", "tools": [{"name": "z"}, {"name": "a"}]})
    []
    >>> fragment_differences({"model": "grok-4.7"}, {"model": "grok-4.3"})
    ["/model: wanted 'grok-4.7', was 'grok-4.3'"]
    """
    if found is _MISSING:
        return [f"{pointer}: wanted {shown(wanted)}, was not there"]
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return [
            line
            for name, value in wanted.items()
            for line in fragment_differences(value, found.get(name, _MISSING), f"{pointer}/{name}")
        ]
    if isinstance(wanted, list | tuple) and isinstance(found, list):
        return _array_differences(list(wanted), found, pointer)
    if _value_fits(wanted, found):
        return []
    return [f"{pointer or '(the body)'}: wanted {shown(wanted)}, was {shown(found)}"]


def shown(value: object) -> str:
    """A value as a diff quotes it: short, without keys."""
    if isinstance(value, re.Pattern):
        return f"/{value.pattern}/"
    text = "..." if value is ... else mask_keys(getattr(value, "__name__", None) or repr(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _array_differences(wanted: list[Any], found: list[object], pointer: str) -> list[str]:
    start = 0
    for index, item in enumerate(wanted):
        tried = [fragment_differences(item, other, f"{pointer}/{at}") for at, other in enumerate(found[start:], start)]
        if [] not in tried:
            nearest = min(tried, key=len, default=[f"{pointer}/{index}: wanted {shown(item)}, was not there"])
            return nearest if tried else [f"{pointer}/{index}: wanted {shown(item)}, was not there"]
        start += tried.index([]) + 1
    return []


def _value_fits(wanted: Any, found: object) -> bool:
    if wanted is ...:
        return True
    if isinstance(wanted, re.Pattern):
        return isinstance(found, str) and wanted.search(found) is not None
    if callable(wanted):
        return bool(wanted(found))
    return bool(wanted == found) and isinstance(wanted, bool) == isinstance(found, bool)


def _json_of(call: RecordedCall) -> object:
    try:
        return call.json
    except ValueError:
        return _MISSING if call.body is None else "a body that is no JSON"


def _pattern(path: str | re.Pattern[str] | None) -> str:
    return "any path" if path is None else path if isinstance(path, str) else f"/{path.pattern}/"
