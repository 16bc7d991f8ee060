"""What an answer consumed and costs: counts in both conventions, cached prefixes, exact ticks from the catalogue."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator import tokens
from grokkit.wire.usage import Usage, price

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.models import Model
    from grokkit.testing.simulator.thought import Prompt, Thought, Turn

_COUNTERS = (
    "web_search_calls",
    "x_search_calls",
    "x_posts_fetched",
    "x_users_fetched",
    "code_interpreter_calls",
    "file_search_calls",
    "mcp_calls",
    "document_search_calls",
    "image_generation_calls",
)


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """What one call consumed. `output_tokens` has the reasoning in it."""

    input_tokens: int = 0
    cached_tokens: int = 0
    image_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    server_side_tools: dict[str, int] = {}
    cost_ticks: int = 0

    @property
    def total_tokens(self) -> int:
        """Prompt, answer and reasoning."""
        return self.input_tokens + self.output_tokens

    def chat(self) -> dict[str, Any]:
        """The `usage` of a chat completion: reasoning is outside `completion_tokens`."""
        return {
            "prompt_tokens": self.input_tokens,
            "completion_tokens": self.output_tokens - self.reasoning_tokens,
            "total_tokens": self.total_tokens,
            "prompt_tokens_details": {
                "text_tokens": self.input_tokens - self.image_tokens,
                "audio_tokens": 0,
                "image_tokens": self.image_tokens,
                "cached_tokens": self.cached_tokens,
            },
            "completion_tokens_details": {
                "reasoning_tokens": self.reasoning_tokens,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
            "num_sources_used": 0,
            "cost_in_usd_ticks": self.cost_ticks,
        }

    def responses(self) -> dict[str, Any]:
        """The `usage` of the Responses API: reasoning is inside `output_tokens`."""
        usage: dict[str, Any] = {
            "input_tokens": self.input_tokens,
            "input_tokens_details": {"cached_tokens": self.cached_tokens},
            "output_tokens": self.output_tokens,
            "output_tokens_details": {"reasoning_tokens": self.reasoning_tokens},
            "total_tokens": self.total_tokens,
            "num_sources_used": 0,
            "num_server_side_tools_used": _uses(self.server_side_tools),
            "cost_in_usd_ticks": self.cost_ticks,
        }
        if self.server_side_tools:
            usage["server_side_tool_usage_details"] = {name: self.server_side_tools.get(name, 0) for name in _COUNTERS}
        return usage


class PromptCache:
    """Which beginnings of conversations a model has seen before, by key."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def cached(self, owner: str, prompt: Prompt) -> int:
        """How many tokens of the prompt were seen before, and remember all of it."""
        mark = hashlib.blake2b(f"{owner}\0{prompt.model}".encode(), digest_size=16)
        known, so_far, unbroken = 0, 0, True
        for turn in prompt.turns:
            mark.update(_written(turn))
            so_far += tokens.of_turn(_text(turn), turn.images)
            digest = mark.digest()
            unbroken = unbroken and digest in self._seen
            known = so_far if unbroken else known
            self._seen.add(digest)
        return known


def make_bill(prompt: Prompt, thoughts: Sequence[Thought], model: Model, cached: int) -> Bill:
    """The bill of a prompt and the answers to it. Counts that a thought states itself are taken as they are."""
    stated: dict[str, int] = {}
    for thought in thoughts:
        stated |= thought.usage
    images = sum(turn.images for turn in prompt.turns)
    sent = stated.get("input_tokens", prompt_tokens(prompt))
    reasoning = stated.get("reasoning_tokens", sum(tokens.count(thought.reasoning) for thought in thoughts))
    written = stated.get("output_tokens", reasoning + sum(visible_tokens(thought) for thought in thoughts))
    tools = _counters(thoughts)
    bill = Bill(
        input_tokens=sent,
        cached_tokens=min(stated.get("cached_tokens", cached), max(sent - 1, 0)),
        image_tokens=min(images * tokens.PER_IMAGE, sent),
        output_tokens=max(written, reasoning),
        reasoning_tokens=reasoning,
        server_side_tools=tools,
    )
    return msgspec.structs.replace(bill, cost_ticks=_ticks(bill, model, priority=prompt.priority))


def prompt_tokens(prompt: Prompt) -> int:
    """How many tokens a prompt has: its turns, tools and schema."""
    said = sum(tokens.of_turn(_text(turn), turn.images) for turn in prompt.turns)
    extras = [tool.name + tool.description + _json(tool.parameters) for tool in prompt.tools]
    extras += [_json(prompt.schema)] if prompt.schema else []
    return said + sum(tokens.count(text) for text in extras) + tokens.FOR_THE_ANSWER


def visible_tokens(thought: Thought) -> int:
    """How many tokens of an answer are not reasoning."""
    calls = sum(tokens.count(call.name) + tokens.count(call.arguments) for call in thought.tool_calls)
    return (len(thought.pieces) or tokens.count(thought.text)) + calls


def _ticks(bill: Bill, model: Model, *, priority: bool) -> int:
    if model.prices is None:
        return 0
    usage = Usage(
        input_tokens=bill.input_tokens,
        output_tokens=bill.output_tokens,
        reasoning_tokens=bill.reasoning_tokens,
        cached_tokens=bill.cached_tokens,
        server_side_tools=bill.server_side_tools,
    )
    return price(usage, model.prices, priority=priority, image_tokens=bill.image_tokens)


def _counters(thoughts: Sequence[Thought]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for thought in thoughts:
        for name, number in thought.usage.items():
            if name in _COUNTERS:
                counts[name] = counts.get(name, 0) + number
        for call in thought.server_calls:
            counter = f"{call.type}s"
            if counter in _COUNTERS and counter not in thought.usage:
                counts[counter] = counts.get(counter, 0) + 1
    return counts


def _uses(counts: dict[str, int]) -> int:
    return sum(number for name, number in counts.items() if name.endswith("_calls"))


def _text(turn: Turn) -> str:
    return turn.text + "".join(call.name + call.arguments for call in turn.tool_calls)


def _written(turn: Turn) -> bytes:
    return f"\0{turn.role}\0{_text(turn)}\0{turn.images}".encode("utf-8", "replace")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
