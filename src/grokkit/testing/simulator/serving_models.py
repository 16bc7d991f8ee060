"""Which model answers to which name on a given day: aliases, dated ids, and the heirs of the retired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.models import KNOWN, lookup
from grokkit.testing.simulator.refusal import Refusal, invalid, not_found

if TYPE_CHECKING:
    from datetime import date

    from grokkit.models import Model

ANY = "any"
_NEWEST = ("grok-latest", "latest")


class Models:
    """The models of one simulator, as of one day."""

    def __init__(self, today: date) -> None:
        self.today = today

    @property
    def listed(self) -> list[Model]:
        """The models in service, newest first."""
        return [model for model in KNOWN if not self.is_retired(model)]

    def is_retired(self, model: Model) -> bool:
        """Whether it is gone by that day."""
        return model.retired_on is not None and model.retired_on <= self.today

    def serving(self, name: str, dialect: str) -> Model:
        """The model that answers to a name. Raises 404 for none (400 on `responses`), 400 for a wrong dialect."""
        model = self._heir(lookup(KNOWN[0].id if name in _NEWEST else name))
        if model is None:
            raise unknown_model(name, dialect)
        if dialect != ANY and dialect not in model.dialects:
            raise invalid(f"The model {model.id} is not supported on this endpoint.")
        return model

    def _heir(self, model: Model | None) -> Model | None:
        while model is not None and self.is_retired(model):
            model = lookup(model.served_by) if model.served_by else None
        return model


def unknown_model(name: str, dialect: str) -> Refusal:
    """The refusal of a name that no model has."""
    if dialect == "responses":
        return invalid(f"Model not found: {name}")
    return not_found(
        f"The model {name} does not exist or your team does not have access to it. "
        "Please ensure you're using the correct API key."
    )
