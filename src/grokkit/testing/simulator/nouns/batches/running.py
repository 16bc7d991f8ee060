"""Batches get on when somebody looks: what should have happened by now, happens then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.nouns.batches.answers import as_completion, error_of
from grokkit.testing.simulator.nouns.batches.lines import Unreadable, read_lines
from grokkit.testing.simulator.nouns.batches.shelf import BatchShelf, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.testing.simulator.nouns.batches.kinds import Kind
    from grokkit.testing.simulator.nouns.batches.shelf import Batch
    from grokkit.testing.simulator.visit import Outcome, Visit

_PENDING = 202
_FIRST_ERROR = 300
_DISCOUNT_PERCENT = 20
_DISCOUNTED = ("grok-4.3", "grok-4.20")


async def advance(batch: Batch, visit: Visit) -> None:
    """Read the file and run the requests whose time has come."""
    now = visit.now()
    if batch.file is not None and now >= batch.parsed_at:
        _parse(batch, visit)
    for request in [request for request in batch.waiting() if request.ready_at <= now]:
        if request.state == "pending":
            await _run(batch, request, visit)


def add(batch: Batch, requests: Sequence[tuple[str, Kind, dict[str, Any]]], begin: float, seconds: float) -> None:
    """Put requests into a batch; they are ready one after the other, all of them after `seconds`."""
    for index, (request_id, kind, body) in enumerate(requests, start=1):
        ready = begin + seconds * index / len(requests)
        batch.requests[request_id] = Request(id=request_id, kind=kind, body=body, created_at=begin, ready_at=ready)


def _parse(batch: Batch, visit: Visit) -> None:
    content, batch.file = batch.file or b"", None
    try:
        requests = read_lines(content, visit.simulator.state(BatchShelf).unsupported)
    except Unreadable as problem:
        batch.cancel(batch.parsed_at, f"Invalid input file: {problem}")
        return
    add(batch, requests, batch.parsed_at, visit.simulator.job_seconds / 2)


async def _run(batch: Batch, request: Request, visit: Visit) -> None:
    request.state = "running"
    try:
        outcome = await _ask(request, visit)
    except BaseException:
        request.state = "pending"
        raise
    if batch.cancelled_at is not None:
        return
    if outcome is None:
        request.state = "pending"
        return
    _keep(request, outcome)
    request.finished_at = visit.now()
    batch.finished.append(request)


async def _ask(request: Request, visit: Visit) -> Outcome | None:
    """The outcome of a request; `None` while it is being made."""
    if request.job_id is None:
        body = {name: value for name, value in request.body.items() if name != "stream"}
        outcome = await _answer("POST", request.kind.path, body, request, visit)
        if request.kind.job is None or outcome.status >= _FIRST_ERROR:
            return outcome
        request.job_id = str(_decoded(outcome.body).get("request_id", ""))
    path = (request.kind.job or "").format(request.job_id)
    outcome = await _answer("GET", path, None, request, visit)
    return None if outcome.status == _PENDING else outcome


async def _answer(method: str, path: str, body: dict[str, Any] | None, request: Request, visit: Visit) -> Outcome:
    inner = visit.inner(method, path, body)
    inner.is_rated = False
    if visit.key is not None:
        of_its_own = f"batch:{request.id}"
        inner.key = msgspec.structs.replace(visit.key, id=of_its_own, qps=None, qpm=None, tpm=None)
    return await visit.simulator.app.answer(inner)


def _keep(request: Request, outcome: Outcome) -> None:
    if outcome.status >= _FIRST_ERROR:
        code, message = error_of(outcome.status, outcome.body)
        request.state = "failed"
        request.result = {
            "batch_request_id": request.id,
            "batch_result": {"error": {"code": code, "message": message}},
            "error_message": message,
        }
        return
    value = _decoded(outcome.body)
    if request.kind.name == "responses":
        value = as_completion(value)
    request.cost_ticks = _discounted(value)
    request.state = "succeeded"
    response = {request.kind.answer: value}
    request.result = {"batch_request_id": request.id, "batch_result": {"response": response}}


def _decoded(body: bytes) -> dict[str, Any]:
    """A reply as an object; a scripted one may be anything."""
    try:
        value = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _discounted(value: dict[str, Any]) -> int:
    """Take the discount of batches off the cost in a reply, where the model has one; what remains."""
    usage = value.get("usage")
    ticks = usage.get("cost_in_usd_ticks") if isinstance(usage, dict) else None
    if not isinstance(usage, dict) or not isinstance(ticks, int):
        return 0
    if str(value.get("model", "")).startswith(_DISCOUNTED):
        ticks = ticks * (100 - _DISCOUNT_PERCENT) // 100
        usage["cost_in_usd_ticks"] = ticks
    return ticks
