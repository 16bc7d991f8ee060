"""Who is calling: `GET /v1/api-key` and `GET /v1/me`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.refusal import Refusal

if TYPE_CHECKING:
    from grokkit.testing.simulator.keys import Key
    from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()

_MADE = "2026-01-05T09:30:00.000000Z"
_SHOWN = 4


class KeyMoments:
    """When keys were made and last changed, where that happened on this simulator."""

    def __init__(self) -> None:
        self.made: dict[str, float] = {}
        self.changed: dict[str, float] = {}

    def made_at(self, key: Key) -> str:
        """The moment a key was made."""
        return written(self.made[key.id]) if key.id in self.made else _MADE

    def changed_at(self, key: Key) -> str:
        """The moment a key was last changed."""
        return written(self.changed[key.id]) if key.id in self.changed else self.made_at(key)


@table.get("/v1/api-key", head="named")
def api_key(visit: Visit) -> Outcome:
    """What is known of the calling key."""
    key = caller(visit)
    moments = visit.simulator.state(KeyMoments)
    return visit.answer(
        {
            "redacted_api_key": redacted(key.secret),
            "user_id": key.user_id,
            "name": key.name,
            "create_time": moments.made_at(key),
            "modify_time": moments.changed_at(key),
            "modified_by": key.user_id,
            "team_id": key.team_id,
            "acls": list(key.acls),
            "api_key_id": key.id,
            "team_blocked": False,
            "api_key_blocked": key.blocked,
            "api_key_disabled": key.disabled,
        }
    )


@table.get("/v1/me", head="named")
def me(visit: Visit) -> Outcome:
    """Who the caller is, and whether the team keeps no data."""
    key = caller(visit)
    return visit.answer(
        {
            "user_id": key.user_id,
            "team_id": key.team_id,
            "zdr_status": "zdr" if visit.simulator.zero_data_retention else "no_zdr",
            "team_blocked": False,
            "api_key": {
                "redacted_api_key": redacted(key.secret),
                "api_key_id": key.id,
                "blocked": key.blocked,
                "disabled": key.disabled,
            },
        }
    )


def caller(visit: Visit) -> Key:
    """The key of the request. Raises 401 when there is none."""
    if visit.key is None:
        raise Refusal.flat(401, "unauthenticated", "No API key provided.")
    return visit.key


def redacted(secret: str) -> str:
    """A key as the account shows it.

    >>> redacted("xai-key-0123456789b14o")
    'xai-...b14o'
    """
    return f"xai-...{secret[-_SHOWN:]}"


def written(moment: float) -> str:
    """A moment as the account writes it.

    >>> written(0)
    '1970-01-01T00:00:00.000000Z'
    """
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
