"""Keys of a team: made, listed, changed, rotated, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.keys import Key, secret_of
from grokkit.testing.simulator.nouns.account import KeyMoments, caller
from grokkit.testing.simulator.nouns.keys.audit import note
from grokkit.testing.simulator.nouns.keys.request import CreateKey, RotateKey, UpdateKey
from grokkit.testing.simulator.nouns.keys.shelf import Retired, change, key_of, keys_of, shown
from grokkit.testing.simulator.nouns.managed import bad, of_team, page, read, snake

if TYPE_CHECKING:
    from grokkit.testing.simulator.visit import Outcome, Visit

table = Table(management=True)

_HOUR = 3600.0
_OLD_SECRET, _OLD_SECRET_AT_MOST = 24 * _HOUR, 7 * 24 * _HOUR
_REGIONS = ("us-east-1", "us-west-2", "eu-west-1")
_KEYS = "/auth/teams/{team_id}/api-keys"
_KEY = "/auth/api-keys/{api_key_id}"


@table.post(_KEYS)
def create(visit: Visit) -> Outcome:
    """Make a key. Its secret is in this reply and nowhere else."""
    team_id, request = of_team(visit), read(visit, CreateKey)
    simulator = visit.simulator
    secret = secret_of(visit.id[:8], simulator.seed)
    key = Key(secret=secret, id=visit.id, name=request.name, team_id=team_id, user_id=caller(visit).user_id)
    change(key, request)
    simulator.keys.add(key)
    simulator.state(KeyMoments).made[key.id] = visit.now()
    note(visit, f"Created API key {key.name} ({key.id})")
    return visit.answer({**shown(key, simulator), "apiKey": secret})


@table.get(_KEYS)
def list_keys(visit: Visit) -> Outcome:
    """A page of the team's keys."""
    keys = keys_of(visit.simulator, of_team(visit))
    ids = [key.id for key in keys]
    found, token = page(keys, ids, visit, limit="pageSize", token="paginationToken")  # noqa: S106 - a parameter's name
    return visit.answer({"apiKeys": [shown(key, visit.simulator) for key in found], "paginationToken": token})


@table.put(_KEY)
def update(visit: Visit) -> Outcome:
    """Change what the mask names."""
    key, request = key_of(visit), read(visit, UpdateKey)
    names = {next(iter(snake({name.strip(): None}))) for name in request.field_mask.split(",") if name.strip()}
    change(key, request.api_key, names or None)
    _changed(visit, key, "Updated")
    return visit.answer(shown(key, visit.simulator))


@table.post(f"{_KEY}/rotate")
def rotate(visit: Visit) -> Outcome:
    """A new secret for a key; the old one works for a while."""
    old, simulator = key_of(visit), visit.simulator
    grace = _grace(read(visit, RotateKey).grace_period)
    new = msgspec.structs.replace(old, secret=secret_of(visit.id[:8], simulator.seed))
    old.expires_at = min(visit.now() + grace, old.expires_at or float("inf"))
    simulator.state(Retired).secrets.add(old.secret)
    simulator.keys.add(new)
    _changed(visit, new, "Rotated")
    return visit.answer({**shown(new, simulator), "apiKey": new.secret})


@table.delete(_KEY)
def delete(visit: Visit) -> Outcome:
    """End a key, with the secrets it had before."""
    key = key_of(visit)
    by_secret = visit.simulator.keys.by_secret
    for secret in [secret for secret, known in by_secret.items() if known.id == key.id]:
        del by_secret[secret]
    _changed(visit, key, "Deleted")
    return visit.answer({})


@table.get(f"{_KEY}/propagation")
def propagation(visit: Visit) -> Outcome:
    """Whether the regions know of the last change."""
    key, moments = key_of(visit), visit.simulator.state(KeyMoments)
    changed = moments.changed.get(key.id, moments.made.get(key.id))
    known = changed is None or visit.now() >= changed + visit.simulator.job_seconds
    regions: dict[str, Any] = dict.fromkeys(_REGIONS, known)
    return visit.answer({"icPropagation": regions})


def _changed(visit: Visit, key: Key, what: str) -> None:
    visit.simulator.state(KeyMoments).changed[key.id] = visit.now()
    note(visit, f"{what} API key {key.name} ({key.id})")


def _grace(given: str | float | None) -> float:
    if given is None:
        return _OLD_SECRET
    try:
        seconds = float(str(given).removesuffix("s"))
    except ValueError:
        raise bad(f"grace_period: expected a duration such as 3600s, found {given}") from None
    if not 0 <= seconds <= _OLD_SECRET_AT_MOST:
        raise bad("grace_period must be between 0 and 7 days")
    return seconds
