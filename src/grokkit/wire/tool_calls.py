"""Puts streamed pieces of tool calls back together.

A piece belongs to the call of its `index`; without one, or where another id says otherwise, to the call of its `id`;
without either, to the last call, unless that one's arguments are complete JSON and the piece opens new ones.
"""

from collections.abc import Iterable

import msgspec

from grokkit.wire.chat import ChatToolCall, FunctionCall
from grokkit.wire.events import ToolCall


class OpenCall:
    """A tool call that is still arriving."""

    __slots__ = ("id", "name", "pieces", "position")

    def __init__(self, position: int) -> None:
        self.position = position
        self.id = ""
        self.name = ""
        self.pieces: list[str] = []

    def add(self, piece: ChatToolCall) -> str:
        """Take a piece in; what it added to the arguments."""
        function = piece.function or FunctionCall()
        self.id = self.id or piece.id or ""
        self.name = self.name or function.name or ""
        added = arguments_text(function.arguments)
        self.pieces.append(added)
        return added

    def done(self) -> ToolCall:
        """The call as it stands; one that came without an id is named after its position."""
        return ToolCall(id=self.id or f"call_{self.position}", name=self.name, arguments="".join(self.pieces))


class ToolCallAssembler:
    """All tool calls of one answer, in the order in which they began.

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

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, piece: ChatToolCall) -> tuple[OpenCall, str]:
        """The call this piece belongs to, and what it added to the arguments."""
        call = self._find(piece) or self._begin()
        added = call.add(piece)
        if piece.index is not None:
            self._by_index[piece.index] = call
        if piece.id:
            self._by_id[piece.id] = call
        return call, added

    def done(self) -> list[ToolCall]:
        """The calls as they stand."""
        return [call.done() for call in self._calls]

    def _begin(self) -> OpenCall:
        call = OpenCall(len(self._calls))
        self._calls.append(call)
        return call

    def _find(self, piece: ChatToolCall) -> OpenCall | None:
        if piece.id and piece.id in self._by_id:
            return self._by_id[piece.id]
        call = self._by_index.get(piece.index) if piece.index is not None else None
        if call is not None:
            is_another = bool(piece.id and call.id) or (not piece.id and _opens_anew(call, piece))
            return None if is_another else call
        if piece.index is not None or piece.id or not self._calls:
            return None
        last = self._calls[-1]
        return None if _opens_anew(last, piece) else last


def arguments_text(arguments: object) -> str:
    """Arguments as JSON text; some servers send the object itself."""
    if arguments is None:
        return ""
    return arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()


def _opens_anew(call: OpenCall, piece: ChatToolCall) -> bool:
    opening = arguments_text(piece.function.arguments if piece.function else None).lstrip()
    return opening.startswith("{") and _is_complete(call.pieces)


def _is_complete(pieces: Iterable[str]) -> bool:
    try:
        return isinstance(msgspec.json.decode("".join(pieces)), dict)
    except msgspec.DecodeError:
        return False
