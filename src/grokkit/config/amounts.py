"""Kinds of the values that policies are made of: counts, seconds, shares, choices, lists of names, weights."""

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

from .kinds import Kind, seconds_from_text, show_seconds
from .unfit import Unfit, found, quoted

_FEW = range(2**31)


def _read_whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in _FEW:
        raise Unfit(f"takes a whole number, 0 or more; found {found(value)}")
    return value


def _read_count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in _FEW[1:]:
        raise Unfit(f"takes a whole number above 0, or none; found {found(value)}")
    return value


def _read_tier(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in range(5):
        raise Unfit(f"takes a tier, 0 to 4; found {found(value)}")
    return value


def _read_amount(value: object) -> float:
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise Unfit(f"takes a number above 0; found {found(value)}")
    return float(value)


def _read_level(value: object) -> float:
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise Unfit(f"takes a number, 0 or more; found {found(value)}")
    return float(value)


def _read_share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Unfit(f"takes a share from 0 to 1; found {found(value)}")
    return float(value)


def _read_names(value: object) -> tuple[object, ...]:
    items = [value] if isinstance(value, str) or not isinstance(value, Sequence) else value
    for item in items:
        if item is None or isinstance(item, bool | int | float | Mapping) or (isinstance(item, str) and not item):
            raise Unfit(f"takes a list of names; found {found(item)} in it")
    return tuple(items)


def _names_from_text(text: str) -> object:
    return [name.strip() for name in text.split(",") if name.strip()]


def _read_weights(value: object) -> Mapping[str, float]:
    if not isinstance(value, Mapping):
        raise Unfit(f"takes a table of names and weights; found {found(value)}")
    return {str(name): _read_weight(str(name), weight) for name, weight in value.items()}


def _read_weight(name: str, weight: object) -> float:
    if not name:
        raise Unfit("has a weight without a name", key=name)
    try:
        return _read_amount(weight)
    except Unfit as unfit:
        raise Unfit(f"of {quoted(name)} {unfit}", key=name) from None


def _weights_from_text(text: str) -> object:
    pairs = (item.partition("=") for item in text.split(",") if item.strip())
    return {name.strip(): seconds_from_text(weight) for name, _, weight in pairs}


def _show_names(value: object) -> str:
    return ", ".join(map(str, cast("Sequence[object]", value))) or "none"


def _show_weights(value: object) -> str:
    table = cast("Mapping[str, float]", value)
    return ", ".join(f"{name}={show_seconds(weight)}" for name, weight in table.items()) or "none"


def choice(*words: str) -> Kind:
    """One of a few words."""

    def read(value: object) -> str:
        word = value.strip().lower() if isinstance(value, str) else value
        if not isinstance(word, str) or word not in words:
            raise Unfit(f"takes {' or '.join(words)}; found {found(value)}")
        return word

    return Kind(" or ".join(f"`{word}`" for word in words), read)


def some_of(*words: str) -> Kind:
    """A list of some of a few words."""

    def read(value: object) -> tuple[object, ...]:
        items = _read_names(value)
        for item in items:
            if item not in words:
                raise Unfit(f"takes a list of {', '.join(words)}; found {found(item)} in it")
        return items

    return Kind(f"a list of {', '.join(f'`{word}`' for word in words)}", read, _names_from_text, _show_names)


def _whole_from_text(text: str) -> object:
    number = seconds_from_text(text)
    return int(number) if isinstance(number, float) and number.is_integer() else number


WHOLE = Kind("a whole number", _read_whole, _whole_from_text, str)
SOME_COUNT = Kind("a whole number above 0, or `none`", _read_count, _whole_from_text, str, optional=True)
TIER = Kind("a tier, 0 to 4, or `none`", _read_tier, _whole_from_text, str, optional=True)
AMOUNT = Kind("a number above 0", _read_amount, seconds_from_text, show_seconds)
SOME_AMOUNT = Kind("a number above 0, or `none`", _read_amount, seconds_from_text, show_seconds, optional=True)
LEVEL = Kind("a number, 0 or more", _read_level, seconds_from_text, show_seconds)
SOME_LEVEL = Kind("a number, 0 or more, or `none`", _read_level, seconds_from_text, show_seconds, optional=True)
SHARE = Kind("a share from 0 to 1", _read_share, seconds_from_text, show_seconds)
SOME_SHARE = Kind("a share from 0 to 1, or `none`", _read_share, seconds_from_text, show_seconds, optional=True)
NAMES = Kind("a list of names", _read_names, _names_from_text, _show_names)
WEIGHTS = Kind("a table of names and weights", _read_weights, _weights_from_text, _show_weights)
