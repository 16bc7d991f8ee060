"""One of the answers of a streamed chat completion while it arrives."""

from typing import Any

from grokkit.wire.adding import added, replaced
from grokkit.wire.chat import ChatMessage, ChunkChoice
from grokkit.wire.events import Finished, ReasoningDelta, StreamEvent, TextDelta, ToolCallDelta, ToolCallDone
from grokkit.wire.extra import objects
from grokkit.wire.tool_calls import ToolCallAssembler

_CHOICE_FIELDS = frozenset({"index", "delta", "message", "finish_reason", "logprobs"})
_MESSAGE_FIELDS = frozenset({"role", "content", "reasoning_content", "refusal", "tool_calls"})


class OpenChoice:
    """The answer so far, in pieces: `text` and `reasoning` may be added to directly."""

    __slots__ = (
        "_calls",
        "_content",
        "_logprobs",
        "_rest",
        "_rest_of_message",
        "_told",
        "_told_calls",
        "finish_reason",
        "index",
        "reasoning",
        "refusal",
        "role",
        "text",
    )

    def __init__(self, index: int) -> None:
        self.index = index
        self.role: str | None = None
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.finish_reason: str | None = None
        self._content: str | None = ""
        self._calls = ToolCallAssembler()
        self._logprobs: dict[str, Any] = {}
        self._rest: dict[str, Any] = {}
        self._rest_of_message: dict[str, Any] = {}
        self._told = False
        self._told_calls = 0

    def add(self, frame: bytes, choice: ChunkChoice, raw: dict[str, Any]) -> list[StreamEvent]:
        """Take in what a frame says of this answer, typed and as it came; what it brought."""
        delta_raw = raw.get("delta")
        events = self._add_delta(frame, choice.delta, delta_raw if isinstance(delta_raw, dict) else {})
        for name, value in raw.items():
            if name not in _CHOICE_FIELDS:
                self._rest[name] = replaced(self._rest.get(name), value)
        if "logprobs" in raw:
            self._rest["logprobs"] = None
            self._logprobs = added(self._logprobs, choice.logprobs or {})
        if choice.finish_reason:
            self.finish_reason = choice.finish_reason
            events += self.end(frame)
        return events

    def end(self, frame: bytes) -> list[StreamEvent]:
        """The answer is at its end: what of that has not been told yet."""
        calls = self._calls.done()
        events: list[StreamEvent] = [ToolCallDone(frame, call, self.index) for call in calls[self._told_calls :]]
        self._told_calls = len(calls)
        if not self._told:
            self._told = True
            events.append(Finished(frame, finish_reason(self.finish_reason, calls=bool(calls)), self.index))
        return events

    def raw(self) -> dict[str, Any]:
        """The choice as a plain reply has it."""
        message: dict[str, Any] = {
            "role": self.role or "assistant",
            "content": "".join(self.text) or self._content,
            "refusal": "".join(self.refusal) or None,
            **self._rest_of_message,
        }
        if self.reasoning:
            message["reasoning_content"] = "".join(self.reasoning)
        if self._calls:
            message["tool_calls"] = self._calls.raw()
        choice = {"index": self.index, "message": message, "finish_reason": self.finish_reason, **self._rest}
        return choice | {"logprobs": self._logprobs} if self._logprobs else choice

    def _add_delta(self, frame: bytes, delta: ChatMessage, raw: dict[str, Any]) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        self.role = self.role or delta.role
        if delta.reasoning_content:
            self.reasoning.append(delta.reasoning_content)
            events.append(ReasoningDelta(frame, delta.reasoning_content, self.index))
        if delta.content:
            self.text.append(delta.content)
            events.append(TextDelta(frame, delta.content, self.index))
        elif "content" in raw:
            self._content = delta.content
        if delta.refusal:
            self.refusal.append(delta.refusal)
        for piece, piece_raw in zip(delta.tool_calls or (), objects(raw.get("tool_calls")), strict=False):
            call, text = self._calls.add(piece, piece_raw)
            events.append(ToolCallDelta(frame, call.position, call.id, call.name, text, self.index))
        rest = {name: value for name, value in raw.items() if name not in _MESSAGE_FIELDS}
        if rest:
            self._rest_of_message = added(self._rest_of_message, rest)
        return events


def finish_reason(said: str | None, *, calls: bool) -> str | None:
    """Why an answer ended. Some servers say `stop`, or nothing, where they call tools.

    >>> finish_reason("stop", calls=True), finish_reason("length", calls=True), finish_reason(None, calls=False)
    ('tool_calls', 'length', None)
    """
    return "tool_calls" if calls and said in {None, "", "stop", "end_turn", "function_call"} else said
