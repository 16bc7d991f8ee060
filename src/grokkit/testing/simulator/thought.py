"""What the simulator's mind is asked, and what it answers: the same for every dialect."""

from __future__ import annotations

from typing import Any

import msgspec

from grokkit.wire.events import Citation, ToolCall

__all__ = ["Citation", "OfferedTool", "Prompt", "ServerCall", "Thought", "ToolCall", "Turn"]


class OfferedTool(msgspec.Struct, frozen=True, kw_only=True):
    """A function that the caller offers."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = {}


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the conversation, whatever the dialect."""

    role: str
    """`system`, `developer`, `user`, `assistant` or `tool` (a tool's result)."""
    text: str = ""
    images: int = 0
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a language model, in no dialect."""

    model: str
    """The resolved id, not the alias that was sent."""
    turns: tuple[Turn, ...]
    tools: tuple[OfferedTool, ...] = ()
    server_tools: tuple[dict[str, Any], ...] = ()
    """Tools that the server runs by itself, as sent: `{"type": "web_search", ...}`."""
    tool_choice: str | None = None
    """`auto`, `none`, `required`, or the name of the one function to call."""
    parallel_tool_calls: bool = True
    schema: dict[str, Any] | None = None
    """The JSON Schema that the answer has to fit; `{}` for any JSON object."""
    effort: str | None = None
    max_tokens: int | None = None
    """The most tokens of visible text."""
    stop: tuple[str, ...] = ()
    seed: int | None = None
    choice: int = 0
    """Which of the `n` answers this is."""
    priority: bool = False
    """Whether it is served, and billed, at the priority tier."""

    @property
    def last(self) -> str:
        """The text of the last message of the user (or of a tool, when that came last)."""
        return next((turn.text for turn in reversed(self.turns) if turn.role in {"user", "tool"}), "")


class ServerCall(msgspec.Struct, frozen=True, kw_only=True):
    """A tool that the server ran: the type of its item (`web_search_call`), and the item's own fields."""

    type: str
    fields: dict[str, Any] = {}


class Thought(msgspec.Struct, frozen=True, kw_only=True):
    """What the model answers."""

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    server_calls: tuple[ServerCall, ...] = ()
    citations: tuple[Citation, ...] = ()
    refusal: str | None = None
    finish_reason: str | None = None
    """`None` lets it follow from the rest: `tool_calls` or `stop`."""
    fragments: bool = False
    """Whether tool calls are streamed in pieces, which most servers do and xAI does not."""
    pieces: tuple[str, ...] = ()
    """How the text is cut for streaming; empty = a token a frame."""
    usage: dict[str, int] = {}
    """Counts that replace the counted ones: `input_tokens`, `cached_tokens`, `output_tokens` (with reasoning),
    `reasoning_tokens`."""

    @property
    def reason(self) -> str:
        """Why the answer ends."""
        return self.finish_reason or ("tool_calls" if self.tool_calls else "stop")
