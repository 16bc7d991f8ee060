"""Chat Completions: chunks in, events out, and the completion they add up to."""

from collections.abc import Iterable
from typing import Any

import msgspec

from grokkit.errors import ReplyUnreadable, StreamCorrupted
from grokkit.wire.chat import ChatChunk, ChunkChoice
from grokkit.wire.error_body import in_stream_error
from grokkit.wire.events import (
    Finished,
    OtherEvent,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    ToolCallDone,
)
from grokkit.wire.reading import Reader, read_object
from grokkit.wire.tool_calls import ToolCallAssembler

_read = Reader(ChatChunk).read
_CHUNK_FIELDS = frozenset(ChatChunk.__struct_fields__)
_CHOICE_FIELDS = frozenset(ChunkChoice.__struct_fields__)
_MESSAGE_FIELDS = frozenset({"role", "content", "reasoning_content", "refusal", "tool_calls"})


class _ChoiceState:
    """One of the answers so far."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.calls = ToolCallAssembler()
        self.calls_told = False
        self.finish_reason: str | None = None
        self.logprobs: dict[str, Any] = {}
        self.extra: dict[str, Any] = {}
        self.message_extra: dict[str, Any] = {}

    def raw(self) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self.text)}
        if self.reasoning:
            message["reasoning_content"] = "".join(self.reasoning)
        calls = self.calls.done()
        if calls:
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "function": {"name": call.name, "arguments": call.arguments},
                    "type": "function",
                }
                for call in calls
            ]
        message["refusal"] = "".join(self.refusal) or None
        choice = {
            "index": self.index,
            "message": message | self.message_extra,
            "finish_reason": self.finish_reason,
        }
        if self.logprobs:
            choice["logprobs"] = self.logprobs
        return choice | self.extra


class ChatAccumulator:
    """The state of one streamed chat completion.

    >>> accumulator = ChatAccumulator()
    >>> [event.text for event in accumulator.push(b'{"choices":[{"index":0,"delta":{"content":"Hi"}}]}')]
    ['Hi']
    >>> accumulator.raw()["choices"][0]["message"]["content"]
    'Hi'
    """

    ends_itself = False  # usage follows the finish

    def __init__(self) -> None:
        self.begun = False
        self.finished = False
        self._choices: dict[int, _ChoiceState] = {}
        self._head: dict[str, Any] = {
            "id": "",
            "object": "chat.completion",
            "created": 0,
            "model": "",
            "choices": [],
        }

    def push(self, frame: bytes) -> Iterable[StreamEvent]:
        """See `Accumulator.push`."""
        try:
            chunk = _read(frame)
        except ReplyUnreadable as error:
            raise StreamCorrupted(error.message, hint=error.hint) from error
        if self.begun and len(chunk.choices) == 1 and chunk.usage is None:
            choice = chunk.choices[0]
            text = choice.delta.content
            if text and _is_only_text(choice):
                self._choice(choice.index).text.append(text)
                return (TextDelta(frame, text, choice.index),)
        return self._push_whole(frame, chunk)

    def push_whole(self, body: bytes) -> Iterable[StreamEvent]:
        """See `Accumulator.push_whole`."""
        raw = read_object(body)
        choices = [
            {"delta" if name == "message" else name: value for name, value in choice.items()}
            for choice in raw.get("choices") or ()
        ]
        return self.push(msgspec.json.encode(raw | {"choices": choices}))

    def end(self) -> Iterable[StreamEvent]:
        """See `Accumulator.end`."""
        self.finished = True
        return [event for choice in self._choices.values() for event in _tell_calls(choice, b"{}")]

    def raw(self) -> dict[str, Any]:
        """See `Accumulator.raw`."""
        return self._head | {"choices": [self._choices[index].raw() for index in sorted(self._choices)]}

    def _choice(self, index: int) -> _ChoiceState:
        state = self._choices.get(index)
        if state is None:
            state = self._choices[index] = _ChoiceState(index)
        return state

    def _push_whole(self, frame: bytes, chunk: ChatChunk) -> list[StreamEvent]:
        raw = read_object(frame)
        if not chunk.choices:
            error = in_stream_error(raw)
            if error is not None:
                raise error
        self.begun = True
        self._merge_head(raw)
        events: list[StreamEvent] = []
        for choice, choice_raw in zip(chunk.choices, raw.get("choices") or [], strict=False):
            events += self._push_choice(frame, choice, choice_raw)
        self.finished = bool(self._choices) and all(state.finish_reason for state in self._choices.values())
        return events or _other(frame, chunk)

    def _merge_head(self, raw: dict[str, Any]) -> None:
        for name, value in raw.items():
            if name in {"choices", "object"} or value is None:
                continue
            if name in _CHUNK_FIELDS and name not in {"usage", "citations", "output_files"}:
                self._head[name] = self._head.get(name) or value
            else:
                self._head[name] = value

    def _push_choice(self, frame: bytes, choice: ChunkChoice, raw: dict[str, Any]) -> list[StreamEvent]:
        state = self._choice(choice.index)
        delta = choice.delta
        events: list[StreamEvent] = []
        if delta.reasoning_content:
            state.reasoning.append(delta.reasoning_content)
            events.append(ReasoningDelta(frame, delta.reasoning_content, choice.index))
        if delta.content:
            state.text.append(delta.content)
            events.append(TextDelta(frame, delta.content, choice.index))
        if delta.refusal:
            state.refusal.append(delta.refusal)
        for piece in delta.tool_calls or ():
            call, added = state.calls.add(piece)
            events.append(ToolCallDelta(frame, call.position, call.id, call.name, added, choice.index))
        _merge_rest(state, choice, raw)
        if choice.finish_reason:
            state.finish_reason = choice.finish_reason
            events += _tell_calls(state, frame)
            reason = finish_reason(choice.finish_reason, calls=bool(state.calls))
            events.append(Finished(frame, reason or choice.finish_reason, choice.index))
        return events


def finish_reason(said: str | None, *, calls: bool) -> str | None:
    """Why an answer ended. Some servers say `stop`, or nothing, where they call tools."""
    return "tool_calls" if calls and said in {None, "", "stop", "end_turn", "function_call"} else said


def _is_only_text(choice: ChunkChoice) -> bool:
    delta = choice.delta
    return not (choice.finish_reason or choice.logprobs or delta.reasoning_content or delta.tool_calls or delta.refusal)


def _merge_rest(state: _ChoiceState, choice: ChunkChoice, raw: dict[str, Any]) -> None:
    for name, value in (choice.logprobs or {}).items():
        if isinstance(value, list):
            state.logprobs.setdefault(name, []).extend(value)
        else:
            state.logprobs.setdefault(name, value)
    delta = raw.get("delta") or {}
    state.extra.update({name: raw[name] for name in raw.keys() - _CHOICE_FIELDS})
    state.message_extra.update({name: delta[name] for name in delta.keys() - _MESSAGE_FIELDS})


def _tell_calls(state: _ChoiceState, frame: bytes) -> list[StreamEvent]:
    if state.calls_told:
        return []
    state.calls_told = True
    return [ToolCallDone(frame, call, state.index) for call in state.calls.done()]


def _other(frame: bytes, chunk: ChatChunk) -> list[StreamEvent]:
    return [OtherEvent(frame, chunk.object or "chat.completion.chunk")] if not chunk.choices else []
