"""Token counts in one shape, whichever dialect reported them, and their cost in exact integers.

The unit of money is the tick: 1 USD is 10**10 ticks, and every price is a whole number of ticks. The server's
own figure comes first; only when it is absent is a cost worked out from prices, and then it says `estimated`.
"""

from collections.abc import Mapping

import msgspec

from grokkit.wire.counts import Counts, Details, amount

TICKS_PER_USD = 10_000_000_000
TICKS_PER_NANO_USD = 10

TOOL_TICKS: Mapping[str, int] = {
    "web_search_calls": 50_000_000,
    "x_posts_fetched": 50_000_000,
    "x_users_fetched": 100_000_000,
    "code_interpreter_calls": 50_000_000,
    "file_search_calls": 25_000_000,
    "document_search_calls": 50_000_000,
}
"""Ticks for one use of a server-side tool, by the counter the API reports it under.

Counters that are absent here cost nothing of their own (`mcp_calls`, `x_search_calls`) or have no fixed price
(`image_generation_calls`: an image costs what its model asks).
"""

_NO_DETAILS = Details()
_PRIORITY = "priority"
_PRIORITY_FACTOR = 2


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """What one token costs, in ticks. 20,000 ticks a token are 2.00 USD a million.

    >>> Prices(input=20_000, cached_input=5_000, output=60_000).output
    60000
    """

    input: int
    cached_input: int
    output: int
    image_input: int = 0
    """For image tokens of the prompt; 0 = the price of text."""
    long_context_threshold: int = 0
    """A prompt of this many tokens or more pays the `long_*` prices for all tokens; 0 = there are none."""
    long_input: int = 0
    """0 = `input` applies to long prompts too; likewise below."""
    long_cached_input: int = 0
    long_output: int = 0

    def at(self, prompt_tokens: int) -> "Prices":
        """The prices of a call whose prompt has this many tokens, cached ones included.

        >>> prices = Prices(input=2, cached_input=1, output=6, long_context_threshold=200_000, long_input=4)
        >>> prices.at(199_999).input, prices.at(200_000).input
        (2, 4)
        """
        if not 0 < self.long_context_threshold <= prompt_tokens:
            return self
        return Prices(
            input=self.long_input or self.input,
            cached_input=self.long_cached_input or self.cached_input,
            output=self.long_output or self.output,
            image_input=self.image_input,
        )


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What a call consumed. Equal consumption gives equal values, whichever dialect reported it.

    `+` sums. A sum in which the cost of one part is unknown has no known cost (`None`), for a part of a bill
    is not a bill; an empty `Usage()` changes nothing, so `sum(usages, Usage())` works.

    >>> usage = Usage(input_tokens=12, output_tokens=291, total_tokens=303, cost_ticks=1_466_250)
    >>> (usage + usage).cost_usd
    0.00029325
    """

    input_tokens: int = 0
    """The whole prompt, cached tokens included."""
    output_tokens: int = 0
    """All that was generated, reasoning included."""
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    total_tokens: int = 0
    cost_ticks: int | None = None
    """1 USD is 10**10 ticks; None = nobody knows."""
    estimated: bool = False
    """Whether the cost was worked out from the catalogue's prices, or the counts are a guess."""
    server_side_tools: dict[str, int] = {}
    """Uses of tools that ran on the server, under the API's own names: `{"web_search_calls": 1}`."""
    saved_ticks: int = 0
    """What answers out of the cache cost when they were new: that is not billed again, nor part of `cost_ticks`."""

    def from_cache(self) -> "Usage":
        """The same for an answer that is given again: it costs nothing.

        >>> again = Usage(input_tokens=12, cost_ticks=600).from_cache()
        >>> again.input_tokens, again.cost_ticks, again.saved_ticks
        (12, 0, 600)
        """
        return msgspec.structs.replace(self, cost_ticks=0, saved_ticks=self.saved_ticks + (self.cost_ticks or 0))

    @property
    def cost_usd(self) -> float | None:
        """The cost in US dollars, for people to read; add up `cost_ticks` instead, which is exact."""
        return None if self.cost_ticks is None else self.cost_ticks / TICKS_PER_USD

    def __add__(self, other: "Usage") -> "Usage":
        if not isinstance(other, Usage):
            return NotImplemented
        if self == _NOTHING:
            return other
        if other == _NOTHING:
            return self
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            total_tokens=self.total_tokens + other.total_tokens,
            cost_ticks=_sum_known(self.cost_ticks, other.cost_ticks),
            estimated=self.estimated or other.estimated,
            server_side_tools=_sum_counts(self.server_side_tools, other.server_side_tools),
            saved_ticks=self.saved_ticks + other.saved_ticks,
        )


_NOTHING = Usage()


def price(
    usage: Usage,
    prices: Prices,
    *,
    priority: bool = False,
    prompt_tokens: int | None = None,
    image_tokens: int = 0,
) -> int:
    """The cost of this consumption at these prices, in ticks: tokens, then the tools that ran on the server.

    `priority` doubles every kind of token, and no tool. `prompt_tokens` is the size of the prompt that meets
    the long-context threshold, where it differs from `usage.input_tokens`; `image_tokens` are those of the
    prompt that came from images. Regional surcharges and images made by tools are not in it.

    >>> tokens = Usage(input_tokens=5_467, cached_tokens=1_152, output_tokens=593)
    >>> search = Usage(server_side_tools={"web_search_calls": 1})
    >>> price(tokens + search, Prices(input=20_000, cached_input=5_000, output=60_000))
    177640000
    """
    rates = prices.at(usage.input_tokens if prompt_tokens is None else prompt_tokens)
    uncached = max(usage.input_tokens - usage.cached_tokens, 0)
    images = min(image_tokens, uncached)
    tokens = (
        (uncached - images) * rates.input
        + images * (rates.image_input or rates.input)
        + usage.cached_tokens * rates.cached_input
        + usage.output_tokens * rates.output
    )
    tools = sum(count * TOOL_TICKS.get(name, 0) for name, count in usage.server_side_tools.items())
    return tokens * (_PRIORITY_FACTOR if priority else 1) + tools


def chat_usage(
    raw: Mapping[str, object] | None, prices: Prices | None = None, service_tier: str | None = None
) -> Usage:
    """The `usage` of a chat completion, normalised.

    xAI reports reasoning outside `completion_tokens`, other servers inside. The total tells which; without a
    telling total it is read as xAI's. Fields that are missing or make no sense count as 0: this never raises.

    `service_tier` is the one in the *reply*: only `"priority"` there doubles an estimated cost. A request may
    say `fast`, its synonym, or `priority` and still be served, and billed, at the default tier.

    >>> chat_usage({"prompt_tokens": 12, "completion_tokens": 1, "total_tokens": 303,
    ...             "completion_tokens_details": {"reasoning_tokens": 290}}).output_tokens
    291
    """
    counts = Counts.of(raw or {})
    prompt, completion = counts.prompt_tokens_details or _NO_DETAILS, counts.completion_tokens_details or _NO_DETAILS
    sent, written, reasoning = (
        counts.prompt_tokens or 0,
        counts.completion_tokens or 0,
        completion.reasoning_tokens or 0,
    )
    inside = reasoning <= written and counts.total_tokens == sent + written
    usage = _counted(counts, sent, written if inside else written + reasoning, reasoning, prompt)
    if prices is None:
        return usage
    return _priced(usage, prices, service_tier, image_tokens=prompt.image_tokens or 0)


def responses_usage(
    raw: Mapping[str, object] | None, prices: Prices | None = None, service_tier: str | None = None
) -> Usage:
    """The `usage` of a reply of the Responses API, normalised; as `chat_usage`, except for two things.

    Reasoning is already inside `output_tokens`. And the counts add up all steps of a loop over server-side
    tools, so it is the last and longest prompt (`context_details`) that meets the long-context threshold.

    >>> usage = responses_usage({"input_tokens": 170, "output_tokens": 98, "cost_in_usd_ticks": 600500})
    >>> usage.total_tokens, usage.cost_ticks, usage.estimated
    (268, 600500, False)
    """
    counts = Counts.of(raw or {})
    read, written = counts.input_tokens_details or _NO_DETAILS, counts.output_tokens_details or _NO_DETAILS
    reasoning = written.reasoning_tokens or 0
    usage = _counted(counts, counts.input_tokens or 0, counts.output_tokens or 0, reasoning, read)
    if prices is None:
        return usage
    last_prompt = (counts.context_details or _NO_DETAILS).input_tokens or 0
    return _priced(usage, prices, service_tier, prompt_tokens=last_prompt)


def listed_prices(listing: Mapping[str, object]) -> Prices | None:
    """The prices in one entry of `GET /v1/language-models` or `/v1/models`; None when it has none per token.

    >>> listed_prices({"prompt_text_token_price": 3000, "cached_prompt_text_token_price": 750,
    ...                "completion_text_token_price": 5000}).cached_input
    750
    """
    text = amount(listing.get("prompt_text_token_price"))
    output = amount(listing.get("completion_text_token_price"))
    if text is None or output is None:
        return None
    cached = amount(listing.get("cached_prompt_text_token_price"))
    image = _count(listing.get("prompt_image_token_price"))
    return Prices(
        input=text,
        cached_input=text if cached is None else cached,
        output=output,
        image_input=0 if image == text else image,
        long_context_threshold=_count(listing.get("long_context_threshold")),
        long_input=_count(listing.get("prompt_text_token_price_long_context")),
        long_cached_input=_count(listing.get("cached_prompt_text_token_price_long_context")),
        long_output=_count(listing.get("completion_text_token_price_long_context")),
    )


def _counted(counts: Counts, sent: int, written: int, reasoning: int, details: Details) -> Usage:
    tools, cost = counts.server_side_tool_usage_details, counts.cost_in_usd_ticks
    if cost is None and counts.cost_in_nano_usd is not None:
        cost = counts.cost_in_nano_usd * TICKS_PER_NANO_USD
    return Usage(
        input_tokens=sent,
        output_tokens=written,
        reasoning_tokens=min(reasoning, written),
        cached_tokens=min(details.cached_tokens or 0, sent),
        total_tokens=max(counts.total_tokens or 0, sent + written),
        cost_ticks=cost,
        server_side_tools={name: uses for name, uses in tools.items() if uses} if tools else {},
    )


def _priced(
    usage: Usage,
    prices: Prices,
    service_tier: str | None,
    *,
    prompt_tokens: int = 0,
    image_tokens: int = 0,
) -> Usage:
    if usage.cost_ticks is not None or usage == _NOTHING:
        return usage
    ticks = price(
        usage,
        prices,
        priority=service_tier == _PRIORITY,
        prompt_tokens=prompt_tokens or usage.input_tokens,
        image_tokens=image_tokens,
    )
    return msgspec.structs.replace(usage, cost_ticks=ticks, estimated=True)


def _sum_known(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _sum_counts(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}


def _count(value: object) -> int:
    return amount(value) or 0
