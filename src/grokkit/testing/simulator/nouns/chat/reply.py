"""Chat replies as they are on the wire: the completion, and the frames of its stream."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator import tokens
from grokkit.testing.simulator.visit import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grokkit.testing.simulator.bill import Bill
    from grokkit.testing.simulator.thought import Thought, ToolCall

_encode = msgspec.json.encode
_MOST_LIKELY = -0.01
_FRAGMENT = 8


class ChatReply(msgspec.Struct, frozen=True, kw_only=True):
    """All that a chat reply says."""

    id: str
    created: int
    model: str
    thoughts: Sequence[Thought]
    bill: Bill
    service_tier: str | None
    """`None` leaves the field out, as it was before there were tiers."""
    reasoning: bool = True
    """Whether the model shows its reasoning."""
    logprobs: int | None = None
    """How many alternatives to give for each token; `None` for no log probabilities at all."""
    usage_frame: bool = True

    def whole(self) -> dict[str, Any]:
        """The completion."""
        citations = [citation.url for thought in self.thoughts for citation in thought.citations]
        return {
            **self._common("chat.completion"),
            "choices": [self._choice(index, thought) for index, thought in enumerate(self.thoughts)],
            "usage": self.bill.chat(),
            **({"citations": citations} if citations else {}),
            "system_fingerprint": fingerprint(self.model),
            **self._tier(),
        }

    def frames(self) -> Iterator[Frame]:
        """The completion in pieces: reasoning, text and calls of each choice, the ends, the usage, `[DONE]`."""
        for index, thought in enumerate(self.thoughts):
            yield from self._choice_frames(index, thought)
        last: dict[str, Any] = {"choices": []}
        citations = [citation.url for thought in self.thoughts for citation in thought.citations]
        if self.usage_frame:
            last["usage"] = self.bill.chat()
        if citations:
            last["citations"] = citations
        if len(last) > 1:
            yield Frame(_encode({**self._common("chat.completion.chunk"), **last, **self._after()}))
        yield Frame(b"[DONE]")

    def _choice_frames(self, index: int, thought: Thought) -> Iterator[Frame]:
        before, after = self._around(index)
        role = b',"role":"assistant"'
        for field, text in ((b"reasoning_content", thought.reasoning), (b"content", thought.text)):
            cut = thought.pieces if field == b"content" and thought.pieces else tokens.pieces(text)
            for piece in cut:
                extra = self._frame_logprobs(piece) if field == b"content" else b""
                delta = b'{"' + field + b'":' + _encode(piece) + role + b"}"
                yield Frame(before + delta + extra + after, 1)
                role = b""
        for number, call in enumerate(thought.tool_calls):
            for part in _call_deltas(number, call, fragments=thought.fragments):
                yield Frame(before + _encode({**part, "role": "assistant"} if role else part) + after, 1)
                role = b""
        last = b'{"role":"assistant","content":""}' if role else b"{}"
        yield Frame(before + last + b',"finish_reason":' + _encode(thought.reason) + after)

    def _around(self, index: int) -> tuple[bytes, bytes]:
        common = _encode(self._common("chat.completion.chunk"))[:-1]
        before = common + b',"choices":[{"index":' + str(index).encode() + b',"delta":'
        return before, b"}]," + _encode(self._after())[1:]

    def _common(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def _after(self) -> dict[str, Any]:
        return {"system_fingerprint": fingerprint(self.model), **self._tier()}

    def _tier(self) -> dict[str, Any]:
        return {} if self.service_tier is None else {"service_tier": self.service_tier}

    def _choice(self, index: int, thought: Thought) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": thought.text}
        if thought.reasoning:
            message["reasoning_content"] = thought.reasoning
        if thought.tool_calls:
            message["tool_calls"] = [_written_call(call) for call in thought.tool_calls]
        message["refusal"] = thought.refusal
        choice: dict[str, Any] = {"index": index, "message": message, "finish_reason": thought.reason}
        if self.logprobs is not None:
            choice["logprobs"] = {"content": [_logprob(piece, self.logprobs) for piece in tokens.pieces(thought.text)]}
        return choice

    def _frame_logprobs(self, piece: str) -> bytes:
        if self.logprobs is None:
            return b""
        return b',"logprobs":' + _encode({"content": [_logprob(piece, self.logprobs)]})


def fingerprint(model: str) -> str:
    """The `system_fingerprint` of a model."""
    return f"fp_{hashlib.sha256(model.encode()).hexdigest()[:10]}"


def _written_call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}, "type": "function"}


def _call_deltas(number: int, call: ToolCall, *, fragments: bool) -> Iterator[dict[str, Any]]:
    if not fragments:
        function = {"name": call.name, "arguments": call.arguments}
        yield {"tool_calls": [{"id": call.id, "function": function, "index": number, "type": "function"}]}
        return
    function = {"name": call.name, "arguments": ""}
    yield {"tool_calls": [{"index": number, "id": call.id, "type": "function", "function": function}]}
    for start in range(0, len(call.arguments), _FRAGMENT):
        piece = call.arguments[start : start + _FRAGMENT]
        yield {"tool_calls": [{"index": number, "function": {"arguments": piece}}]}


def _logprob(piece: str, alternatives: int) -> dict[str, Any]:
    likely = {"token": piece, "logprob": _MOST_LIKELY, "bytes": list(piece.encode("utf-8", "replace"))}
    others = [
        {"token": f"{piece}{mark}", "logprob": _MOST_LIKELY - 2.0 - mark, "bytes": None} for mark in range(alternatives)
    ]
    return {**likely, "top_logprobs": [likely, *others][:alternatives]}
