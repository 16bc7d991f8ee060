"""Plain prompts answered sensibly by a few rules, the first that fits: sums, memory, greetings, repeating, counting."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from grokkit.testing.simulator.arithmetic import solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.testing.simulator.thought import Prompt

_MOST_NUMBERS, _MOST_WORDS = 10_000, 20_000
_GREETING = re.compile(
    r"\s*(?:hi|hello|hey|good (?:morning|evening|day)|greetings)\b[^\w?]*(?:there|grok)?\W*", re.IGNORECASE
)
_SAY_HELLO = re.compile(r"\bsay (?:hello|hi)\b", re.IGNORECASE)
_REPEAT = re.compile(
    r"\b(?:say|repeat(?: after me)?|echo|reply|respond|answer|output|print)"
    r"(?: (?:with|only|just|exactly|the words?|this|back|the single word))*:? +(.+?)\W*(?:$|,? and nothing else)",
    re.IGNORECASE | re.DOTALL,
)
_COUNT = re.compile(r"\bcount(?: up)?(?: from (\d+))? (?:up )?to (\d+)", re.IGNORECASE)
_WORDS = re.compile(r"\b(\d[\d,]*)[- ](?:words?|tokens?)\b", re.IGNORECASE)
_CREATIVE = re.compile(
    r"\b(?:write|tell|compose|create)\b.*\b(haiku|poem|story|essay|joke|limerick|paragraph)\b", re.IGNORECASE
)
_RECALL = re.compile(
    r"\bwhat(?:'s| is| was) my (?:favou?rite )?([\w ]+?)\W*$|\bdo you remember my ([\w ]+)", re.IGNORECASE
)
_SENTENCE = "the grok answers and a clear signal moves through quiet wires while every token finds its place"
_VOCABULARY = tuple(_SENTENCE.split())
_GOES_ON = re.compile(r"\s*(?:and )?(?:times|plus|minus|divided by|multiplied by|squared|cubed)\b", re.IGNORECASE)
_ONLY_RESULT = re.compile(r"\b(?:just|only) (?:with )?(?:the |a )?(?:number|result|answer|digits?)\b", re.IGNORECASE)
_ONE_WORD = re.compile(r"\b(?:say|reply with|answer with) (?:a single|one|any) word\b", re.IGNORECASE)
_GREETINGS = (
    "Hello! How can I help you today?",
    "Hi there! What can I do for you?",
    "Hello! What would you like to know?",
    "Hey! How may I help?",
)
_ECHOES = ("You said: {}", "You wrote: {}", "I read: {}", "Your words were: {}")
_HAIKU = "Packets find their way,\nacknowledged one by one now:\nsilence, then the stream."


def answer(prompt: Prompt, seed: int) -> str:
    """What is said to the last message."""
    turn = seed + (prompt.seed or 0) + prompt.choice
    for rule in _RULES:
        said = rule(prompt, turn)
        if said is not None:
            return said
    return _ECHOES[turn % len(_ECHOES)].format(prompt.last) if prompt.last else "There is nothing to answer."


def _sum(prompt: Prompt, _turn: int) -> str | None:
    solved = solve(prompt.last)
    if solved is None and _GOES_ON.match(prompt.last):
        solved = solve(f"What is {_last_number(prompt)} {prompt.last}")
    if solved is not None and _ONLY_RESULT.search(prompt.last):
        return solved.rpartition(" = ")[2]
    return solved


def _last_number(prompt: Prompt) -> str:
    """The number that the last answer ended with."""
    texts = [turn.text for turn in prompt.turns if turn.role == "assistant"]
    numbers = re.findall(r"-?\d+(?:\.\d+)?", texts[-1]) if texts else []
    return numbers[-1] if numbers else ""


def _recall(prompt: Prompt, _turn: int) -> str | None:
    asked = _RECALL.search(prompt.last)
    if asked is None:
        return None
    thing = (asked[1] or asked[2]).strip()
    said = re.compile(rf"\bmy (?:favou?rite )?{re.escape(thing)} is ([\w' -]+)", re.IGNORECASE)
    names = re.compile(r"\b(?:I am|I'm|call me) ([A-Z][\w'-]*)") if thing == "name" else said
    for turn in reversed(prompt.turns[:-1]):
        if turn.role == "user" and (found := said.search(turn.text) or names.search(turn.text)):
            return f"Your {thing} is {found[1].strip()}."
    return f"You have not told me your {thing}."


def _greeting(prompt: Prompt, turn: int) -> str | None:
    if _GREETING.fullmatch(prompt.last) or _SAY_HELLO.search(prompt.last):
        return _GREETINGS[turn % len(_GREETINGS)]
    return None


def _count(prompt: Prompt, _turn: int) -> str | None:
    found = _COUNT.search(prompt.last)
    if found is None:
        return None
    first, last = int(found[1] or 1), int(found[2])
    return ", ".join(map(str, range(first, min(last, first + _MOST_NUMBERS) + 1)))


def _repeat(prompt: Prompt, _turn: int) -> str | None:
    if _ONE_WORD.search(prompt.last):
        return "Hello"
    found = _REPEAT.search(prompt.last)
    return found[1].strip(" \"'`.") or None if found else None


def _at_length(prompt: Prompt, turn: int) -> str | None:
    found = _WORDS.search(prompt.last)
    kind = _CREATIVE.search(prompt.last)
    if kind is not None and kind[1].lower() == "haiku":
        return _HAIKU
    if found is None and kind is None:
        return None
    count = min(int(found[1].replace(",", "")), _MOST_WORDS) if found else 60
    draw = random.Random(f"{turn}:{prompt.last}")  # noqa: S311 - a text, not a secret
    return " ".join(draw.choices(_VOCABULARY, k=count)).capitalize() + "."


_RULES: tuple[Callable[[Prompt, int], str | None], ...] = (_at_length, _count, _greeting, _sum, _recall, _repeat)
