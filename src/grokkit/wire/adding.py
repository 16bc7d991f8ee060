"""How the unknown fields of a streamed reply add up to those of a whole one.

What is in a `delta` adds up: texts and lists are continued, objects are merged, everything else is replaced.
What is beside it replaces: the last value stands, objects are merged field by field. `null` never replaces anything.
"""

from typing import Any

_LABELS = frozenset({"id", "type", "index", "name", "role", "format", "object", "model", "status"})


def added(so_far: dict[str, Any], piece: dict[str, Any]) -> dict[str, Any]:
    """A delta's fields with those of the next delta.

    >>> added({"thought": "I ", "type": "x"}, {"thought": "see", "type": "x", "signature": None})
    {'thought': 'I see', 'type': 'x', 'signature': None}
    """
    whole = dict(so_far)
    for name, value in piece.items():
        before = whole.get(name)
        whole[name] = replaced(before, value) if name in _LABELS else _continued(before, value)
    return whole


def replaced(before: Any, value: Any) -> Any:
    """A field beside the delta, after another frame has told it.

    >>> replaced({"a": 1}, {"b": 2}), replaced("first", None), replaced([1], [2])
    ({'a': 1, 'b': 2}, 'first', [2])
    """
    if value is None:
        return before
    return before | value if isinstance(before, dict) and isinstance(value, dict) else value


def _continued(before: Any, value: Any) -> Any:
    match before, value:
        case (_, None):
            return before
        case (str(), str()):
            return before + value
        case (dict(), dict()):
            return added(before, value)
        case (list(), list()):
            return _elements(before, value)
    return value


def _elements(before: list[Any], pieces: list[Any]) -> list[Any]:
    """A list continued: an element with an `index` that is there already is a piece of that one."""
    whole = list(before)
    places = {each["index"]: place for place, each in enumerate(whole) if _is_indexed(each)}
    for piece in pieces:
        place = places.get(piece["index"]) if _is_indexed(piece) else None
        if place is None:
            whole.append(piece)
        else:
            whole[place] = added(whole[place], piece)
    return whole


def _is_indexed(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("index"), int)
