"""The keys of a team as the management host sees them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator.nouns.account import KeyMoments, redacted, written
from grokkit.testing.simulator.nouns.managed import bad, missing

if TYPE_CHECKING:
    from grokkit.testing.simulator.keys import Key
    from grokkit.testing.simulator.nouns.keys.request import CreateKey, KeyFields
    from grokkit.testing.simulator.simulator import Simulator
    from grokkit.testing.simulator.visit import Visit

_ACLS = ("api-key:model:", "api-key:endpoint:")


class Retired:
    """Secrets that a rotation has replaced; they may still work for a while."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()


def keys_of(simulator: Simulator, team_id: str) -> list[Key]:
    """The keys of a team, oldest first, each with its current secret."""
    retired = simulator.state(Retired).secrets
    every = simulator.keys.by_secret.values()
    return [key for key in every if key.secret not in retired and key.team_id == team_id]


def key_of(visit: Visit) -> Key:
    """The key in the path. Raises 404."""
    team_id = visit.key.team_id if visit.key else ""
    found = next((key for key in keys_of(visit.simulator, team_id) if key.id == visit.params["api_key_id"]), None)
    if found is None:
        raise missing(f"API key {visit.params['api_key_id']} not found")
    return found


def change(key: Key, fields: CreateKey | KeyFields, names: set[str] | None = None) -> None:
    """Change what is given, or only the fields of these names. Raises 400."""
    given = {name: getattr(fields, name) for name in fields.__struct_fields__}
    wanted = {name for name, value in given.items() if value is not None} if names is None else names
    if unknown := wanted - given.keys():
        raise bad(f"field_mask: unknown field {min(unknown)}")
    values = _checked({name: given[name] for name in wanted})
    for name, value in values.items():
        setattr(key, name, value)


def shown(key: Key, simulator: Simulator) -> dict[str, Any]:
    """The key as the API shows it: never its secret."""
    moments = simulator.state(KeyMoments)
    limits = {"qps": key.qps, "qpm": key.qpm, "tpm": None if key.tpm is None else str(key.tpm)}
    ends = None if key.expires_at is None else written(key.expires_at)
    return {
        "redactedApiKey": redacted(key.secret),
        "userId": key.user_id,
        "name": key.name,
        "createTime": moments.made_at(key),
        "modifyTime": moments.changed_at(key),
        "modifiedBy": key.user_id,
        "teamId": key.team_id,
        "acls": list(key.acls),
        "apiKeyId": key.id,
        "teamBlocked": False,
        "apiKeyBlocked": key.blocked,
        "apiKeyDisabled": key.disabled,
        **{name: value for name, value in limits.items() if value is not None},
        **({} if ends is None else {"expireTime": ends}),
    }


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """The fields as a `Key` has them."""
    values = dict(given)
    if "expire_time" in values:
        values["expires_at"] = _moment(values.pop("expire_time"))
    if "api_key_disabled" in values:
        values["disabled"] = values.pop("api_key_disabled")
    if "disabled" in values:
        values["disabled"] = bool(values["disabled"])
    if isinstance(values.get("tpm"), str):
        values["tpm"] = _positive(values["tpm"])
    if "acls" in values:
        values["acls"] = _acls(values["acls"])
    if "name" in values and not values["name"]:
        raise bad("name must not be empty")
    return values


def _acls(given: list[str] | None) -> tuple[str, ...]:
    for acl in given or ():
        if not acl.startswith(_ACLS) or acl in _ACLS:
            raise bad(f"acls: {acl} is none, use for example api-key:model:* and api-key:endpoint:*")
    return tuple(given or ())


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise bad(f"tpm: expected a positive integer, found {text}")
    return int(text)


def _moment(text: str | None) -> float | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise bad(f"expire_time: expected a time as of RFC 3339, found {text}") from None
