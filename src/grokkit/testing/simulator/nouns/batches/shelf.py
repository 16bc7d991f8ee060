"""The batches of a team and the requests in them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grokkit.testing.simulator.nouns.batches.kinds import Kind

State: TypeAlias = Literal["pending", "running", "succeeded", "failed", "cancelled"]
"""`running` is `pending` to the outside."""

LIFE = 30 * 24 * 3600.0


class Request(msgspec.Struct, kw_only=True):
    """One request of a batch, and what came of it."""

    id: str
    kind: Kind
    body: dict[str, Any]
    created_at: float
    ready_at: float
    state: State = "pending"
    finished_at: float | None = None
    job_id: str | None = None
    """What a video that is being made is fetched by."""
    result: dict[str, Any] = {}
    cost_ticks: int = 0

    def metadata(self) -> dict[str, Any]:
        """The request as the list of requests shows it."""
        return {
            "batch_request_id": self.id,
            "endpoint": self.kind.rpc,
            "model": str(self.body.get("model", "")),
            "state": "pending" if self.state == "running" else self.state,
            "create_time": moment(self.created_at),
            "finish_time": None if self.finished_at is None else moment(self.finished_at),
        }


class Batch(msgspec.Struct, kw_only=True):
    """One batch."""

    id: str
    number: int
    name: str
    team_id: str
    key_id: str
    created_at: float
    cancelled_at: float | None = None
    cancel_message: str | None = None
    requests: dict[str, Request] = {}
    finished: list[Request] = []
    """Those with a result, in the order of their ends."""
    file: bytes | None = None
    """The lines it was made from, until they are read."""
    parsed_at: float = 0.0
    sealed: bool = False
    """Whether it came from a file, so that nothing can be added."""

    @property
    def expires_at(self) -> float:
        """When it is forgotten."""
        return self.created_at + LIFE

    def waiting(self) -> Iterator[Request]:
        """The requests that are not answered."""
        return (request for request in self.requests.values() if request.state == "pending")

    def cancel(self, now: float, message: str | None = None) -> None:
        """End it: what is not answered will not be."""
        if self.cancelled_at is not None:
            return
        self.cancelled_at, self.cancel_message, self.file = now, message, None
        for request in self.requests.values():
            if request.state in {"pending", "running"}:
                request.state, request.finished_at = "cancelled", now

    def shown(self, *, with_costs: bool) -> dict[str, Any]:
        """The batch as the API shows it."""
        shown = {
            "batch_id": self.id,
            "name": self.name,
            "create_time": day(self.created_at),
            "expire_time": day(self.expires_at),
            "create_api_key_id": self.key_id,
            "cancel_time": None if self.cancelled_at is None else day(self.cancelled_at),
            "cancel_by_xai_message": self.cancel_message,
            "state": self.counts(),
        }
        costs = self.costs() if with_costs else {}
        return shown | ({"cost_breakdown": costs} if costs else {})

    def counts(self) -> dict[str, int]:
        """How many requests are in which state."""
        states = [request.state for request in self.requests.values()]
        return {
            "num_requests": len(states),
            "num_pending": states.count("pending") + states.count("running"),
            "num_success": states.count("succeeded"),
            "num_error": states.count("failed"),
            "num_cancelled": states.count("cancelled"),
        }

    def costs(self) -> dict[str, Any]:
        """What the answers cost, by endpoint; empty as long as they cost nothing."""
        by_endpoint: dict[str, int] = {}
        for request in self.finished:
            by_endpoint[request.kind.rpc] = by_endpoint.get(request.kind.rpc, 0) + request.cost_ticks
        if not any(by_endpoint.values()):
            return {}
        each = [{"endpoint": endpoint, "cost_usd_ticks": ticks} for endpoint, ticks in by_endpoint.items()]
        return {"total_cost_usd_ticks": sum(by_endpoint.values()), "endpoint_costs": each}


class BatchShelf:
    """Every batch. `unsupported` are the models that batches may not ask."""

    def __init__(self) -> None:
        self.batches: dict[str, Batch] = {}
        self.unsupported = {"grok-4.5"}
        self.creations: list[float] = []
        self.additions: list[float] = []


def day(at: float) -> str:
    """A day as batches write it.

    >>> day(0)
    '1970-01-01'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def moment(at: float) -> str:
    """A moment as their requests write it.

    >>> moment(0.5)
    '1970-01-01T00:00:00.500000Z'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
