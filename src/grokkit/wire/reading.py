"""Bytes to structs, forgivingly: a field that strays from the schema falls to its default and never fails the call."""

import re
import warnings
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from grokkit.errors import ReplyUnreadable

T = TypeVar("T")

_MOST_STRAYS = 64
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_warned: set[tuple[str, str]] = set()


class SchemaStrayed(UserWarning):
    """A field of a reply had another type than documented and was left out; `.raw` still has it."""


class Reader(Generic[T]):
    """Reads JSON into one struct type; every field of that type has a default.

    >>> from grokkit.wire.chat import ChatChunk
    >>> Reader(ChatChunk).read(b'{"id":"a","model":"grok-4.7","new":1}').model
    'grok-4.7'
    """

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind
        self._decode = msgspec.json.Decoder(kind).decode

    def read(self, data: bytes) -> T:
        """The struct in these bytes. Raises `ReplyUnreadable` when they are no JSON object at all."""
        try:
            return self._decode(data)
        except msgspec.ValidationError:
            return self.convert(read_object(data))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _unreadable(data, error) from error

    def convert(self, raw: Mapping[str, Any]) -> T:
        """The struct in this decoded object, without the fields that stray from the schema."""
        try:
            return msgspec.convert(raw, self.kind)
        except msgspec.ValidationError:
            return self._convert_without_strays(raw)

    def _convert_without_strays(self, raw: Mapping[str, Any]) -> T:
        kept: Any = msgspec.json.decode(msgspec.json.encode(raw))
        for _ in range(_MOST_STRAYS):
            try:
                return msgspec.convert(kept, self.kind)
            except msgspec.ValidationError as error:
                _drop_stray(kept, self.kind.__name__, str(error))
        return msgspec.convert({}, self.kind)


def read_object(data: bytes) -> dict[str, Any]:
    """The JSON object in these bytes. Raises `ReplyUnreadable` when there is none."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(data, error) from error
    if not isinstance(value, dict):
        raise _unreadable(data, f"a JSON object was expected, not {type(value).__name__}")
    return value


def _unreadable(data: bytes, reason: object) -> ReplyUnreadable:
    start = data[:80].decode("utf-8", "replace")
    return ReplyUnreadable(
        f"the server's reply cannot be read: {reason}; it begins with {start!r}",
        hint="check that base_url points at an API and not at a web page; else report it with the request id",
    )


def _drop_stray(raw: Any, kind: str, complaint: str) -> None:
    reason, _, path = complaint.rpartition(" - at `")
    steps = [name or int(index) for name, index in _STEP.findall(path)]
    _warn_once(kind, path.rstrip("`") or "$", reason)
    holder = raw
    for step in steps[:-1]:
        holder = holder[step]
    if steps and isinstance(holder, dict):
        holder.pop(steps[-1], None)
    elif steps and isinstance(holder, list):
        del holder[int(steps[-1])]
    elif isinstance(raw, dict):
        raw.clear()


def _warn_once(kind: str, path: str, reason: str) -> None:
    shape = re.sub(r"\[\d+\]", "[]", path)
    if (kind, shape) not in _warned:
        _warned.add((kind, shape))
        warnings.warn(f"{kind} at {shape}: {reason}; the field is left out", SchemaStrayed, stacklevel=2)
