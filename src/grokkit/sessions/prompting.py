"""What goes out with a turn: the items of the conversation, fit to be sent, and the fields that keep it stateless."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

import msgspec

from grokkit.errors import InvalidRequest
from grokkit.resources.offered import definitions
from grokkit.sessions.doctor import mend
from grokkit.sessions.doctor.results import CALL_OF
from grokkit.sessions.turn import Placed, items_of, turns_only

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from grokkit.resources.responses import ResponsesOptions
    from grokkit.sessions.doctor import Item
    from grokkit.wire.answer import Answer

_SEALED = "reasoning.encrypted_content"
_UNREADABLE = ("compaction blob", "invalid_compaction_blob", "encrypted content", "encrypted_content", "decrypt")
_logger = logging.getLogger("grokkit")


def asked_items(prompt: str | Sequence[Mapping[str, Any]]) -> list[Item]:
    """A prompt as items. Raises `InvalidRequest` for an empty one."""
    items = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else [dict(item) for item in prompt]
    if not prompt or not items:
        raise InvalidRequest("the prompt is empty", param="prompt", hint="ask with a text or a list of items")
    return items


def brings_results(items: Iterable[Item]) -> bool:
    """Whether these items answer calls of the turn before."""
    return any(item.get("type") in CALL_OF for item in items)


def fields_of(options: Mapping[str, Any], key: str) -> ResponsesOptions:
    """The fields of a request that sends the whole conversation itself. Raises `TypeError` for one that cannot."""
    if options.get("previous_response_id") is not None:
        raise TypeError("a session sends its own history: leave previous_response_id out")
    fields: dict[str, Any] = {"store": False, "prompt_cache_key": key, **sealed_along(options)}
    if fields.get("tools"):
        fields["tools"] = definitions(fields["tools"], "responses")
    return cast("ResponsesOptions", fields)


def sealed_along(options: Mapping[str, Any]) -> dict[str, Any]:
    """The same, and the answer brings the model's reasoning along, sealed.

    >>> sealed_along({"include": ["no_inline_citations"]})
    {'include': ['no_inline_citations', 'reasoning.encrypted_content']}
    """
    include = [*(options.get("include") or ())]
    return {**options, "include": include if _SEALED in include else [*include, _SEALED]}


def without_form(options: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a plain text as the answer: no form, no call. The tools stay, as the cache knows them.

    >>> without_form({"tools": [{"type": "web_search"}], "text": {"format": {"type": "json_object"}}})
    {'tools': [{'type': 'web_search'}], 'tool_choice': 'none'}
    """
    fields = {name: value for name, value in options.items() if name not in {"text", "tool_choice"}}
    return {**fields, "tool_choice": "none"} if fields.get("tools") else fields


def sendable(placed: Sequence[Placed], new: Sequence[Item], unreadable: int = 0) -> list[Item]:
    """The conversation and what is asked now, mended; what only the server can read is left out up to a version."""
    mended = mend([*items_of(_without_sealed(placed, unreadable)), *new])
    if mended.changes:
        _logger.info("grok.history_mended: %s", mended.report)
    return mended.items


def is_unreadable(error: InvalidRequest) -> bool:
    """Whether the server says that it cannot read the reasoning, or the compaction, that it once gave."""
    told = f"{error.code or ''} {error.message}".lower()
    return any(word in told for word in _UNREADABLE)


def output_of(answer: Answer, *, partial: bool) -> list[Item]:
    """The items of an answer; of one that was cut off those that mean something by themselves."""
    items = [item for item in answer.raw.get("output") or () if isinstance(item, dict)]
    if not partial:
        return items
    whole = [item for item in items if not _is_cut_call(item)]
    return [{**item, "status": "incomplete"} if item.get("status") == "in_progress" else item for item in whole]


def context_tokens(answer: Answer) -> int:
    """How long the conversation is with this answer: of several steps on the server the last one's figures."""
    usage = answer.raw.get("usage")
    details = usage.get("context_details") if isinstance(usage, dict) else None
    if isinstance(details, dict):
        counts = [details.get(name) for name in ("input_tokens", "output_tokens")]
        return sum(count for count in counts if isinstance(count, int))
    return answer.usage.input_tokens + answer.usage.output_tokens


def _is_cut_call(item: Item) -> bool:
    return str(item.get("type")).endswith("_call") and item.get("status") not in {None, "completed"}


def _without_sealed(placed: Sequence[Placed], unreadable: int) -> Sequence[Placed]:
    if not unreadable:
        return placed
    later = [one for one in placed if one.version > unreadable]
    return [*(_opened(one) for one in turns_only(placed) if one.version <= unreadable), *later]


def _opened(placed: Placed) -> Placed:
    output = [item for item in placed.turn.output if item.get("encrypted_content") is None]
    return Placed(placed.version, msgspec.structs.replace(placed.turn, output=output))
