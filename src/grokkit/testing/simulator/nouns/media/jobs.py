"""Work that is asked for now and fetched later: pending until the clock says it is done, forgotten after a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.nouns.files.shelf import team_of
from grokkit.testing.simulator.refusal import not_found

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from grokkit.testing.simulator.visit import Visit

_KEPT_SECONDS = 24 * 3600.0


class Job(msgspec.Struct, kw_only=True):
    """One piece of deferred work."""

    id: str
    team_id: str
    model: str
    started: float
    ready: float
    finish: Callable[[], Awaitable[dict[str, Any]]]
    """Makes the result; called once, by the first who asks after `ready`."""
    result: dict[str, Any] | None = None

    def progress(self, now: float) -> int:
        """Per cent, below 100 until it is ready."""
        return min(99, int(100 * (now - self.started) / max(self.ready - self.started, 1e-9)))

    async def outcome(self) -> dict[str, Any]:
        """The result, the same for everybody who asks."""
        if self.result is None:
            self.result = await self.finish()
        return self.result


class Jobs:
    """The deferred work of one noun."""

    def __init__(self) -> None:
        self._by_id: dict[str, Job] = {}

    def start(self, visit: Visit, model: str, finish: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, str]:
        """Begin a job; the reply that names it."""
        now = visit.now()
        self._by_id[visit.id] = Job(
            id=visit.id,
            team_id=team_of(visit),
            model=model,
            started=now,
            ready=now + visit.simulator.job_seconds,
            finish=finish,
        )
        return {"request_id": visit.id}

    def find(self, visit: Visit, what: str) -> Job:
        """The job in the path of a request. Raises 404 for one that is unknown or was done long ago."""
        request_id = visit.params["request_id"]
        job = self._by_id.get(request_id)
        if job is None or job.team_id != team_of(visit) or visit.now() > job.ready + _KEPT_SECONDS:
            raise not_found(f"No deferred {what} with request id {request_id}.")
        return job
