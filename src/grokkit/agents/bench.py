"""What the calls of one run have in common."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from grokkit.agents.approval import Approval, ApprovalRequest, Decision
    from grokkit.agents.journal.journal import Journal
    from grokkit.agents.journal.record import CallRecord, Claim
    from grokkit.agents.results import ToolResult
    from grokkit.agents.results_cache import ResultsCache
    from grokkit.clock import Clock
    from grokkit.tools import Tool
    from grokkit.wire.events import ToolCall

Told: TypeAlias = "Callable[[ToolCall | ToolResult | ApprovalRequest], object]"
"""Hears each call as it starts, each result, and each request for approval that is left waiting."""
Before: TypeAlias = "Callable[[ToolCall, Tool[..., Any]], Awaitable[Decision | None] | Decision | None]"
"""Sees a call before it is made; what it decides is not asked any more."""
After: TypeAlias = "Callable[[ToolResult], Awaitable[ToolResult | None] | ToolResult | None]"
"""Sees a result before the model does, and may give another one in its place."""


LONGEST_OUTPUT = 200_000
"""Characters, some 50,000 tokens: more than that of one call leaves too little room for others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where and how the calls of a run are made."""

    tools: Mapping[str, Tool[..., Any]]
    journal: Journal
    claim: Claim
    known: dict[tuple[int, str], CallRecord]
    """What the journal has of the run's calls, by turn and id."""
    clock: Clock
    slots: asyncio.Semaphore
    time_limit: float | None
    longest_output: int | None
    cache: ResultsCache
    tenant: str
    approval: Approval
    asking: asyncio.Lock
    """One question at a time is asked."""
    before: Sequence[Before]
    after: Sequence[After]
    told: Told


@dataclass(slots=True)
class Halt:
    """What keeps the calls of a turn from being begun, since one of them met it."""

    error: Exception | None = None
    unsaved: list[ToolResult] = field(default_factory=list)
    """What came of calls and could not be written down."""


def key_of(run_id: str, turn: int, call_id: str) -> str:
    """The idempotency key of a call: the same whenever and wherever the run comes to it.

    >>> key_of("order-7", 1, "call_1") == key_of("order-7", 1, "call_1") != key_of("order-7", 2, "call_1")
    True
    """
    return hashlib.sha256(msgspec.json.encode([run_id, turn, call_id])).hexdigest()[:32]
