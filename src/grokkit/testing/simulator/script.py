"""What a test wants answered: rules with matchers, asked in the order in which they were made, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grokkit.testing.simulator.thought import Thought
    from grokkit.testing.simulator.visit import Outcome, Visit


class Rule:
    """One rule."""

    async def outcome(self, visit: Visit) -> Outcome | None:
        """The whole answer, where the rule has one that is no thought."""
        return None

    async def thought(self, visit: Visit) -> Thought | None:
        """What the model is to answer."""
        return None


class Script:
    """The rules of one simulator."""

    def match(self, visit: Visit) -> Rule | None:
        """The rule for this request, if one fits."""
        return None
