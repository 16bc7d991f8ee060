"""How the model is to answer: what the options of `grokkit chat` say, and the session's commands change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grokkit.wire.responses import ResponsesParameters


@dataclass(frozen=True, kw_only=True)
class Manner:
    """What is asked of the model beside the prompt; `None` leaves it to the server.

    >>> Manner(system="Be brief.", effort="low").parameters()
    {'instructions': 'Be brief.', 'reasoning': {'effort': 'low'}}
    """

    model: str | None = None
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    effort: str | None = None
    with_thoughts: bool = False
    """Whether the model's reasoning is wanted in a form that can be sent back with the next question."""

    def parameters(self) -> ResponsesParameters:
        """The same in the words of the Responses API."""
        parameters: ResponsesParameters = {}
        if self.system:
            parameters["instructions"] = self.system
        if self.temperature is not None:
            parameters["temperature"] = self.temperature
        if self.max_tokens is not None:
            parameters["max_output_tokens"] = self.max_tokens
        if self.effort is not None:
            parameters["reasoning"] = {"effort": self.effort}
        if self.with_thoughts:
            parameters["include"] = ["reasoning.encrypted_content"]
        return parameters

    def remembering(self, *, thoughts: bool) -> Manner:
        """The same for a question that others will follow."""
        return replace(self, with_thoughts=thoughts)

    def with_model(self, model: str) -> Manner:
        """The same for another model."""
        return replace(self, model=model)

    def with_system(self, system: str | None) -> Manner:
        """The same with another system prompt, or none."""
        return replace(self, system=system)

    def with_effort(self, effort: str | None) -> Manner:
        """The same with another reasoning effort, or the model's own."""
        return replace(self, effort=effort)
