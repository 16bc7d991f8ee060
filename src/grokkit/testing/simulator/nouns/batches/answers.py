"""Replies as the results of a batch tell them: errors by gRPC's numbers, responses as chat completions."""

from __future__ import annotations

from typing import Any

import msgspec

_GRPC_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 413: 3, 415: 3, 422: 3, 429: 8, 501: 12, 503: 14, 504: 4}
_INTERNAL = 13
_UNAVAILABLE = 14
_FIRST_SERVER_ERROR = 500


def error_of(status: int, body: bytes) -> tuple[int, str]:
    """The code and the message of a failure.

    >>> error_of(404, b'{"code":"not-found","error":"No such model"}')
    (5, 'No such model')
    """
    text = body.decode("utf-8", "replace")
    try:
        value = msgspec.json.decode(body)
    except msgspec.DecodeError:
        value = {}
    error = value.get("error", text) if isinstance(value, dict) else text
    message = error.get("message", text) if isinstance(error, dict) else error
    otherwise = _UNAVAILABLE if status > _FIRST_SERVER_ERROR else _INTERNAL
    return _GRPC_CODES.get(status, otherwise), str(message)


def as_completion(response: dict[str, Any]) -> dict[str, Any]:
    """A response as the chat completion it comes back as: a choice for the answer, and one for each tool's output."""
    items = response.get("output", [])
    calls = [_call(item) for item in items if item.get("type") == "function_call"]
    message: dict[str, Any] = {"role": "assistant", "content": _texts(items, "message"), "refusal": None}
    if reasoning := _texts(items, "reasoning"):
        message["reasoning_content"] = reasoning
    if calls:
        message["tool_calls"] = calls
    whole = response.get("status") != "incomplete"
    reason = ("tool_calls" if calls else "stop") if whole else "length"
    choices = [{"index": 0, "message": message, "finish_reason": reason}]
    for item in items:
        if item.get("type") in {"mcp_call", "code_interpreter_call"}:
            said = {"role": "tool", "content": str(item.get("output") or item.get("outputs") or "")}
            choices.append({"index": len(choices), "message": said, "finish_reason": "stop"})
    return {
        "id": response.get("id"),
        "object": "chat.completion",
        "created": response.get("created_at"),
        "model": response.get("model"),
        "choices": choices,
        "usage": _usage(response.get("usage") or {}),
        "service_tier": response.get("service_tier") or "default",
    }


def _texts(items: list[dict[str, Any]], kind: str) -> str:
    parts = [
        part for item in items if item.get("type") == kind for part in item.get("content") or item.get("summary") or []
    ]
    return "".join(str(part.get("text", "")) for part in parts)


def _call(item: dict[str, Any]) -> dict[str, Any]:
    function = {"name": item.get("name"), "arguments": item.get("arguments")}
    return {"id": item.get("call_id"), "function": function, "type": "function"}


def _usage(usage: dict[str, Any]) -> dict[str, Any]:
    reasoning = usage.get("output_tokens_details", {}).get("reasoning_tokens", 0)
    prompt, cached = usage.get("input_tokens", 0), usage.get("input_tokens_details", {}).get("cached_tokens", 0)
    no_audio = {"audio_tokens": 0}
    predictions = {"accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}
    return {
        "prompt_tokens": prompt,
        "completion_tokens": usage.get("output_tokens", 0) - reasoning,
        "total_tokens": usage.get("total_tokens", 0),
        "prompt_tokens_details": {"text_tokens": prompt, **no_audio, "image_tokens": 0, "cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning, **no_audio, **predictions},
        "num_sources_used": usage.get("num_sources_used", 0),
        "cost_in_usd_ticks": usage.get("cost_in_usd_ticks", 0),
    }
