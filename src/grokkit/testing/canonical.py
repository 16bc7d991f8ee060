"""Where two values differ, seen as a server sees them: order of keys and spelling of numbers do not count."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_SHOWN = 100
_ABSENT = object()


def differences(recorded: object, asked: object, pointer: str = "", ignore: Collection[str] = ()) -> list[str]:
    """One line for each field that differs, with its JSON pointer. Fields that a glob in `ignore` names do not count.

    >>> differences({"a": 1.0, "b": [1, 2]}, {"b": [1, 3], "a": 1})
    ['/b/1: recorded 2, asked 3']
    >>> differences({"a": 1, "time": 1}, {"a": 1, "time": 2, "new": True}, ignore=["/time"])
    ['/new: not recorded, asked True']
    """
    return list(_differences(recorded, asked, pointer, ignore))


def _differences(recorded: object, asked: object, pointer: str, ignore: Collection[str]) -> Iterator[str]:
    if any(fnmatchcase(pointer, pattern) for pattern in ignore):
        return
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for name in sorted(recorded.keys() | asked.keys()):
            where = f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"
            yield from _differences(recorded.get(name, _ABSENT), asked.get(name, _ABSENT), where, ignore)
    elif isinstance(recorded, list) and isinstance(asked, list):
        for index in range(max(len(recorded), len(asked))):
            yield from _differences(_item(recorded, index), _item(asked, index), f"{pointer}/{index}", ignore)
    elif not _same(recorded, asked):
        yield f"{pointer or '(the whole body)'}: {_told(recorded, asked)}"


def _item(values: list[object], index: int) -> object:
    return values[index] if index < len(values) else _ABSENT


def _same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _told(recorded: object, asked: object) -> str:
    if recorded is _ABSENT:
        return f"not recorded, asked {_shown(asked)}"
    if asked is _ABSENT:
        return f"recorded {_shown(recorded)}, not asked"
    if isinstance(recorded, str) and isinstance(asked, str) and max(len(recorded), len(asked)) > _SHOWN:
        return _told_of_texts(recorded, asked)
    return f"recorded {_shown(recorded)}, asked {_shown(asked)}"


def _told_of_texts(recorded: str, asked: str) -> str:
    pairs = enumerate(zip(recorded, asked, strict=False))
    at = next((index for index, (one, other) in pairs if one != other), min(len(recorded), len(asked)))
    start = max(at - _SHOWN // 3, 0)
    one, other = (_shown(text[start : start + _SHOWN]) for text in (recorded, asked))
    return f"from character {at} on, recorded ...{one}, asked ...{other}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
