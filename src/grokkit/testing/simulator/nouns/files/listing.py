"""A page of the files: sorted, filtered, from a place on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator.nouns.files.shelf import FileShelf, team_of
from grokkit.testing.simulator.nouns.filters import compile_filter
from grokkit.testing.simulator.nouns.paging import limit_of
from grokkit.testing.simulator.refusal import invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.testing.simulator.nouns.files.shelf import StoredFile
    from grokkit.testing.simulator.nouns.filters import Kind
    from grokkit.testing.simulator.visit import Visit

_MOST = 100
_FIELDS: dict[str, Kind] = {
    "name": "fuzzy",
    "file_name": "fuzzy",
    "filename": "fuzzy",
    "file_id": "exact",
    "size_bytes": "number",
    "content_type": "partial",
    "created_at": "moment",
    "expires_at": "moment",
    "upload_status": "exact",
    "user_defined_id": "exact",
}
_SORTS: dict[str, Callable[[StoredFile], Any]] = {
    "created_at": lambda file: file.created_at,
    "filename": lambda file: file.filename,
    "size": lambda file: file.size,
}


def page_of_files(visit: Visit) -> dict[str, Any]:
    """The page a request asks for. A token always comes back: the last page is the one with fewer than `limit`."""
    now = visit.now()
    shelf = visit.simulator.state(FileShelf)
    limit = limit_of(visit, default=_MOST, most=_MOST)
    rank, newest_first = _order(visit)
    files = sorted(shelf.of_team(team_of(visit), now), key=rank, reverse=newest_first)
    token = visit.query.get("pagination_token") or visit.query.get("after") or ""
    if token:
        last = shelf.files.get(token)
        if last is None:
            raise invalid(f"Invalid pagination_token: {token}")
        place = rank(last)
        files = [file for file in files if (rank(file) < place if newest_first else rank(file) > place)]
    if condition := visit.query.get("filter"):
        test = compile_filter(condition, _FIELDS)
        files = [file for file in files if test(_record(file))]
    page = files[:limit]
    return {"data": [file.shown(now) for file in page], "pagination_token": page[-1].id if page else token}


def _order(visit: Visit) -> tuple[Callable[[StoredFile], tuple[Any, int]], bool]:
    order, sort_by = visit.query.get("order", "desc"), visit.query.get("sort_by", "created_at")
    if order not in {"asc", "desc"}:
        raise invalid(f"Invalid order: {order}. Must be asc or desc.")
    if sort_by not in _SORTS:
        raise invalid(f"Invalid sort_by: {sort_by}. Must be one of {', '.join(_SORTS)}.")
    by = _SORTS[sort_by]
    return (lambda file: (by(file), file.number)), order == "desc"


def _record(file: StoredFile) -> dict[str, object]:
    return {
        "name": file.filename,
        "file_name": file.filename,
        "filename": file.filename,
        "file_id": file.id,
        "size_bytes": file.size,
        "content_type": file.content_type,
        "created_at": file.created_at,
        "expires_at": file.expires_at,
        "upload_status": "Complete",
    }
