"""What was done with a team's keys: `/audit/teams/{team_id}/events`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.account import caller, written
from grokkit.testing.simulator.nouns.managed import bad, of_team, page

if TYPE_CHECKING:
    from grokkit.testing.simulator.visit import Outcome, Visit

table = Table(management=True)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was done."""

    id: str
    team_id: str
    user_id: str
    description: str
    at: float

    def shown(self) -> dict[str, Any]:
        """The event as the API shows it."""
        return {
            "eventId": self.id,
            "teamId": self.team_id,
            "userId": self.user_id,
            "description": self.description,
            "eventTime": written(self.at),
        }


class AuditLog:
    """Every event, oldest first."""

    def __init__(self) -> None:
        self.events: list[Event] = []


def note(visit: Visit, description: str) -> None:
    """Write down what the caller did."""
    key = caller(visit)
    event = Event(id=visit.id, team_id=key.team_id, user_id=key.user_id, description=description, at=visit.now())
    visit.simulator.state(AuditLog).events.append(event)


@table.get("/audit/teams/{team_id}/events")
def list_events(visit: Visit) -> Outcome:
    """A page of the events that the filters let through, newest first."""
    team_id, user_id = of_team(visit), visit.query.get("eventFilter.userId")
    words = visit.query.get("eventFilter.query", "").casefold()
    since, until = _moment(visit, "eventTimeFrom"), _moment(visit, "eventTimeTo")
    found = [
        event
        for event in reversed(visit.simulator.state(AuditLog).events)
        if event.team_id == team_id
        and user_id in {None, "", event.user_id}
        and words in event.description.casefold()
        and (since is None or event.at >= since)
        and (until is None or event.at <= until)
    ]
    ids = [event.id for event in found]
    events, token = page(found, ids, visit, limit="pageSize", token="pageToken")  # noqa: S106 - a parameter's name
    return visit.answer({"events": [event.shown() for event in events], "nextPageToken": token or ""})


def _moment(visit: Visit, name: str) -> float | None:
    text = visit.query.get(name)
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise bad(f"invalid {name}: expected a time as of RFC 3339") from None
