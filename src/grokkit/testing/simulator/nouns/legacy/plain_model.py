"""The models that continue a text: those that do not reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.models import lookup
from grokkit.testing.simulator.refusal import invalid

if TYPE_CHECKING:
    from grokkit.models import Model
    from grokkit.testing.simulator.thought import Thought
    from grokkit.testing.simulator.visit import Visit


def plain_model(name: str, visit: Visit) -> Model:
    """The model that serves a name here. Raises 404 for none, 400 for one that reasons."""
    model = visit.model(name, "chat")
    asked = lookup(name) or model
    if asked.reasoning:
        raise invalid(f"The model {model.id} is a reasoning model, which this endpoint does not support.")
    return model


def stop_hit(before: Thought, after: Thought, stops: tuple[str, ...]) -> str | None:
    """The stop sequence that ended an answer, if one did."""
    places = {before.text.find(stop): stop for stop in stops if stop and stop in before.text}
    if not places or after.reason == "length" or len(after.text) != min(places):
        return None
    return places[min(places)]
