"""Bytes to structs, forgivingly: a field that strays from the schema falls to its default and never fails the call.

JSON that is not quite JSON is read where its meaning is plain: `NaN` as null, broken UTF-8 and lone surrogates as
U+FFFD, raw control characters inside strings.
"""

import json
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from grokkit.errors import ReplyUnreadable
from grokkit.wire.extra import Extended, keep_extra
from grokkit.wire.strays import without_strays

T = TypeVar("T")

_BLANK = b" \t\r\n\xef\xbb\xbf"
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
_TIGHT = 200


class Reader(Generic[T]):
    """Reads JSON into one struct type; every field of that type has a default.

    >>> from grokkit.wire.chat import ChatChunk
    >>> Reader(ChatChunk).read(b'{"id":"a","model":"grok-4.7","new":1}').model
    'grok-4.7'
    """

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind
        self._decode = msgspec.json.Decoder(kind).decode
        self._keeps_extra = _has_extra(kind)

    def read(self, data: bytes) -> T:
        """The struct in these bytes. Raises `ReplyUnreadable` when they are no JSON object at all."""
        if not self._keeps_extra:
            try:
                return self._decode(data)
            except _UNREADABLE:
                pass
        return self.convert(read_object(data))

    def convert(self, raw: Mapping[str, Any]) -> T:
        """The struct in this decoded object, without the fields that stray from the schema."""
        try:
            struct = msgspec.convert(raw, self.kind)
        except (msgspec.ValidationError, RecursionError):
            struct = msgspec.convert(without_strays(raw, self.kind, self.kind.__name__), self.kind)
        if self._keeps_extra and isinstance(struct, msgspec.Struct):
            keep_extra(struct, dict(raw))
        return struct


def read_object(data: bytes) -> dict[str, Any]:
    """The JSON object in these bytes. Raises `ReplyUnreadable` when there is none."""
    try:
        value = msgspec.json.decode(data)
    except _UNREADABLE as error:
        value = _read_forgivingly(data, error)
    if not isinstance(value, dict):
        raise _unreadable(data, f"a JSON object was expected, not {type(value).__name__}")
    return value


def _read_forgivingly(data: bytes, complaint: Exception) -> object:
    if not data[:_TIGHT].lstrip(_BLANK).startswith(b"{"):
        raise _unreadable(data, complaint) from complaint
    try:
        value = _loads(data.decode("utf-8-sig", "replace"))
        text = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return _loads(text)
    except _UNREADABLE:
        raise _unreadable(data, complaint) from complaint


def _loads(text: str) -> object:
    return json.loads(text, strict=False, parse_constant=lambda _: None)


def _unreadable(data: bytes, reason: object) -> ReplyUnreadable:
    start = data[:80].decode("utf-8", "replace")
    return ReplyUnreadable(
        f"the server's reply cannot be read: {reason}; it begins with {start!r}",
        hint="check that base_url points at an API and not at a web page; else report it with the request id",
    )


def _has_extra(kind: type) -> bool:
    info = msgspec.inspect.type_info(kind)
    return isinstance(info, msgspec.inspect.StructType) and (
        issubclass(kind, Extended) or any(_holds_extra(field.type) for field in info.fields)
    )


def _holds_extra(info: msgspec.inspect.Type) -> bool:
    match info:
        case msgspec.inspect.StructType(cls=kind):
            return _has_extra(kind)
        case msgspec.inspect.ListType(item_type=inner):
            return _holds_extra(inner)
        case msgspec.inspect.UnionType(types=options):
            return any(map(_holds_extra, options))
    return False
