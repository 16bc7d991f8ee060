"""The server's prompt cache: how a session stays where its beginning is known, and what spoilt it when it is not.

A prompt is the model, the instructions, the tools, the form asked of the answer, and the items, in this order; the
server knows it up to the first part that differs from what it was sent before.
"""

from __future__ import annotations

import hashlib
import logging
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from grokkit.sessions.doctor.change import kind_of
from grokkit.sessions.doctor.content import as_text
from grokkit.sessions.turn import Head

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grokkit.sessions.doctor import Item

SMALLEST = 1024
"""Tokens of a prompt from which it matters whether the server had them."""
_SHARE = 0.5
_logger = logging.getLogger("grokkit")


class PromptCacheDropped(msgspec.Struct, frozen=True, kw_only=True):
    """Much of a prompt that the server had been sent before was paid in full again.

    >>> print(PromptCacheDropped(session="s", part="tool list item 3", sent_before=9000, cached_tokens=64))
    session 's': 64 of 9000 tokens that were sent before came from the cache; first differing part: tool list item 3
    """

    session: str
    part: str | None
    """The first part that is not as it was; None when nothing changed, and the server just did not have it."""
    sent_before: int
    """How many tokens the prompt before had: so many could have been cached."""
    cached_tokens: int

    def __str__(self) -> str:
        told = f"{self.cached_tokens} of {self.sent_before} tokens that were sent before came from the cache"
        why = f"first differing part: {self.part}" if self.part else "nothing in them changed"
        return f"session {self.session!r}: {told}; {why}"


class Prompt(NamedTuple):
    """A prompt as it was sent."""

    head: Head
    items: list[Item]


def cache_key(tenant: str, name: str) -> str:
    """What the requests of a session are kept together by; it tells nothing of the tenant, nor of another one's.

    >>> cache_key("acme", "support-42") == cache_key("acme", "support-42") != cache_key("", "support-42")
    True
    """
    return "grokkit-" + hashlib.sha256(msgspec.json.encode([tenant, name])).hexdigest()[:40]


def head_of(model: str | None, options: Mapping[str, Any]) -> Head:
    """The marks of what stands before the items."""
    return Head(
        model=model or "",
        instructions=_mark(options.get("instructions")),
        tools=tuple(_mark(tool) for tool in options.get("tools") or ()),
        text=_mark(options.get("text")),
    )


def log_drop(drop: PromptCacheDropped) -> None:
    """Say so in the log: as a warning when something in the prompt is the reason."""
    _logger.log(logging.WARNING if drop.part else logging.INFO, "grok.prompt_cache_dropped: %s", drop)


def has_dropped(sent_before: int, cached: int) -> bool:
    """Whether too few of the tokens that were sent before came from the cache.

    >>> has_dropped(5000, 300), has_dropped(5000, 4864), has_dropped(300, 0)
    (True, False, False)
    """
    return sent_before >= SMALLEST and cached < sent_before * _SHARE


def first_difference(before: Prompt, now: Prompt) -> str | None:
    """The first part of a prompt that is not what it was, counted from 1; None when it only grew.

    >>> before = Prompt(Head(tools=("a", "b")), [{"role": "user", "content": "Hi"}])
    >>> first_difference(before, Prompt(Head(tools=("a", "c")), before.items))
    'tool list item 2'
    """
    one, other = before.head, now.head
    if one.model != other.model:
        return "model"
    if one.instructions != other.instructions:
        return "instructions"
    for number, (tool, other_tool) in enumerate(zip_longest(one.tools, other.tools), 1):
        if tool != other_tool:
            return f"tool list item {number}"
    return "response format" if one.text != other.text else _first_item(before.items, now.items)


def _first_item(before: Sequence[Item], now: Sequence[Item]) -> str | None:
    for number, (item, other) in enumerate(zip_longest(before, now[: len(before)]), 1):
        if item != other:
            return f"item {number} ({kind_of(item)})"
    return None


def _mark(value: object) -> str:
    if value is None:
        return ""
    return hashlib.blake2b(as_text(value).encode(), digest_size=8).hexdigest()
