"""Script files: rules, faults and limits for a simulator, each error with its place in the file."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast, get_type_hints

import msgspec

from grokkit.cli.simulate import places
from grokkit.cli.simulate.fault_fields import checked_fault
from grokkit.cli.simulate.script_types import Conditions, Limit, Outage, Reply
from grokkit.errors import ConfigInvalid, Misused
from grokkit.testing.simulator.nearest import check_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from grokkit.cli.simulate.places import Document, Place
    from grokkit.testing.simulator import Simulator

_WORDS = ("model", "last", "path")
_MOMENT = int | float | str | datetime
_REMEDY = "correct the script: docs/testing.md has what can stand in one"


def play(path: Path, simulator: Simulator) -> None:
    """Let a simulator follow a script. Raises `ConfigInvalid`, with file and line, for what means nothing."""
    document = places.read(path)
    parts: dict[str, Callable[[Document, Simulator, Place, Any], None]] = {
        "on": _add_rule,
        "faults": _add_faults,
        "limit": lambda document, simulator, place, given: simulator.limit(**_fit(document, place, given, Limit)),
        "outage": lambda document, simulator, place, given: simulator.outage(**_fit(document, place, given, Outage)),
        "credit": _add_credit,
    }
    for name, value in document.values.items():
        with _telling(document, (name,)):
            check_names("part of a script", [name], parts)
        several = value if isinstance(value, list) else [value]
        for number, each in enumerate(several):
            place: Place = (name, number) if isinstance(value, list) else (name,)
            with _telling(document, place):
                parts[name](document, simulator, place, each)


def _add_rule(document: Document, simulator: Simulator, place: Place, given: Any) -> None:
    rest = dict(_table(given))
    replies = [("reply",)] if "reply" in rest else []
    first, following = rest.pop("reply", {}), rest.pop("then", [])
    if not replies:
        raise Misused("a rule has a reply", hint='write reply.text = "..." below it')
    then = following if isinstance(following, list) else [following]
    rule = simulator.on(**_conditions(document, place, rest))
    with _telling(document, (*place, "reply")):
        rule.reply(**_reply(document, (*place, "reply"), first))
    for number, each in enumerate(then):
        where: Place = (*place, "then", number) if isinstance(following, list) else (*place, "then")
        with _telling(document, where):
            rule.then(**_reply(document, where, each))


def _conditions(document: Document, place: Place, given: Any) -> Any:
    conditions: dict[str, Any] = _fit(document, place, given, Conditions, extra=("reply", "then"), what="condition")
    for name in _WORDS:
        if isinstance(conditions.get(name), dict):
            conditions[name] = _pattern(conditions[name])
    if isinstance(header := conditions.get("header"), dict):
        conditions["header"] = {
            name: _pattern(words) if isinstance(words, dict) else words for name, words in header.items()
        }
    return conditions


def _reply(document: Document, place: Place, given: Any) -> Any:
    if isinstance(given, str):
        return {"text": given}
    reply: dict[str, Any] = _fit(document, place, given, Reply, what="part of a reply")
    if "body" in reply:
        reply["body"] = reply["body"].encode()
    if "fault" in reply:
        with _telling(document, (*place, "fault")):
            reply["fault"] = checked_fault(reply["fault"])
    return reply


def _add_faults(document: Document, simulator: Simulator, place: Place, given: Any) -> None:
    fields = dict(_table(given))
    probability = fields.pop("probability", 1.0)
    conditions = _conditions(document, (*place, "on"), fields.pop("on", {}))
    checked_fault(fields)
    simulator.faults(msgspec.convert(probability, float), on=conditions, **fields)


def _add_credit(_document: Document, simulator: Simulator, _place: Place, given: Any) -> None:
    simulator.credit(msgspec.convert(given, float))


def _pattern(given: dict[str, Any]) -> re.Pattern[str]:
    check_names("way to match", given, ["pattern"])
    try:
        return re.compile(given["pattern"])
    except (re.error, KeyError, TypeError) as error:
        raise ValueError(f"{given!r} is no pattern: {error}") from error


def _fit(
    document: Document, place: Place, given: Any, kind: Any, *, extra: tuple[str, ...] = (), what: str = "field"
) -> Any:
    """The table as its kind wants it; an error tells the place within it."""
    table = _table(given)
    kinds = get_type_hints(kind)
    for name in table:
        with _telling(document, (*place, name)):
            check_names(what, [name], [*kinds, *extra])
    for name, value in table.items():
        with _telling(document, (*place, name)):
            msgspec.convert(value, kinds.get(name, Any))
            if name == "retry_after" and (isinstance(value, bool) or not isinstance(value, _MOMENT)):
                raise ValueError(f"it is seconds, a date or a text, not {value!r}")
    return msgspec.convert(table, kind)


def _table(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise TypeError(f"a table is needed here, not {given!r}")
    return cast("dict[str, Any]", given)


@contextmanager
def _telling(document: Document, place: Place) -> Iterator[None]:
    """Put the place before what is said of an error."""
    try:
        yield
    except Misused as error:
        raise ConfigInvalid(f"{document.where(place)}: {error.message}", hint=error.hint) from error
    except msgspec.ValidationError as error:
        words = str(error).partition(" - at ")[0]
        raise ConfigInvalid(f"{document.where(place)}: {words[:1].lower()}{words[1:]}", hint=_REMEDY) from error
    except (ValueError, TypeError) as error:
        raise ConfigInvalid(f"{document.where(place)}: {error}", hint=_REMEDY) from error
