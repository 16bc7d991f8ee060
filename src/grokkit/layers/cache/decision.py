"""What may be stored: pure rules over what a call asks and what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.layers.effects import has_effects
from grokkit.wire.extra import objects
from grokkit.wire.output import parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from grokkit.call import Call
    from grokkit.config import Cache

CHAT, RESPONSES = "/chat/completions", "/responses"

_NOTES = {"joined": "joined", "redacted": "redacted", "fell_back": "fallback", "cached": "cached"}
_WHY_CHAT_ENDED = {
    "length": "cut_off",
    "content_filter": "filtered",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
_SAID_ALL = frozenset({"stop", "end_turn"})
_CALLS = frozenset({"function_call", "custom_tool_call"})
_OWN_WORDS = frozenset({"message", "reasoning"})


def asked(call: Call) -> Mapping[str, Any] | None:
    """What a call asks, if it is one whose answers are ever stored: a question to a model that answers in text."""
    if call.method != "POST" or call.model is None or call.path not in (CHAT, RESPONSES):
        return None
    return None if isinstance(call.body, bytes) else call.body


def call_refused(call: Call, body: Mapping[str, Any], policy: Cache) -> str | None:
    """Why a call is made whatever is stored, and its answer not stored: `conversation`, `temperature` or `effects`."""
    if body.get("store") or body.get("previous_response_id") or body.get("conversation"):
        return "conversation"
    if body.get("background") or body.get("deferred"):
        return "deferred"
    if _is_above(body.get("temperature"), policy.max_temperature):
        return "temperature"
    return "effects" if has_effects(call) else None


def answer_refused(path: str, raw: Mapping[str, Any], notes: Mapping[str, Any]) -> str | None:
    """Why an answer is not stored, in a word; None when it may be.

    >>> answer_refused("/responses", {"status": "incomplete", "output": []}, {})
    'cut_off'
    """
    noted = next((why for note, why in _NOTES.items() if notes.get(note)), None)
    return noted or _RULES[path](raw)


def _is_above(temperature: object, most: float | None) -> bool:
    """Without one the model's own holds: who switched the cache on wants that answer again."""
    return isinstance(temperature, int | float) and most is not None and temperature > most


def _completion_refused(raw: Mapping[str, Any]) -> str | None:
    choices = objects(raw.get("choices"))
    each = (_choice_refused(choice) for choice in choices)
    return _first(each) or _searched(raw) or (None if choices else "empty")


def _choice_refused(choice: Mapping[str, Any]) -> str | None:
    message = choice.get("message")
    said = message if isinstance(message, dict) else {}
    ended = choice.get("finish_reason")
    if said.get("tool_calls") or said.get("function_call"):
        return "tool_calls"
    if ended not in _SAID_ALL:
        return _WHY_CHAT_ENDED.get(str(ended), "unfinished")
    if said.get("refusal"):
        return "refused"
    return None if said.get("content") else "empty"


def _response_refused(raw: Mapping[str, Any]) -> str | None:
    items = objects(raw.get("output"))
    return (
        _status_refused(raw)
        or _first(_item_refused(item) for item in items)
        or _searched(raw)
        or (None if any(item.get("type") == "message" for item in items) else "empty")
    )


def _status_refused(raw: Mapping[str, Any]) -> str | None:
    if raw.get("error"):
        return "failed"
    details = raw.get("incomplete_details")
    if isinstance(details, dict) and details.get("reason") == "content_filter":
        return "filtered"
    if details or raw.get("status") == "incomplete":
        return "cut_off"
    return None if raw.get("status") == "completed" else "unfinished"


def _item_refused(item: Mapping[str, Any]) -> str | None:
    kind = item.get("type")
    if kind not in _OWN_WORDS:
        return "tool_calls" if kind in _CALLS else "server_tools"
    if kind == "reasoning":
        return None
    said = parts(dict(item), "content")
    if any(part.get("type") == "refusal" for part in said):
        return "refused"
    if any(part.get("annotations") for part in said):
        return "server_tools"
    return None if any(part.get("text") for part in said) else "empty"


def _searched(raw: Mapping[str, Any]) -> str | None:
    """Whether tools ran on the server, by what the reply counts and cites."""
    usage = raw.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    used = counts.get("server_side_tool_usage_details")
    ran = any(used.values()) if isinstance(used, dict) else bool(used)
    sources = counts.get("num_sources_used") or counts.get("num_server_side_tools_used") or raw.get("citations")
    return "server_tools" if ran or sources else None


def _first(reasons: Iterable[str | None]) -> str | None:
    return next((reason for reason in reasons if reason is not None), None)


_RULES: dict[str, Callable[[Mapping[str, Any]], str | None]] = {
    CHAT: _completion_refused,
    RESPONSES: _response_refused,
}
