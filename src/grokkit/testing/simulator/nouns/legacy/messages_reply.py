"""A reply in Anthropic's shape: the message, and the named events of its stream."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator import tokens
from grokkit.testing.simulator.visit import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grokkit.testing.simulator.bill import Bill
    from grokkit.testing.simulator.thought import Thought, ToolCall

_REASONS = {"tool_calls": "tool_use", "length": "max_tokens", "stop": "end_turn"}


class MessagesReply(msgspec.Struct, frozen=True, kw_only=True):
    """All that the reply says."""

    id: str
    model: str
    thought: Thought
    bill: Bill
    stop_sequence: str | None = None

    @property
    def stop_reason(self) -> str:
        """Why it ends, in Anthropic's words."""
        reason = _REASONS.get(self.thought.reason, self.thought.reason)
        return "stop_sequence" if self.stop_sequence is not None and reason == "end_turn" else reason

    def whole(self) -> dict[str, Any]:
        """The message."""
        thought = self.thought
        content: list[dict[str, Any]] = []
        if thought.reasoning:
            content.append(_thinking(thought.reasoning, signature(thought.reasoning)))
        if thought.text or not thought.tool_calls:
            content.append({"type": "text", "text": thought.text})
        content += [_tool_use(call, msgspec.json.decode(call.arguments or "{}")) for call in thought.tool_calls]
        return self._message(content, self.stop_reason, self.stop_sequence, self.bill.output_tokens)

    def frames(self) -> Iterator[Frame]:
        """The message as events, and the `[DONE]` that the document promises."""
        thought = self.thought
        yield _event("message_start", message=self._message([], None, None, 0))
        index = 0
        if thought.reasoning:
            deltas = [("thinking_delta", "thinking", piece) for piece in tokens.pieces(thought.reasoning)]
            sealed = [("signature_delta", "signature", signature(thought.reasoning))]
            yield from _block(index, _thinking("", ""), [*deltas, *sealed])
            index += 1
        if thought.text or not thought.tool_calls:
            cut = thought.pieces or tokens.pieces(thought.text)
            yield from _block(index, {"type": "text", "text": ""}, [("text_delta", "text", piece) for piece in cut])
            index += 1
        for number, call in enumerate(thought.tool_calls, start=index):
            pieces = tokens.pieces(call.arguments) if thought.fragments else [call.arguments]
            yield from _block(
                number, _tool_use(call, {}), [("input_json_delta", "partial_json", piece) for piece in pieces]
            )
        delta = {"stop_reason": self.stop_reason, "stop_sequence": self.stop_sequence}
        yield _event("message_delta", delta=delta, usage=self._usage(self.bill.output_tokens))
        yield _event("message_stop")
        yield Frame(b"[DONE]")

    def _message(
        self, content: list[dict[str, Any]], reason: str | None, sequence: str | None, written: int
    ) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "content": content,
            "model": self.model,
            "stop_reason": reason,
            "stop_sequence": sequence,
            "usage": self._usage(written),
        }

    def _usage(self, written: int) -> dict[str, int]:
        return {
            "input_tokens": self.bill.input_tokens - self.bill.cached_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": self.bill.cached_tokens,
            "output_tokens": written,
        }


def signature(thinking: str) -> str:
    """The seal of a thinking block: the same for the same thought."""
    return base64.b64encode(hashlib.sha512(thinking.encode("utf-8", "replace")).digest()).decode()


def _block(index: int, begun: dict[str, Any], deltas: Sequence[tuple[str, str, str]]) -> Iterator[Frame]:
    yield _event("content_block_start", index=index, content_block=begun)
    for kind, field, piece in deltas:
        yield _event(
            "content_block_delta", int(kind != "signature_delta"), index=index, delta={"type": kind, field: piece}
        )
    yield _event("content_block_stop", index=index)


def _event(kind: str, weight: int = 0, **fields: Any) -> Frame:
    return Frame(msgspec.json.encode({"type": kind, **fields}), weight, kind)


def _thinking(text: str, seal: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": text, "signature": seal}


def _tool_use(call: ToolCall, arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": arguments}
