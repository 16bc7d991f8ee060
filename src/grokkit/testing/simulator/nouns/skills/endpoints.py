"""`/v1/skills`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.files.shelf import team_of
from grokkit.testing.simulator.nouns.paging import after, limit_of
from grokkit.testing.simulator.nouns.skills.package import read_package
from grokkit.testing.simulator.refusal import invalid, not_found

if TYPE_CHECKING:
    from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()

_VERSION = "1"
_PAGE, _MOST = 20, 100


class Skill(msgspec.Struct, frozen=True, kw_only=True):
    """One skill."""

    id: str
    team_id: str
    name: str
    description: str
    archive: bytes
    created_at: float

    def shown(self) -> dict[str, Any]:
        """The skill as the API shows it."""
        return {
            "id": self.id,
            "created_at": int(self.created_at),
            "default_version": _VERSION,
            "description": self.description,
            "latest_version": _VERSION,
            "name": self.name,
            "object": "skill",
        }


class SkillShelf:
    """Every skill, by id."""

    def __init__(self) -> None:
        self.skills: dict[str, Skill] = {}


@table.post("/v1/skills")
def upload(visit: Visit) -> Outcome:
    """Keep a skill."""
    package = read_package(visit.form())
    skill = Skill(
        id=f"skill_{visit.id}",
        team_id=team_of(visit),
        name=package.name,
        description=package.description,
        archive=package.archive,
        created_at=visit.now(),
    )
    visit.simulator.state(SkillShelf).skills[skill.id] = skill
    return visit.answer(skill.shown())


@table.get("/v1/skills")
def list_skills(visit: Visit) -> Outcome:
    """A page of the team's skills."""
    order = visit.query.get("order", "desc")
    if order not in {"asc", "desc"}:
        raise invalid(f"Invalid order: {order}. Must be asc or desc.")
    limit = limit_of(visit, default=_PAGE, most=_MOST)
    skills = [skill for skill in visit.simulator.state(SkillShelf).skills.values() if skill.team_id == team_of(visit)]
    if order == "desc":
        skills.reverse()
    rest = skills[after([skill.id for skill in skills], visit, "after") :]
    page = rest[:limit]
    return visit.answer(
        {
            "data": [skill.shown() for skill in page],
            "first_id": page[0].id if page else "",
            "has_more": len(rest) > limit,
            "last_id": page[-1].id if page else "",
            "object": "list",
        }
    )


@table.get("/v1/skills/{skill_id}")
def get_skill(visit: Visit) -> Outcome:
    """One skill."""
    return visit.answer(_skill(visit).shown())


@table.delete("/v1/skills/{skill_id}")
def delete_skill(visit: Visit) -> Outcome:
    """Forget a skill."""
    skill = _skill(visit)
    del visit.simulator.state(SkillShelf).skills[skill.id]
    return visit.answer({"id": skill.id, "deleted": True, "object": "skill.deleted"})


@table.get("/v1/skills/{skill_id}/content")
def download(visit: Visit) -> Outcome:
    """The skill as a zip."""
    return visit.data(_skill(visit).archive, "application/zip")


def _skill(visit: Visit) -> Skill:
    skill = visit.simulator.state(SkillShelf).skills.get(visit.params["skill_id"])
    if skill is None or skill.team_id != team_of(visit):
        raise not_found(f"Skill {visit.params['skill_id']} not found.")
    return skill
