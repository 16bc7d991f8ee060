"""What the simulator answers when nothing is scripted: sense made of the prompt by a few rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from grokkit.models import is_reasoning
from grokkit.testing.simulator.calling import calls_for, result_text
from grokkit.testing.simulator.hints import Hints
from grokkit.testing.simulator.json_fit import fitting
from grokkit.testing.simulator.server_calling import Served, served
from grokkit.testing.simulator.small_talk import answer
from grokkit.testing.simulator.thought import Thought

if TYPE_CHECKING:
    from grokkit.testing.simulator.thought import Prompt

_SENTENCES = {"minimal": 1, "low": 1, "medium": 2, "high": 3, "xhigh": 4}
_USUAL = 2
_QUOTED = 80
_READ = 8_000


class Thinker(Protocol):
    """Anything that can answer a prompt."""

    async def think(self, prompt: Prompt) -> Thought:
        """The answer to a prompt."""
        ...


class Mind:
    """Thinks of an answer by rules. Deterministic: the same prompt and seed give the same thought.

    >>> import asyncio
    >>> from grokkit.testing.simulator.thought import Prompt, Turn
    >>> asyncio.run(Mind(0).think(Prompt(model="grok-4.3", turns=(Turn(role="user", text="12 plus 5?"),)))).text
    '12 + 5 = 17'
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    async def think(self, prompt: Prompt) -> Thought:
        """The answer to a prompt: a call, JSON that fits the schema, or a text."""
        thought = self._answer(_shortened(prompt))
        if is_reasoning(prompt.model, prompt.effort):
            return msgspec.structs.replace(thought, reasoning=_reasoning(prompt, thought))
        return thought

    def _answer(self, prompt: Prompt) -> Thought:
        seed = f"{self._seed}:{prompt.seed}:{prompt.choice}:{prompt.last}"
        answers_results = bool(prompt.turns) and prompt.turns[-1].role == "tool"
        if not answers_results and (calls := calls_for(prompt, seed)):
            return Thought(tool_calls=calls)
        help_ = Served() if answers_results or prompt.tool_choice == "none" else served(prompt)
        return Thought(
            text=self._text(prompt, seed, answers_results=answers_results),
            server_calls=help_.calls,
            citations=help_.citations,
            usage=help_.usage,
        )

    def _text(self, prompt: Prompt, seed: str, *, answers_results: bool) -> str:
        if prompt.schema is not None:
            schema = prompt.schema or {"type": "object", "properties": {"answer": {"type": "string"}}}
            return msgspec.json.encode(fitting(schema, Hints(_words(prompt)), seed)).decode()
        return result_text(prompt) if answers_results else answer(prompt, self._seed)


def _shortened(prompt: Prompt) -> Prompt:
    """The prompt as far as the rules read: expressions are not for books."""
    if all(len(turn.text) <= _READ for turn in prompt.turns):
        return prompt
    turns = tuple(msgspec.structs.replace(turn, text=turn.text[:_READ]) for turn in prompt.turns)
    return msgspec.structs.replace(prompt, turns=turns)


def _words(prompt: Prompt) -> str:
    """What a value may be taken from: the last message, and the user's before it."""
    users = [turn.text for turn in prompt.turns if turn.role in {"user", "tool"}]
    return "\n".join(reversed(users[-_USUAL:]))


def _reasoning(prompt: Prompt, thought: Thought) -> str:
    asked = " ".join(prompt.last.split())[:_QUOTED]
    if thought.tool_calls:
        plan = f"The function {thought.tool_calls[0].name} can answer that, so I call it."
    elif thought.server_calls:
        plan = "I should look that up before I answer."
    elif prompt.schema is not None:
        plan = "The answer has to be JSON that fits the schema."
    else:
        plan = "I can answer that directly."
    sentences = (
        f'The user says: "{asked}".',
        plan,
        "Nothing else is asked for, so a short answer is best.",
        "I check it once more, and it holds.",
    )
    return " ".join(sentences[: _SENTENCES.get(prompt.effort or "", _USUAL)])
