"""Secrets for browsers: `POST /v1/realtime/client_secrets`. They open sockets until they expire on the clock."""

import hashlib

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.keys import Key
from grokkit.testing.simulator.nouns.files.shelf import team_of
from grokkit.testing.simulator.refusal import Refusal
from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()

_DEFAULT_SECONDS, _MOST_SECONDS = 600, 3600


class Lifetime(msgspec.Struct, kw_only=True):
    """How long a secret is to live."""

    seconds: int = _DEFAULT_SECONDS


class SecretRequest(msgspec.Struct, kw_only=True):
    """The body."""

    expires_after: Lifetime | None = None


@table.post("/v1/realtime/client_secrets", head="traced")
def create(visit: Visit) -> Outcome:
    """A new secret, and when it expires."""
    request = visit.read(SecretRequest) if visit.content else SecretRequest()
    seconds = _DEFAULT_SECONDS if request.expires_after is None else request.expires_after.seconds
    if not 0 < seconds <= _MOST_SECONDS:
        raise Refusal.voice(400, f"expires_after.seconds must be between 1 and {_MOST_SECONDS}")
    expires_at = int(visit.now()) + seconds
    mark = hashlib.sha256(f"{visit.simulator.seed}:{visit.id}".encode()).hexdigest()
    key = Key(
        secret=f"xai-realtime-client-secret-{mark}",
        id=visit.id,
        name="client secret",
        team_id=team_of(visit),
        user_id=visit.key.user_id if visit.key else "",
        acls=visit.key.acls if visit.key else (),
        expires_at=expires_at,
    )
    visit.simulator.client_secrets.add(key)
    return visit.answer({"value": key.secret, "expires_at": expires_at})
