"""Puts streamed pieces of tool calls back together.

A piece belongs to the call of its id, else of its index, else to the call that the last piece was for. It begins
another call where its id or its name says so, or where the arguments are complete JSON and it opens new ones.
"""

from typing import Any

import msgspec

from grokkit.wire.adding import added
from grokkit.wire.chat import ChatToolCall, FunctionCall
from grokkit.wire.events import ToolCall

_NOTHING_SAID: dict[str, Any] = {}
_CALL_FIELDS = frozenset({"id", "index", "function"})
_FUNCTION_FIELDS = frozenset({"name", "arguments"})


class OpenCall:
    """A tool call that is still arriving."""

    __slots__ = ("_beside", "_function_beside", "id", "index", "name", "pieces", "position")

    def __init__(self, position: int) -> None:
        self.position = position
        self.id = ""
        self.index: int | None = None
        self.name = ""
        self.pieces: list[str] = []
        self._beside: dict[str, Any] = {"type": "function"}
        self._function_beside: dict[str, Any] = {}

    def add(self, piece: ChatToolCall, raw: dict[str, Any]) -> str:
        """Take a piece in; what it added to the arguments."""
        function = piece.function or FunctionCall()
        self.id = self.id or piece.id or ""
        self.index = piece.index if self.index is None else self.index
        self.name = self.name or function.name or ""
        text = arguments_text(function.arguments)
        if text:
            self.pieces.append(text)
        self._beside = _with_rest(self._beside, raw, _CALL_FIELDS)
        self._function_beside = _with_rest(self._function_beside, raw.get("function"), _FUNCTION_FIELDS)
        return text

    def is_complete(self) -> bool:
        """Whether the arguments are a whole JSON object."""
        if not self.pieces or not self.pieces[-1].rstrip().endswith("}"):
            return False
        try:
            return isinstance(msgspec.json.decode(self.arguments), dict)
        except msgspec.DecodeError:
            return False

    @property
    def arguments(self) -> str:
        """The arguments so far."""
        return "".join(self.pieces)

    def raw(self) -> dict[str, Any]:
        """The call as a plain reply has it."""
        function = {"name": self.name, "arguments": self.arguments, **self._function_beside}
        return {**({"id": self.id} if self.id else {}), "function": function, **self._beside}


class ToolCallAssembler:
    """All tool calls of one answer.

    >>> assembler = ToolCallAssembler()
    >>> for text in ('{"city":', '"Oslo"}', '{"city":"Rome"}'):
    ...     _ = assembler.add(ChatToolCall(function=FunctionCall(name="weather", arguments=text)))
    >>> [call.arguments for call in assembler.done()]
    ['{"city":"Oslo"}', '{"city":"Rome"}']
    """

    def __init__(self) -> None:
        self._calls: list[OpenCall] = []
        self._by_index: dict[int, OpenCall] = {}
        self._by_id: dict[str, OpenCall] = {}
        self._last: OpenCall | None = None

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, piece: ChatToolCall, raw: dict[str, Any] = _NOTHING_SAID) -> tuple[OpenCall, str]:
        """The call this piece belongs to, and what it added to the arguments; `raw` is the piece as it came."""
        call = self._last = self._find(piece) or self._begin()
        text = call.add(piece, raw)
        if piece.index is not None:
            self._by_index[piece.index] = call
        if piece.id:
            self._by_id[piece.id] = call
        return call, text

    def done(self) -> list[ToolCall]:
        """The calls as they stand, in the order of their indexes; one without an id is named after its place."""
        return [
            ToolCall(id=call.id or unnamed_call(place), name=call.name, arguments=call.arguments)
            for place, call in enumerate(self._in_order())
        ]

    def raw(self) -> list[dict[str, Any]]:
        """The same as a plain reply has them."""
        return [call.raw() for call in self._in_order()]

    def _in_order(self) -> list[OpenCall]:
        return sorted(self._calls, key=lambda call: call.position if call.index is None else call.index)

    def _begin(self) -> OpenCall:
        call = OpenCall(len(self._calls))
        self._calls.append(call)
        return call

    def _find(self, piece: ChatToolCall) -> OpenCall | None:
        named = self._by_id.get(piece.id) if piece.id else None
        if named is not None and (piece.index is None or named.index in {None, piece.index}):
            return named
        if piece.index is not None:
            return _unless_another(self._by_index.get(piece.index), piece)
        return None if piece.id else _unless_another(self._last, piece)


def arguments_text(arguments: object) -> str:
    """Arguments as JSON text; some servers send the object itself."""
    if arguments is None:
        return ""
    return arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()


def unnamed_call(place: int) -> str:
    """The id of a call that came without one."""
    return f"call_{place}"


def _unless_another(call: OpenCall | None, piece: ChatToolCall) -> OpenCall | None:
    return None if call is None or _is_another(call, piece) else call


def _is_another(call: OpenCall, piece: ChatToolCall) -> bool:
    """Whether a piece that may continue this call begins another one instead."""
    function = piece.function or FunctionCall()
    if function.name and call.name and function.name != call.name:
        return True
    has_other_id = bool(piece.id and call.id and piece.id != call.id)
    if has_other_id and function.name:
        return True
    opens = arguments_text(function.arguments).lstrip().startswith("{")
    names = bool(function.name) and piece.index is None
    return (opens or names or has_other_id) and call.is_complete()


def _with_rest(so_far: dict[str, Any], raw: object, known: frozenset[str]) -> dict[str, Any]:
    rest = {name: value for name, value in raw.items() if name not in known} if isinstance(raw, dict) else {}
    return added(so_far, rest) if rest else so_far
