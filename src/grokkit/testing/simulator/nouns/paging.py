"""The parameters of pages that many listings share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.testing.simulator.refusal import invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.testing.simulator.visit import Visit


def limit_of(visit: Visit, *, default: int, most: int, name: str = "limit") -> int:
    """How many things a page may have. Raises 400 for a number that cannot be."""
    given = visit.query.get(name)
    if given is None:
        return default
    try:
        limit = int(given)
    except ValueError:
        raise invalid(f"Invalid {name}: expected an integer, found `{given}`.") from None
    if not 1 <= limit <= most:
        raise invalid(f"Invalid {name}: must be between 1 and {most}.")
    return limit


def after(ids: Sequence[str], visit: Visit, name: str = "pagination_token") -> int:
    """Where the page begins: behind the thing that the token names. Raises 400 for a token that names none."""
    token = visit.query.get(name)
    if not token:
        return 0
    if token not in ids:
        raise invalid(f"Invalid {name}: {token}")
    return list(ids).index(token) + 1
