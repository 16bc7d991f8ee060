"""What a response costs: the steps of a loop over server-side tools add up, and the tools have prices of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from grokkit.models import lookup
from grokkit.testing.simulator import tokens
from grokkit.wire.usage import Usage, price

if TYPE_CHECKING:
    from grokkit.models import Model
    from grokkit.testing.simulator.bill import Bill
    from grokkit.testing.simulator.nouns.responses.era import Era
    from grokkit.testing.simulator.thought import Prompt, ServerCall, Thought
    from grokkit.testing.simulator.visit import Visit

_IMAGE_MODEL = "grok-imagine-image-2.0"
_USERS = "x_user_search"
_FETCHED = {"x_keyword_search", "x_semantic_search", "x_thread_fetch"}
_COUNTERS = {
    "web_search_call": "web_search_calls",
    "x_search_call": "x_search_calls",
    "custom_tool_call": "x_search_calls",
    "code_interpreter_call": "code_interpreter_calls",
    "file_search_call": "file_search_calls",
    "mcp_call": "mcp_calls",
    "image_generation_call": "image_generation_calls",
}


class Charged(msgspec.Struct, frozen=True, kw_only=True):
    """A bill, and the size of the last step."""

    bill: Bill
    last_input: int
    last_output: int

    def usage(self, era: Era) -> dict[str, object]:
        """The `usage` of the response, on that day."""
        usage = self.bill.responses()
        counted = usage.pop("server_side_tool_usage_details", None)
        if not era.whole_object:
            del usage["cost_in_usd_ticks"]
            return usage
        if counted is not None:
            known = {name: number for name, number in counted.items() if name not in era.uncounted}
            usage["server_side_tool_usage_details"] = known
        if era.fingerprint:
            usage["context_details"] = {"input_tokens": self.last_input, "output_tokens": self.last_output}
        return usage


def charge(visit: Visit, prompt: Prompt, thought: Thought, model: Model) -> Charged:
    """The bill of one response; it is kept as the request's. Counts that the thought states are taken as they are.

    It may also state `context_input_tokens` and `context_output_tokens`, the size of the last step.
    """
    counters = _counted(thought)
    counted = msgspec.structs.replace(thought, usage={**dict.fromkeys(counters, 0), **thought.usage, **counters})
    bill = visit.charge(prompt, [counted])
    steps = [_result_tokens(call) for call in thought.server_calls if call.type in _COUNTERS]
    last = bill.input_tokens
    if steps and "input_tokens" not in thought.usage:
        bill, last = _looped(bill, steps)
    last = thought.usage.get("context_input_tokens", last)
    bill = msgspec.structs.replace(bill, cost_ticks=_ticks(bill, model, prompt, last))
    visit.bill = bill
    written = thought.usage.get("context_output_tokens", bill.output_tokens)
    return Charged(bill=bill, last_input=last, last_output=written)


def _looped(bill: Bill, results: list[int]) -> tuple[Bill, int]:
    """The bill of all steps. Each step sends what the one before it sent, from the cache, and one result more."""
    sizes = [bill.input_tokens]
    for result in results:
        sizes.append(sizes[-1] + result)
    whole = msgspec.structs.replace(bill, input_tokens=sum(sizes), cached_tokens=bill.cached_tokens + sum(sizes[:-1]))
    return whole, sizes[-1]


def _ticks(bill: Bill, model: Model, prompt: Prompt, last_input: int) -> int:
    if model.prices is None:
        return 0
    usage = Usage(
        input_tokens=bill.input_tokens,
        output_tokens=bill.output_tokens,
        cached_tokens=bill.cached_tokens,
        server_side_tools=bill.server_side_tools,
    )
    images = bill.server_side_tools.get("image_generation_calls", 0) * _image_ticks()
    return images + price(
        usage, model.prices, priority=prompt.priority, prompt_tokens=last_input, image_tokens=bill.image_tokens
    )


def _image_ticks() -> int:
    model = lookup(_IMAGE_MODEL)
    return model.unit_prices[0].ticks if model is not None else 0


def _counted(thought: Thought) -> dict[str, int]:
    """Uses by counter: calls that succeeded, posts and profiles that were fetched. Stated counts win."""
    counts: dict[str, int] = {}
    for call in thought.server_calls:
        counter = _COUNTERS.get(call.type)
        if counter is None:
            continue
        done = call.fields.get("status", "completed") != "failed"
        counts[counter] = counts.get(counter, 0) + done
        fetched, number = _fetched(call, thought)
        if fetched and done:
            counts[fetched] = counts.get(fetched, 0) + number
    return {name: thought.usage.get(name, number) for name, number in counts.items()}


def _fetched(call: ServerCall, thought: Thought) -> tuple[str, int]:
    if call.type not in {"custom_tool_call", "x_search_call"}:
        return "", 0
    name = call.fields.get("name", "x_keyword_search")
    if name == _USERS:
        return "x_users_fetched", 1
    if name not in _FETCHED:
        return "", 0
    cited = sum("//x.com/" in citation.url for citation in thought.citations)
    return "x_posts_fetched", max(cited, 1)


def _result_tokens(call: ServerCall) -> int:
    """How many tokens a call and its result take in the next step."""
    return tokens.count(msgspec.json.encode(call.fields).decode()) + tokens.PER_IMAGE
