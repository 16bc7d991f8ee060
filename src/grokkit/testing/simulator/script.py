"""What a test wants answered: rules with conditions and answers, asked newest first.

sim.on(last="weather").reply(tool_calls=[("weather", {"city": "Oslo"})]).then("Rainy.")
sim.on(model="grok-4.7", nth=2).reply(error="capacity", retry_after=2)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import msgspec

from grokkit.errors import Misused
from grokkit.testing.simulator.answers import Answering, Reply, Said, Step, make_step
from grokkit.testing.simulator.faults import check_on_messages
from grokkit.testing.simulator.matching import Conditions, check_conditions, fits
from grokkit.testing.simulator.refusal import Refusal
from grokkit.testing.simulator.visit import Outcome

if TYPE_CHECKING:
    from typing import Self

    from grokkit.testing.simulator.thought import Thought
    from grokkit.testing.simulator.visit import Visit


class Cue:
    """The step of a rule whose turn it is for one request."""

    def __init__(self, rule: Rule, step: Step) -> None:
        self.rule = rule
        self.step = step
        self._made: Outcome | Thought | None = None
        self._asked = False

    async def outcome(self, visit: Visit) -> Outcome | None:
        """The whole answer, where the step has one that is no thought. Raises its `Refusal`."""
        made = await self._answer(visit)
        return made if isinstance(made, Outcome) else None

    async def thought(self, visit: Visit) -> Thought | None:
        """What the model is to answer; `None` leaves it to the mind."""
        made = await self._answer(visit)
        return None if isinstance(made, Outcome) else made

    async def _answer(self, visit: Visit) -> Outcome | Thought | None:
        if not self._asked:
            self._asked = True
            self._made = await self._with_headers(visit)
        return self._made

    async def _with_headers(self, visit: Visit) -> Outcome | Thought | None:
        try:
            made = await self.step.made(visit)
        except Refusal as refusal:
            refusal.headers.update(self.step.headers)
            raise
        if isinstance(made, Outcome) and self.step.headers:
            return msgspec.structs.replace(made, headers={**made.headers, **self.step.headers})
        return made

    def __str__(self) -> str:
        return str(self.rule)


class Rule:
    """One rule: `sim.on(...)` makes it, `reply` says what is answered, `then` what is answered after that.

    The last answer repeats.
    """

    def __init__(self, conditions: Conditions) -> None:
        check_conditions(conditions)
        self.conditions = conditions
        self.used = 0
        """How many requests it answered."""
        self._met = 0
        self._steps: list[Step] = []

    def reply(self, said: Said | Answering = None, /, **parts: Unpack[Reply]) -> Self:
        """Answer with this. `reply("text")` and `reply(function)` are the short forms.

        Raises `Misused` for parts that do not exist or exclude each other.
        """
        if self._steps:
            raise Misused(f"{self} has its reply already", hint="use .then(...) for the answer after it")
        return self._add(said, parts)

    def then(self, said: Said | Answering = None, /, **parts: Unpack[Reply]) -> Self:
        """Answer the next request that fits with this."""
        if not self._steps:
            raise Misused(f"{self} has no first reply", hint="write .reply(...) before .then(...)")
        return self._add(said, parts)

    def _add(self, said: Said | Answering, parts: Reply) -> Self:
        step = make_step(said, parts)
        check_on_messages(step.manner, self.conditions)
        self._steps.append(step)
        return self

    def cue(self, visit: Visit) -> Cue | None:
        """The step for this request, if the rule fits it."""
        if not self._steps or not fits(self.conditions, visit):
            return None
        self._met += 1
        if not self._counts(self._met):
            return None
        step = self._steps[min(self.used, len(self._steps) - 1)]
        self.used += 1
        return Cue(self, step)

    def _counts(self, number: int) -> bool:
        nth = self.conditions.get("nth")
        if nth is not None:
            return number == nth if isinstance(nth, int) else number in nth
        return number <= self.conditions.get("times", number)

    def __repr__(self) -> str:
        return "on(" + ", ".join(f"{name}={value!r}" for name, value in self.conditions.items()) + ")"


class Script:
    """The rules of one simulator."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def on(self, conditions: Conditions) -> Rule:
        """A new rule, asked before all older ones."""
        rule = Rule(conditions)
        self.rules.insert(0, rule)
        return rule

    def match(self, visit: Visit) -> Cue | None:
        """The cue for this request, if a rule fits."""
        return next((cue for rule in self.rules if (cue := rule.cue(visit)) is not None), None)
