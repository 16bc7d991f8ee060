"""An answer cut to what the request allows: the most tokens, and the first stop sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from grokkit.testing.simulator import tokens

if TYPE_CHECKING:
    from grokkit.testing.simulator.thought import Prompt, Thought


def limited(thought: Thought, prompt: Prompt) -> Thought:
    """The thought, its text ended by a stop sequence (`stop`) or by the most tokens (`length`)."""
    thought = _stopped(thought, prompt.stop)
    if prompt.max_tokens is None:
        return thought
    pieces = list(thought.pieces) or tokens.pieces(thought.text)
    if len(pieces) <= prompt.max_tokens:
        return thought
    kept = pieces[: prompt.max_tokens]
    return msgspec.structs.replace(
        thought, text="".join(kept), pieces=tuple(kept) if thought.pieces else (), finish_reason="length"
    )


def _stopped(thought: Thought, stops: tuple[str, ...]) -> Thought:
    places = [place for stop in stops if stop and (place := thought.text.find(stop)) >= 0]
    if not places:
        return thought
    return msgspec.structs.replace(thought, text=thought.text[: min(places)], pieces=())
