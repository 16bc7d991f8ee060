"""`/v1/batches`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.batches.kinds import KINDS
from grokkit.testing.simulator.nouns.batches.request import AddRequests, CreateBatch
from grokkit.testing.simulator.nouns.batches.running import add, advance
from grokkit.testing.simulator.nouns.batches.shelf import Batch, BatchShelf
from grokkit.testing.simulator.nouns.files import file_of
from grokkit.testing.simulator.nouns.files.shelf import team_of
from grokkit.testing.simulator.nouns.paging import after, limit_of
from grokkit.testing.simulator.refusal import invalid, not_found, refusal, undeserialisable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.testing.simulator.nouns.batches.kinds import Kind
    from grokkit.testing.simulator.visit import Outcome, Visit

T = TypeVar("T")

table = Table()

_PAGE, _MOST = 100, 1_000
_MOST_IN_A_CALL = 25 * 1024 * 1024
_CREATIONS, _CREATION_SECONDS = 2, 1.0
_ADDITIONS, _ADDITION_SECONDS = 1_000, 30.0
_VARY = "origin, access-control-request-method, access-control-request-headers, Accept-Encoding"


@table.post("/v1/batches")
def create(visit: Visit) -> Outcome:
    """Begin a batch: empty, or with the lines of a file."""
    request = visit.read(CreateBatch)
    shelf = visit.simulator.state(BatchShelf)
    _check_rate(shelf.creations, visit.now(), _CREATIONS, _CREATION_SECONDS, "batch creations per second")
    batch = Batch(
        id=f"batch_{visit.id}",
        number=len(shelf.batches),
        name=request.name,
        team_id=team_of(visit),
        key_id=visit.key.id if visit.key else "",
        created_at=visit.now(),
    )
    if request.input_file_id is not None:
        batch.file, batch.sealed = file_of(visit, request.input_file_id).content, True
        batch.parsed_at = visit.now() + visit.simulator.job_seconds / 2
    shelf.batches[batch.id] = batch
    return _answer(visit, _shown(batch, visit))


@table.get("/v1/batches")
async def list_batches(visit: Visit) -> Outcome:
    """A page of batches, newest first."""
    shelf = visit.simulator.state(BatchShelf)
    batches = sorted(shelf.batches.values(), key=lambda batch: -batch.number)
    there = [batch for batch in batches if _is_there(batch, visit)]
    page, token = _page(there, [batch.id for batch in there], visit, most=_PAGE)
    for batch in page:
        await advance(batch, visit)
    return _answer(visit, {"batches": [_shown(batch, visit) for batch in page], "pagination_token": token})


@table.get("/v1/batches/{batch_id}")
async def get_batch(visit: Visit) -> Outcome:
    """How far a batch is."""
    batch = _batch(visit)
    await advance(batch, visit)
    return _answer(visit, _shown(batch, visit))


@table.post("/v1/batches/{batch_id}:cancel")
async def cancel(visit: Visit) -> Outcome:
    """End a batch. What is answered stays; again is no error."""
    batch = _batch(visit)
    await advance(batch, visit)
    batch.cancel(visit.now())
    return _answer(visit, _shown(batch, visit))


@table.post("/v1/batches/{batch_id}/requests", max_body=_MOST_IN_A_CALL)
def add_requests(visit: Visit) -> Outcome:
    """Add requests to a batch that takes them."""
    batch = _batch(visit)
    shelf = visit.simulator.state(BatchShelf)
    _check_rate(shelf.additions, visit.now(), _ADDITIONS, _ADDITION_SECONDS, "add-request calls per 30 seconds")
    read = _requests(visit.read(AddRequests), visit, shelf)
    if batch.cancelled_at is not None:
        raise invalid(f"Batch {batch.id} is cancelled: no requests can be added.")
    if batch.sealed:
        raise invalid(f"Batch {batch.id} was created from a file: no requests can be added.")
    ids = [request_id for request_id, _, _ in read]
    twice = next((one for index, one in enumerate(ids) if one in batch.requests or one in ids[:index]), None)
    if twice is not None:
        raise invalid(f"batch_request_id `{twice}` is used twice in batch {batch.id}.")
    add(batch, read, visit.now(), visit.simulator.job_seconds)
    return _answer(visit, None)


@table.get("/v1/batches/{batch_id}/requests")
async def list_requests(visit: Visit) -> Outcome:
    """A page of what was asked, and how far each is."""
    batch = _batch(visit)
    await advance(batch, visit)
    page, token = _page(list(batch.requests.values()), list(batch.requests), visit)
    shown = [request.metadata() for request in page]
    return _answer(visit, {"batch_request_metadata": shown, "pagination_token": token})


@table.get("/v1/batches/{batch_id}/results")
async def list_results(visit: Visit) -> Outcome:
    """A page of the results there are, also while the batch runs."""
    batch = _batch(visit)
    await advance(batch, visit)
    page, token = _page(batch.finished, [request.id for request in batch.finished], visit)
    return _answer(visit, {"results": [request.result for request in page], "pagination_token": token})


def _requests(sent: AddRequests, visit: Visit, shelf: BatchShelf) -> list[tuple[str, Kind, dict[str, Any]]]:
    read = []
    for index, request in enumerate(sent.batch_requests):
        where = f"batch_requests[{index}].batch_request"
        if len(request.batch_request) != 1:
            raise undeserialisable(f"{where}: expected exactly one kind of request")
        word, body = next(iter(request.batch_request.items()))
        if word not in KINDS:
            known = ", ".join(f"`{kind}`" for kind in KINDS)
            raise undeserialisable(f"{where}: unknown variant `{word}`, expected one of {known}")
        if str(body.get("model")) in shelf.unsupported:
            raise invalid(f"Model {body['model']} is not supported for batch processing.")
        read.append((request.batch_request_id or visit.simulator.new_id(), KINDS[word], body))
    return read


def _batch(visit: Visit) -> Batch:
    batch = visit.simulator.state(BatchShelf).batches.get(visit.params["batch_id"])
    if batch is None or not _is_there(batch, visit):
        raise not_found(f"Batch {visit.params['batch_id']} not found.")
    return batch


def _is_there(batch: Batch, visit: Visit) -> bool:
    return batch.team_id == team_of(visit) and visit.now() < batch.expires_at


def _page(things: Sequence[T], ids: Sequence[str], visit: Visit, *, most: int = _MOST) -> tuple[list[T], str | None]:
    limit = limit_of(visit, default=_PAGE, most=most)
    start = after(ids, visit)
    page = list(things[start : start + limit])
    return page, ids[start + limit - 1] if len(things) > start + limit else None


def _check_rate(moments: list[float], now: float, most: int, seconds: float, what: str) -> None:
    moments[:] = [moment for moment in moments if moment > now - seconds]
    if len(moments) >= most:
        raise refusal(429, f"Too many requests: your team may make {most} {what}.")
    moments.append(now)


def _shown(batch: Batch, visit: Visit) -> dict[str, Any]:
    return batch.shown(with_costs=not visit.simulator.speaks_old_codes)


def _answer(visit: Visit, value: Any) -> Outcome:
    headers = {"vary": _VARY, "x-envoy-upstream-service-time": str(20 + int(visit.id[:2], 16) // 2)}
    return msgspec.structs.replace(visit.answer(value), headers=headers)
