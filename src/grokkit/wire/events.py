"""What a stream hands out: one vocabulary for both dialects. Each event keeps the frame it came from."""

from typing import Any, TypeAlias

import msgspec

from grokkit.wire.reading import read_object


class ToolCall(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A function the model wants called: `arguments` is the JSON text as the model wrote it.

    >>> ToolCall(id="call_1", name="weather", arguments='{"city":"Oslo"}').name
    'weather'
    """

    id: str
    name: str
    arguments: str


class Citation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A source the answer names; the indexes are positions in the text, where the server gives them."""

    url: str
    title: str | None = None
    start_index: int | None = None
    end_index: int | None = None


class _Framed(msgspec.Struct, frozen=True, gc=False):
    """Fields hold nothing that could lead back here, so the garbage collector need not look (`gc=False`)."""

    frame: bytes

    @property
    def raw(self) -> dict[str, Any]:
        """The frame as it came, decoded: everything the server said, known to this version or not."""
        return read_object(self.frame)


class TextDelta(_Framed, frozen=True, gc=False):
    """More text of the answer."""

    text: str
    choice: int = 0


class ReasoningDelta(_Framed, frozen=True, gc=False):
    """More of the model's reasoning, or of its summary. A new paragraph of it begins with a blank line."""

    text: str
    choice: int = 0


class ToolCallDelta(_Framed, frozen=True, gc=False):
    """A piece of a call of one of your functions. `index` tells parallel calls apart."""

    index: int
    id: str
    name: str
    arguments: str
    """The piece itself, not the arguments so far."""
    choice: int = 0


class ToolCallDone(_Framed, frozen=True, gc=False):
    """A call of one of your functions, whole."""

    call: ToolCall
    choice: int = 0


class ServerToolProgress(_Framed, frozen=True, gc=False):
    """A tool that the server runs by itself (web search, code, MCP ...) got further."""

    tool: str
    """The item's type, such as `web_search_call`."""
    status: str
    item_id: str = ""


class CitationAdded(_Framed, frozen=True, gc=False):
    """A source was named."""

    citation: Citation


class Finished(_Framed, frozen=True, gc=False):
    """An answer is at its end: `stop`, `length`, `tool_calls`, `content_filter` or what the server said."""

    reason: str | None
    """None when the server did not say."""
    choice: int = 0


class OtherEvent(_Framed, frozen=True, gc=False):
    """A frame that none of the above tells: life-cycle frames, and types this version does not know."""

    type: str


StreamEvent: TypeAlias = (
    TextDelta
    | ReasoningDelta
    | ToolCallDelta
    | ToolCallDone
    | ServerToolProgress
    | CitationAdded
    | Finished
    | OtherEvent
)
