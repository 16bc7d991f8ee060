"""The response object: exactly the keys that were recorded, on the day they were recorded."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.nouns.chat.reply import fingerprint

if TYPE_CHECKING:
    from grokkit.models import Model
    from grokkit.testing.simulator.nouns.responses.era import Era
    from grokkit.testing.simulator.nouns.responses.request import ResponsesRequest

_TEMPERATURE, _TOP_P = 0.7, 0.95
_REASONS = {
    "length": "max_output_tokens",
    "max_output_tokens": "max_output_tokens",
    "max_prompt_tokens": "max_prompt_tokens",
    "max_time_limit": "max_time_limit",
}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a response says about its request."""

    id: str
    created: int
    request: ResponsesRequest
    sent: dict[str, Any]
    """The body as it was sent, for what is echoed."""
    model: Model
    era: Era
    priority: bool = False

    def begun(self) -> dict[str, Any]:
        """The response while it is made."""
        return self.object("in_progress", [], usage=None, completed=None)

    def object(
        self,
        status: str,
        output: list[dict[str, Any]],
        *,
        usage: dict[str, object] | None,
        completed: int | None,
        reason: str | None = None,
        error: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """The response."""
        request, era = self.request, self.era
        value: dict[str, Any] = {
            "created_at": self.created,
            "completed_at": completed,
            "id": self.id,
            "max_output_tokens": request.max_output_tokens,
            "model": self.model.id,
            "object": "response",
            "output": output,
            "parallel_tool_calls": request.parallel_tool_calls is not False,
            "previous_response_id": request.previous_response_id,
            "reasoning": self._reasoning(),
            "temperature": self._number(request.temperature, _TEMPERATURE),
            "text": {"format": self._format()},
            "tool_choice": self.sent.get("tool_choice") or "auto",
            "tools": self.sent.get("tools") or [],
            "top_p": self._number(request.top_p, _TOP_P),
            "usage": usage,
            "user": request.user,
            "incomplete_details": None if reason is None else {"reason": reason},
            "status": status,
            "store": request.is_stored,
            "metadata": {"system_fingerprint": fingerprint(self.model.id)} if era.fingerprint else {},
        }
        if era.whole_object:
            return value | self._compatible(error)
        del value["completed_at"]
        if usage is None:
            del value["usage"]
        return value

    def _compatible(self, error: dict[str, str] | None) -> dict[str, Any]:
        return {
            "background": False,
            "service_tier": "priority" if self.priority else "default",
            "truncation": "disabled",
            "top_logprobs": 0,
            "presence_penalty": 0.0,
            "frequency_penalty": 0.0,
            "prompt_cache_key": self.request.prompt_cache_key,
            "max_tool_calls": None,
            "safety_identifier": self.request.safety_identifier,
            "error": error,
            "instructions": self.request.instructions,
        }

    def _reasoning(self) -> dict[str, Any]:
        """As recorded: a plain reply fills in the defaults, a streamed one does not."""
        effort = self.request.effort
        asked = self.request.reasoning
        if self.request.stream or not self.era.whole_object or not self.model.reasoning:
            return {"effort": effort, "summary": asked.summary if asked is not None else None}
        return {"effort": effort or self.model.default_effort or "medium", "summary": "detailed"}

    def _number(self, sent: float | None, default: float) -> float | None:
        """As recorded: a streamed reply has the nearest number of 32 bits."""
        if not self.era.whole_object:
            return sent
        value = default if sent is None else float(sent)
        narrow: float = struct.unpack("f", struct.pack("f", value))[0]
        return narrow if self.request.stream else value

    def _format(self) -> dict[str, Any]:
        text = self.sent.get("text")
        wanted = text.get("format") if isinstance(text, dict) else None
        return wanted if isinstance(wanted, dict) else {"type": "text"}


def ending(finish_reason: str | None) -> tuple[str, str | None]:
    """The status of a response, and why it is incomplete.

    >>> ending("length"), ending("stop")
    (('incomplete', 'max_output_tokens'), ('completed', None))
    """
    if finish_reason == "failed":
        return "failed", None
    reason = _REASONS.get(finish_reason or "")
    return ("completed", None) if reason is None else ("incomplete", reason)
