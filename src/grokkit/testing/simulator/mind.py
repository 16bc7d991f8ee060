"""What the simulator answers when nothing is scripted: sense made of the prompt by a few rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.testing.simulator.thought import Thought

if TYPE_CHECKING:
    from grokkit.testing.simulator.thought import Prompt


class Mind:
    """Thinks of an answer. Deterministic: the same prompt and seed give the same thought."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    async def think(self, prompt: Prompt) -> Thought:
        """The answer to a prompt."""
        return Thought(text=f"You said: {prompt.last}")
