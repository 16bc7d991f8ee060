"""What the endpoints of the management host share: bodies in either spelling, and refusals in gRPC's numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from grokkit.testing.simulator.reading import read_as
from grokkit.testing.simulator.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.testing.simulator.visit import Visit

T = TypeVar("T")

_INVALID, _NOT_FOUND, _ALREADY, _DENIED = 3, 5, 6, 7
_FREE = "fields"
_UPPER = re.compile(r"(?<!^)(?=[A-Z])")


def bad(message: str) -> Refusal:
    """400."""
    return Refusal.gateway(400, _INVALID, message)


def missing(message: str) -> Refusal:
    """404."""
    return Refusal.gateway(404, _NOT_FOUND, message)


def taken(message: str) -> Refusal:
    """409."""
    return Refusal.gateway(409, _ALREADY, message)


def denied(message: str) -> Refusal:
    """403."""
    return Refusal.gateway(403, _DENIED, message)


def read(visit: Visit, kind: type[T]) -> T:
    """The body as a struct, its names in either spelling. Raises 400 in the shape of this host."""
    try:
        value = visit.json() if visit.content else {}
        return read_as(snake(value), visit.content or b"{}", kind)
    except Refusal as refusal:
        raise bad(_text_of(refusal)) from refusal


def snake(value: Any) -> Any:
    """Names as `page_size`, however they were sent; those within `fields` are the caller's own.

    >>> snake({"pageSize": [{"expireTime": 1}], "fields": {"isDraft": "no"}})
    {'page_size': [{'expire_time': 1}], 'fields': {'isDraft': 'no'}}
    """
    if isinstance(value, dict):
        return {
            _UPPER.sub("_", name).lower(): inner if name == _FREE else snake(inner) for name, inner in value.items()
        }
    return [snake(inner) for inner in value] if isinstance(value, list) else value


def page(
    things: Sequence[T], ids: Sequence[str], visit: Visit, *, limit: str, token: str, most: int = 100
) -> tuple[list[T], str | None]:
    """A page, and the token of the next one. Raises 400."""
    size, behind = visit.query.get(limit) or str(most), visit.query.get(token)
    if not size.isdecimal() or not 1 <= int(size) <= most:
        raise bad(f"invalid {limit}: must be between 1 and {most}")
    if behind and behind not in ids:
        raise bad(f"invalid {token}: {behind}")
    start = list(ids).index(behind) + 1 if behind else 0
    end = start + int(size)
    return list(things[start:end]), ids[end - 1] if len(things) > end else None


def of_team(visit: Visit) -> str:
    """The team in the path. Raises 403 when the key is another team's."""
    team_id = visit.params["team_id"]
    if visit.key is None or visit.key.team_id != team_id:
        raise denied(f"the management key has no access to team {team_id}")
    return team_id


def _text_of(refusal: Refusal) -> str:
    try:
        value = msgspec.json.decode(refusal.body)
    except msgspec.DecodeError:
        return refusal.body.decode("utf-8", "replace")
    return str(value.get("error", value)) if isinstance(value, dict) else str(value)
