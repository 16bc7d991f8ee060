"""What a team's keys may be allowed, and whose the management key is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator.acls import ENDPOINTS
from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.account import KeyMoments, caller, redacted
from grokkit.testing.simulator.nouns.embeddings import MODEL
from grokkit.testing.simulator.nouns.managed import of_team
from grokkit.testing.simulator.nouns.models import with_output

if TYPE_CHECKING:
    from grokkit.models import Model
    from grokkit.testing.simulator.visit import Outcome, Visit

table = Table(management=True)

_CLUSTER = "us-east-1"


@table.get("/auth/teams/{team_id}/models")
def models(visit: Visit) -> Outcome:
    """The models that keys may be given."""
    of_team(visit)
    by_kind = {
        "languageModels": [_entry(model) for model in with_output(visit.simulator, "text")],
        "embeddingModels": [{"name": MODEL, "aliases": [], "inputModalities": ["text"]}],
        "imageGenerationModels": [_entry(model) for model in with_output(visit.simulator, "image")],
        "videoGenerationModels": [_entry(model) for model in with_output(visit.simulator, "video")],
    }
    return visit.answer({"clusterConfigs": [{"clusterName": _CLUSTER, **by_kind}]})


@table.get("/auth/teams/{team_id}/endpoints")
def endpoints(visit: Visit) -> Outcome:
    """The endpoints that keys may be given."""
    of_team(visit)
    return visit.answer({"acls": [f"api-key:endpoint:{name}" for name in ("*", *ENDPOINTS)]})


@table.get("/auth/management-keys/validation")
def validation(visit: Visit) -> Outcome:
    """What is known of the calling management key."""
    key, moments = caller(visit), visit.simulator.state(KeyMoments)
    return visit.answer(
        {
            "apiKeyId": key.id,
            "name": key.name,
            "ownerUserId": key.user_id,
            "teamId": key.team_id,
            "scope": "SCOPE_TEAM",
            "scopeId": key.team_id,
            "redactedApiKey": redacted(key.secret),
            "acls": list(key.acls),
            "createTime": moments.made_at(key),
            "modifyTime": moments.changed_at(key),
            "disabled": key.disabled,
        }
    )


def _entry(model: Model) -> dict[str, Any]:
    aliases, inputs = list(model.aliases), list(model.input_modalities)
    return {"name": model.id, "aliases": aliases, "inputModalities": inputs}
