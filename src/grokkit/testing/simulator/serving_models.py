"""Which model answers to which name on a given day: aliases, dated ids, the newest, and the heirs of the retired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.models import KNOWN, lookup
from grokkit.testing.simulator.refusal import Refusal, invalid, not_found
from grokkit.testing.simulator.releases import released

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
        return [model for model in KNOWN if self.is_released(model) and not self.is_retired(model)]

    def is_released(self, model: Model) -> bool:
        """Whether it is out by that day."""
        return released(model, self.today)

    def is_retired(self, model: Model) -> bool:
        """Whether it is gone by that day."""
        return model.retired_on is not None and model.retired_on <= self.today

    def serving(self, name: str, dialect: str) -> Model:
        """The model that answers to a name. Raises 404 for none (400 on `responses`), 400 for a wrong dialect."""
        model = self.find(name)
        if model is None:
            raise unknown_model(name, dialect)
        if dialect != ANY and dialect not in model.dialects:
            raise invalid(f"The model {model.id} is not supported on this endpoint.")
        return model

    def find(self, name: str) -> Model | None:
        """The model that answers to a name on that day, if one does."""
        model = self._newest() if name in _NEWEST else lookup(name)
        while model is not None and self.is_retired(model):
            model = lookup(model.served_by) if model.served_by else None
        return model if model is not None and self.is_released(model) else None

    def _newest(self) -> Model | None:
        return next((model for model in self.listed if "chat" in model.dialects), None)


def unknown_model(name: str, dialect: str) -> Refusal:
    """The refusal of a name that no model has."""
    if dialect == "responses":
        return invalid(f"Model not found: {name}")
    return not_found(
        f"The model {name} does not exist or your team does not have access to it. "
        "Please ensure you're using the correct API key."
    )
