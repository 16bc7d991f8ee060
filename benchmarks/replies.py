"""The replies that the stubs give: one question, one answer, in the shapes of api.x.ai."""

from __future__ import annotations

import json

MODEL = "grok-4.20-0309-non-reasoning"
PLAIN_TEXT = (
    "Sunlight is scattered by the molecules of the air, and blue light is scattered far more than red, "
    "because its wavelength is shorter: by the fourth power of the frequency. Wherever you look, some of "
    "that scattered blue reaches your eye, so the whole sky looks blue. At sunset the light crosses much "
    "more air, most of the blue is gone on the way, and red and orange are left."
)
WORDS = (
    " the",
    " sky",
    " is",
    " blue",
    ",",
    " because",
    " air",
    " scatters",
    " short",
    " wavelengths",
    ".",
    " Red",
)

HEADERS = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "*"),
    ("cf-cache-status", "DYNAMIC"),
    ("server", "cloudflare"),
    ("strict-transport-security", "max-age=31536000"),
    ("traceparent", "00-a7a9aa48c49997321f79065ad9d0e2b5-0f20bc36004afc97-01"),
    ("vary", "origin, access-control-request-method, access-control-request-headers"),
    ("x-ratelimit-limit-requests", "1200000000"),
    ("x-ratelimit-limit-tokens", "18000000000000"),
    ("x-ratelimit-remaining-requests", "1200000000"),
    ("x-ratelimit-remaining-tokens", "18000000000000"),
    ("x-request-id", "fc1ada94-08fa-9268-91a1-ffb5c2592a6a"),
    ("x-zero-data-retention", "false"),
)
"""What api.x.ai sends with every reply; the gRPC stub sends them as metadata. The limits are a million times those of
the recordings: a client that keeps to them would wait, and waiting is not what is measured."""

_ID = "fc1ada94-08fa-9268-91a1-ffb5c2592a6a"
_CREATED = 1776323896


def stream_words(count: int) -> list[str]:
    """The text of a streamed answer, one piece a chunk."""
    return [WORDS[number % len(WORDS)] for number in range(count)]


def chat_reply() -> bytes:
    """A plain reply of POST /v1/chat/completions."""
    message = {"role": "assistant", "content": PLAIN_TEXT, "refusal": None}
    return _compact(
        {
            "id": _ID,
            "object": "chat.completion",
            "created": _CREATED,
            "model": MODEL,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": _chat_usage(96),
            "system_fingerprint": "fp_879c9fd1f9",
        }
    )


def chat_frames(count: int) -> list[bytes]:
    """The frames of a streamed chat reply: `count` pieces of text, the end, the usage, `[DONE]`."""
    deltas: list[dict[str, object]] = [{"content": word} for word in stream_words(count)]
    deltas[0]["role"] = "assistant"
    frames = [_frame(_chat_chunk([{"index": 0, "delta": delta}])) for delta in deltas]
    frames.append(_frame(_chat_chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}])))
    frames.append(_frame(_chat_chunk([]) | {"usage": _chat_usage(count)}))
    frames.append(b"data: [DONE]\n\n")
    return frames


def responses_reply() -> bytes:
    """A plain reply of POST /v1/responses."""
    return _compact(_response("completed", PLAIN_TEXT, 96))


def responses_frames(count: int) -> list[bytes]:
    """The frames of a streamed Responses reply: opening events, `count` pieces of text, closing ones."""
    words = stream_words(count)
    text = "".join(words)
    place: dict[str, object] = {"item_id": f"msg_{_ID}", "output_index": 0, "content_index": 0}
    opening: list[dict[str, object]] = [
        {"type": "response.created", "response": _response("in_progress", None, None)},
        {"type": "response.in_progress", "response": _response("in_progress", None, None)},
        {"type": "response.output_item.added", "output_index": 0, "item": _message("in_progress", None)},
        {"type": "response.content_part.added", **place, "part": _part("")},
    ]
    middle: list[dict[str, object]] = [
        {"type": "response.output_text.delta", "delta": word, "logprobs": [], **place} for word in words
    ]
    closing: list[dict[str, object]] = [
        {"type": "response.output_text.done", "text": text, "logprobs": [], **place},
        {"type": "response.content_part.done", **place, "part": _part(text)},
        {"type": "response.output_item.done", "output_index": 0, "item": _message("completed", text)},
        {"type": "response.completed", "response": _response("completed", text, count)},
    ]
    events = opening + middle + closing
    return [_named_frame({"sequence_number": number, **event}) for number, event in enumerate(events)]


def _chat_chunk(choices: list[dict[str, object]]) -> dict[str, object]:
    return {
        "id": _ID,
        "object": "chat.completion.chunk",
        "created": _CREATED,
        "model": MODEL,
        "choices": choices,
        "system_fingerprint": "fp_879c9fd1f9",
    }


def _chat_usage(completion_tokens: int) -> dict[str, object]:
    return {
        "prompt_tokens": 14,
        "completion_tokens": completion_tokens,
        "total_tokens": 14 + completion_tokens,
        "prompt_tokens_details": {
            "text_tokens": 14,
            "audio_tokens": 0,
            "image_tokens": 0,
            "cached_tokens": 2,
        },
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        "num_sources_used": 0,
        "cost_in_usd_ticks": 1365000,
    }


def _part(text: str) -> dict[str, object]:
    return {"type": "output_text", "text": text, "logprobs": [], "annotations": []}


def _message(status: str, text: str | None) -> dict[str, object]:
    content = [] if text is None else [_part(text)]
    return {"id": f"msg_{_ID}", "type": "message", "role": "assistant", "status": status, "content": content}


def _response(status: str, text: str | None, output_tokens: int | None) -> dict[str, object]:
    return {
        "created_at": _CREATED,
        "completed_at": None if text is None else _CREATED + 1,
        "id": _ID,
        "max_output_tokens": None,
        "model": MODEL,
        "object": "response",
        "output": [] if text is None else [_message("completed", text)],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "temperature": None,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "usage": None if output_tokens is None else _responses_usage(output_tokens),
        "user": None,
        "incomplete_details": None,
        "status": status,
        "store": True,
        "metadata": {},
        "background": False,
        "service_tier": "default",
        "truncation": "disabled",
        "error": None,
        "instructions": None,
    }


def _responses_usage(output_tokens: int) -> dict[str, object]:
    return {
        "input_tokens": 14,
        "input_tokens_details": {"cached_tokens": 2},
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 14 + output_tokens,
        "num_sources_used": 0,
        "num_server_side_tools_used": 0,
        "cost_in_usd_ticks": 1365000,
    }


def _frame(value: dict[str, object]) -> bytes:
    return b"data: " + _compact(value) + b"\n\n"


def _named_frame(value: dict[str, object]) -> bytes:
    return f"event: {value['type']}\n".encode() + _frame(value)


def _compact(value: dict[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
