"""A text or tool calls as a valid answer in the dialect of a path, plain or as the frames of a stream."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from grokkit.resources.channel import prices_of
from grokkit.wire.usage import chat_usage, responses_usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grokkit.wire.events import ToolCall

Raw: TypeAlias = dict[str, Any]

_CREATED = 1_790_000_000
_WORDS = re.compile(r"\s*\S+\s*")


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a model says in a mocked answer."""

    id: str
    model: str
    text: str = ""
    reasoning: str = ""
    tool_calls: Sequence[ToolCall] = ()
    asked: int = 1
    """The tokens of the prompt."""

    @property
    def thought(self) -> int:
        """The tokens of the reasoning: one a word."""
        return len(_words(self.reasoning))

    @property
    def said(self) -> int:
        """The tokens of what is visible: one a word of the text, and of the arguments of calls."""
        return sum(len(_words(piece)) for piece in (self.text, *(call.arguments for call in self.tool_calls)))


def chat_answer(said: Said) -> Raw:
    """A chat completion."""
    message: Raw = {"role": "assistant", "content": said.text, "refusal": None}
    if said.reasoning:
        message["reasoning_content"] = said.reasoning
    if said.tool_calls:
        message["tool_calls"] = [_chat_call(call) for call in said.tool_calls]
    choice = {"index": 0, "message": message, "finish_reason": _chat_reason(said)}
    return {**_chat_head(said, "chat.completion"), "choices": [choice], "usage": _chat_usage(said)}


def chat_frames(said: Said) -> list[Raw]:
    """The same answer as the chunks of a stream, a word each; tool calls come whole, as xAI sends them."""
    head = _chat_head(said, "chat.completion.chunk")
    deltas: list[Raw] = [{"reasoning_content": word} for word in _words(said.reasoning)]
    deltas += [{"content": word} for word in _words(said.text)]
    deltas += [{"tool_calls": [{"index": at, **_chat_call(call)}]} for at, call in enumerate(said.tool_calls)]
    deltas = [{"role": "assistant", **delta} if at == 0 else delta for at, delta in enumerate(deltas)]
    frames = [{**head, "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    frames.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": _chat_reason(said)}]})
    return [*frames, {**head, "choices": [], "usage": _chat_usage(said)}]


def response(said: Said, *, status: str = "completed") -> Raw:
    """A response object."""
    done = status == "completed"
    return {
        "id": said.id,
        "object": "response",
        "created_at": _CREATED,
        "completed_at": _CREATED + 1 if done else None,
        "status": status,
        "model": said.model,
        "output": _items(said) if done else [],
        "usage": _responses_usage(said) if done else None,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "top_p": 0.95,
        "top_logprobs": 0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "service_tier": "default",
        "truncation": "disabled",
        "background": False,
        "store": False,
        "metadata": {},
        "user": None,
    }


def response_frames(said: Said) -> list[Raw]:
    """The same answer as the events of a stream, numbered, a word in each delta."""
    events: list[Raw] = [
        {"type": "response.created", "response": response(said, status="in_progress")},
        {"type": "response.in_progress", "response": response(said, status="in_progress")},
    ]
    for index, item in enumerate(_items(said)):
        at: Raw = {"item_id": item["id"], "output_index": index}
        events.append({"type": "response.output_item.added", "output_index": index, "item": _begun(item)})
        events += [{**event, **at} for event in _inside(item)]
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    events.append({"type": "response.completed", "response": response(said)})
    return [{"sequence_number": number, **event} for number, event in enumerate(events)]


def _inside(item: Raw) -> Iterator[Raw]:
    if item["type"] == "function_call":
        kind = "response.function_call_arguments"
        yield {"type": f"{kind}.delta", "delta": item["arguments"]}
        yield {"type": f"{kind}.done", "arguments": item["arguments"]}
        return
    is_message = item["type"] == "message"
    part = (item["content"] if is_message else item["summary"])[0]
    part_kind, text_kind, index = (
        ("response.content_part", "response.output_text", {"content_index": 0})
        if is_message
        else ("response.reasoning_summary_part", "response.reasoning_summary_text", {"summary_index": 0})
    )
    yield {"type": f"{part_kind}.added", "part": {**part, "text": ""}, **index}
    for word in _words(part["text"]):
        yield {"type": f"{text_kind}.delta", "delta": word, **index}
    yield {"type": f"{text_kind}.done", "text": part["text"], **index}
    yield {"type": f"{part_kind}.done", "part": part, **index}


def _begun(item: Raw) -> Raw:
    empty: Raw = {"content": []} if item["type"] == "message" else {"summary": []}
    return {**item, **({"arguments": ""} if item["type"] == "function_call" else empty), "status": "in_progress"}


def _items(said: Said) -> list[Raw]:
    items: list[Raw] = []
    if said.reasoning:
        summary = [{"type": "summary_text", "text": said.reasoning}]
        items.append({"type": "reasoning", "id": f"rs_{said.id}", "summary": summary, "status": "completed"})
    items += [
        {
            "type": "function_call",
            "id": f"fc_{said.id}_{at}",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
            "status": "completed",
        }
        for at, call in enumerate(said.tool_calls)
    ]
    if said.text or not items:
        content = [{"type": "output_text", "text": said.text, "logprobs": [], "annotations": []}]
        message = {"type": "message", "id": f"msg_{said.id}", "role": "assistant", "content": content}
        items.append({**message, "status": "completed"})
    return items


def _chat_head(said: Said, kind: str) -> Raw:
    return {
        "id": said.id,
        "object": kind,
        "created": _CREATED,
        "model": said.model,
        "system_fingerprint": "fp_mock",
        "service_tier": "default",
    }


def _chat_call(call: ToolCall) -> Raw:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _chat_reason(said: Said) -> str:
    return "tool_calls" if said.tool_calls else "stop"


def _chat_usage(said: Said) -> Raw:
    usage: Raw = {
        "prompt_tokens": said.asked,
        "completion_tokens": said.said,
        "total_tokens": said.asked + said.said + said.thought,
        "prompt_tokens_details": {"text_tokens": said.asked, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": said.thought,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        "num_sources_used": 0,
    }
    return {**usage, "cost_in_usd_ticks": chat_usage(usage, prices_of(said.model), None).cost_ticks or 0}


def _responses_usage(said: Said) -> Raw:
    output = said.said + said.thought
    usage: Raw = {
        "input_tokens": said.asked,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": said.thought},
        "total_tokens": said.asked + output,
        "num_sources_used": 0,
        "num_server_side_tools_used": 0,
    }
    return {**usage, "cost_in_usd_ticks": responses_usage(usage, prices_of(said.model), None).cost_ticks or 0}


def _words(text: str) -> list[str]:
    return _WORDS.findall(text) or ([text] if text else [])
