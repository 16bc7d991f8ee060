"""The embedded model behind the simulator: its own words in the API's shapes (`engine="local"`)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.client import AsyncGrok
from grokkit.testing.simulator.mind import Mind

if TYPE_CHECKING:
    from grokkit.testing.simulator.thought import Prompt, Thought

_MOST_TOKENS = 512


class LocalMind:
    """Thinks with the embedded engine. Calls of functions are the rules' affair: the small model knows none."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rules = Mind(seed)
        self._grok: AsyncGrok | None = None

    async def think(self, prompt: Prompt) -> Thought:
        """The answer to a prompt."""
        thought = await self._rules.think(prompt)
        if thought.tool_calls:
            return thought
        grok = await self._engine()
        options: dict[str, Any] = {"seed": (prompt.seed or 0) + self._seed + prompt.choice, "temperature": 0.0}
        if prompt.schema is not None:
            options["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": prompt.schema or {"type": "object"}},
            }
        answer = await grok.chat.create(
            messages=_messages(prompt), max_tokens=min(prompt.max_tokens or _MOST_TOKENS, _MOST_TOKENS), **options
        )
        return msgspec.structs.replace(thought, text=answer.text)

    async def _engine(self) -> AsyncGrok:
        if self._grok is None:
            self._grok = await asyncio.to_thread(AsyncGrok.local)
        return self._grok


def _messages(prompt: Prompt) -> list[dict[str, Any]]:
    roles = {"developer": "system", "tool": "user"}
    return [{"role": roles.get(turn.role, turn.role), "content": turn.text} for turn in prompt.turns]
