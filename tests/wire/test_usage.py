"""Usage: one shape for both dialects, lenient to read, priced in exact integers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.wire.usage import TOOL_TICKS, Prices, Usage, chat_usage, listed_prices, price, responses_usage

GROK_3_MINI = Prices(input=3_000, cached_input=750, output=5_000)
GROK_4_6 = Prices(
    input=20_000,
    cached_input=5_000,
    output=60_000,
    long_context_threshold=200_000,
    long_input=40_000,
    long_cached_input=10_000,
    long_output=120_000,
)

counts = st.integers(min_value=0, max_value=2_000_000)
rates = st.integers(min_value=0, max_value=200_000)
tools = st.dictionaries(st.sampled_from([*TOOL_TICKS, "mcp_calls", "new_calls"]), st.integers(1, 50))


@st.composite
def usages(draw):
    sent, written = draw(counts), draw(counts)
    return Usage(
        input_tokens=sent,
        output_tokens=written,
        reasoning_tokens=draw(st.integers(0, written)),
        cached_tokens=draw(st.integers(0, sent)),
        total_tokens=sent + written,
        cost_ticks=draw(st.none() | counts),
        estimated=draw(st.booleans()),
        server_side_tools=draw(tools),
    )


@st.composite
def price_lists(draw):
    base = [draw(rates) for _ in range(3)]
    longer = [rate + draw(rates) for rate in base]
    return Prices(
        input=base[0],
        cached_input=base[1],
        output=base[2],
        long_context_threshold=draw(counts),
        long_input=longer[0],
        long_cached_input=longer[1],
        long_output=longer[2],
    )


def chat_raw(usage: Usage, *, reasoning_inside: bool = False) -> dict[str, object]:
    written = usage.output_tokens if reasoning_inside else usage.output_tokens - usage.reasoning_tokens
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": written,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "server_side_tool_usage_details": usage.server_side_tools,
        "cost_in_usd_ticks": usage.cost_ticks,
    }


def responses_raw(usage: Usage) -> dict[str, object]:
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
        "server_side_tool_usage_details": usage.server_side_tools,
        "cost_in_usd_ticks": usage.cost_ticks,
    }


words = st.text("ab.", max_size=5)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from([*chat_raw(Usage()), *responses_raw(Usage()), "context_details", "cost_in_nano_usd"])


class TestReadingChat:
    def test_reasoning_outside_the_completion_is_added_to_the_output(self):
        usage = chat_usage(
            {
                "prompt_tokens": 12,
                "completion_tokens": 1,
                "total_tokens": 303,
                "prompt_tokens_details": {"text_tokens": 12, "image_tokens": 0, "cached_tokens": 11},
                "completion_tokens_details": {"reasoning_tokens": 290},
                "cost_in_usd_ticks": 1_466_250,
            }
        )

        assert usage == Usage(
            input_tokens=12,
            output_tokens=291,
            reasoning_tokens=290,
            cached_tokens=11,
            total_tokens=303,
            cost_ticks=1_466_250,
        )

    def test_reasoning_inside_the_completion_is_counted_once_when_the_total_says_so(self):
        usage = chat_usage(
            {
                "prompt_tokens": 10,
                "completion_tokens": 100,
                "total_tokens": 110,
                "completion_tokens_details": {"reasoning_tokens": 80},
            }
        )

        assert (usage.output_tokens, usage.reasoning_tokens, usage.total_tokens) == (100, 80, 110)

    @pytest.mark.parametrize("total", [{}, {"total_tokens": None}, {"total_tokens": 7}])
    def test_without_a_telling_total_reasoning_is_read_as_xai_reports_it(self, total):
        raw = {
            "prompt_tokens": 10,
            "completion_tokens": 100,
            "completion_tokens_details": {"reasoning_tokens": 80},
        }

        usage = chat_usage(raw | total)

        assert (usage.output_tokens, usage.total_tokens) == (180, 190)

    def test_a_total_that_forgets_the_reasoning_cannot_hide_it(self):
        raw = {
            "prompt_tokens": 12,
            "completion_tokens": 1,
            "total_tokens": 13,
            "completion_tokens_details": {"reasoning_tokens": 290},
        }

        usage = chat_usage(raw)

        assert (usage.output_tokens, usage.total_tokens) == (291, 303)

    @given(usages())
    def test_chat_and_responses_tell_of_the_same_consumption_in_the_same_words(self, usage):
        expected = as_reported(usage)

        assert chat_usage(chat_raw(usage)) == expected
        assert chat_usage(chat_raw(usage, reasoning_inside=True)) == expected
        assert responses_usage(responses_raw(usage)) == expected

    @given(usages(), price_lists(), st.sampled_from([None, "default", "priority", "fast"]))
    def test_chat_and_responses_cost_the_same(self, usage, prices, tier):
        unpriced = chat_raw(usage) | {"cost_in_usd_ticks": None}

        chat = chat_usage(unpriced, prices, tier)
        responses = responses_usage(responses_raw(usage) | {"cost_in_usd_ticks": None}, prices, tier)

        assert chat == responses


def as_reported(usage: Usage) -> Usage:
    return Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        cached_tokens=usage.cached_tokens,
        total_tokens=usage.total_tokens,
        cost_ticks=usage.cost_ticks,
        server_side_tools=usage.server_side_tools,
    )


class TestLeniency:
    @pytest.mark.parametrize("read", [chat_usage, responses_usage])
    @pytest.mark.parametrize("raw", [None, {}, [], "usage", 7])
    def test_no_usage_is_an_empty_usage_without_a_cost(self, read, raw):
        assert read(raw, GROK_3_MINI, "priority") == Usage()

    @pytest.mark.parametrize("stray", [None, -1, "12", [], {}, True, 1.5, float("nan"), float("inf")])
    def test_a_stray_count_falls_to_zero_and_spoils_nothing_else(self, stray):
        usage = responses_usage(
            {
                "input_tokens": 10,
                "output_tokens": stray,
                "input_tokens_details": {"cached_tokens": stray},
                "output_tokens_details": stray,
                "total_tokens": stray,
                "server_side_tool_usage_details": {"web_search_calls": stray, "mcp_calls": 2},
                "cost_in_usd_ticks": stray if stray != "12" else None,
            }
        )

        assert usage == Usage(input_tokens=10, total_tokens=10, server_side_tools={"mcp_calls": 2})

    def test_cached_and_reasoning_tokens_are_never_more_than_the_whole(self):
        usage = responses_usage(
            {
                "input_tokens": 5,
                "input_tokens_details": {"cached_tokens": 9},
                "output_tokens": 3,
                "output_tokens_details": {"reasoning_tokens": 8},
            }
        )

        assert (usage.cached_tokens, usage.reasoning_tokens) == (5, 3)

    def test_a_whole_number_written_as_a_float_counts(self):
        assert chat_usage({"prompt_tokens": 12.0}).input_tokens == 12

    @given(st.dictionaries(fields, any_json))
    def test_no_reply_whatever_makes_it_fail(self, raw):
        for read in (chat_usage, responses_usage):
            usage = read(raw, GROK_4_6, "priority")

            assert usage.total_tokens >= usage.input_tokens + usage.output_tokens
            assert 0 <= usage.cached_tokens <= usage.input_tokens
            assert 0 <= usage.reasoning_tokens <= usage.output_tokens
            assert usage.cost_ticks is None or usage.cost_ticks >= 0


class TestCost:
    def test_the_servers_own_figure_comes_first(self):
        usage = responses_usage({"input_tokens": 170, "output_tokens": 98, "cost_in_usd_ticks": 600_500}, GROK_4_6)

        assert (usage.cost_ticks, usage.estimated, usage.cost_usd) == (600_500, False, 0.00006005)

    def test_nano_dollars_are_read_when_ticks_are_absent(self):
        assert responses_usage({"input_tokens": 1, "cost_in_nano_usd": 60_050}).cost_ticks == 600_500

    def test_a_free_call_costs_zero_and_not_the_catalogue_price(self):
        usage = responses_usage({"input_tokens": 1, "cost_in_usd_ticks": 0}, GROK_4_6)

        assert (usage.cost_ticks, usage.estimated) == (0, False)

    def test_without_figure_and_prices_nobody_knows_the_cost(self):
        usage = chat_usage({"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10})

        assert (usage.cost_ticks, usage.cost_usd, usage.estimated) == (None, None, False)

    @pytest.mark.parametrize(
        ("usage", "prices", "ticks"),
        [
            (
                Usage(input_tokens=12, cached_tokens=2, output_tokens=7),
                Prices(input=30_000, cached_input=7_500, output=150_000),
                1_365_000,
            ),
            (
                Usage(input_tokens=2_684, cached_tokens=679, output_tokens=728),
                Prices(input=30_000, cached_input=7_500, output=150_000),
                174_442_500,
            ),
            (Usage(input_tokens=12, cached_tokens=11, output_tokens=291), GROK_3_MINI, 1_466_250),
            (Usage(input_tokens=5_467, cached_tokens=1_152, output_tokens=593), GROK_4_6, 127_640_000),
            (
                Usage(
                    input_tokens=5_467,
                    cached_tokens=1_152,
                    output_tokens=593,
                    server_side_tools={"web_search_calls": 1},
                ),
                GROK_4_6,
                177_640_000,
            ),
        ],
    )
    def test_known_bills_come_out_to_the_tick(self, usage, prices, ticks):
        assert price(usage, prices) == ticks

    def test_a_cost_from_prices_says_that_it_is_estimated(self):
        usage = chat_usage({"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10}, GROK_3_MINI)

        assert (usage.cost_ticks, usage.estimated) == (40_000, True)

    @pytest.mark.parametrize(("tier", "factor"), [("priority", 2), ("default", 1), ("fast", 1), ("auto", 1), (None, 1)])
    def test_only_a_reply_that_says_priority_is_billed_twice_and_its_tools_once(self, tier, factor):
        raw = {
            "input_tokens": 100,
            "output_tokens": 10,
            "server_side_tool_usage_details": {"web_search_calls": 1},
        }

        usage = responses_usage(raw, GROK_4_6, tier)

        assert usage.cost_ticks == factor * (100 * 20_000 + 10 * 60_000) + 50_000_000

    @pytest.mark.parametrize(
        ("counter", "ticks"),
        [
            ("web_search_calls", 50_000_000),
            ("x_search_calls", 0),
            ("x_posts_fetched", 50_000_000),
            ("x_users_fetched", 100_000_000),
            ("code_interpreter_calls", 50_000_000),
            ("file_search_calls", 25_000_000),
            ("document_search_calls", 50_000_000),
            ("mcp_calls", 0),
        ],
    )
    def test_each_server_side_tool_has_its_price(self, counter, ticks):
        assert price(Usage(server_side_tools={counter: 3}), GROK_4_6) == 3 * ticks

    def test_image_tokens_pay_their_own_price_where_there_is_one(self):
        raw = {"prompt_tokens": 100, "prompt_tokens_details": {"image_tokens": 40}}
        prices = Prices(input=10, cached_input=1, output=20, image_input=50)

        assert chat_usage(raw, prices).cost_ticks == 60 * 10 + 40 * 50
        assert chat_usage(raw, Prices(input=10, cached_input=1, output=20)).cost_ticks == 100 * 10


class TestLongContext:
    @pytest.mark.parametrize(("prompt", "factor"), [(199_999, 1), (200_000, 2), (200_001, 2)])
    def test_from_the_threshold_on_every_token_pays_the_long_price(self, prompt, factor):
        usage = Usage(input_tokens=prompt, cached_tokens=1_000, output_tokens=10)

        ticks = price(usage, GROK_4_6)

        assert ticks == factor * ((prompt - 1_000) * 20_000 + 1_000 * 5_000 + 10 * 60_000)

    def test_no_threshold_means_no_long_price(self):
        prices = Prices(input=1, cached_input=1, output=1, long_input=9, long_cached_input=9, long_output=9)

        assert price(Usage(input_tokens=10_000_000), prices) == 10_000_000

    def test_a_long_price_of_zero_means_the_base_price(self):
        prices = Prices(input=3, cached_input=2, output=5, long_context_threshold=1, long_input=6)

        assert price(Usage(input_tokens=10, cached_tokens=5, output_tokens=1), prices) == 5 * 6 + 5 * 2 + 5

    def test_many_short_steps_of_a_tool_loop_do_not_make_a_long_prompt(self):
        raw = {"input_tokens": 300_000, "output_tokens": 1, "context_details": {"input_tokens": 40_000}}

        assert responses_usage(raw, GROK_4_6).cost_ticks == 300_000 * 20_000 + 60_000

    @given(price_lists(), usages(), usages())
    def test_more_of_anything_never_costs_less(self, prices, one, other):
        both = Usage(
            input_tokens=one.input_tokens + other.input_tokens,
            cached_tokens=one.cached_tokens + other.cached_tokens,
            output_tokens=one.output_tokens + other.output_tokens,
        )

        assert price(one, prices) <= price(both, prices) + price(Usage(server_side_tools=one.server_side_tools), prices)
        assert price(one, prices) <= price(one, prices, priority=True) <= 2 * price(one, prices)


class TestSums:
    @given(usages(), usages(), usages())
    def test_adding_is_associative_and_does_not_mind_the_order(self, one, other, third):
        assert (one + other) + third == one + (other + third)
        assert one + other == other + one

    @given(st.lists(usages(), max_size=5))
    def test_a_sum_adds_every_count_exactly(self, parts):
        total = sum(parts, Usage())

        for field in ("input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens", "total_tokens"):
            assert getattr(total, field) == sum(getattr(part, field) for part in parts)
        assert total.estimated == any(part.estimated for part in parts)
        assert sum(total.server_side_tools.values()) == sum(sum(part.server_side_tools.values()) for part in parts)

    def test_one_unknown_cost_makes_the_sum_unknown(self):
        known, unknown = Usage(total_tokens=1, cost_ticks=5), Usage(total_tokens=1)

        assert (known + unknown).cost_ticks is None
        assert (known + known).cost_ticks == 10
        assert (known + Usage()).cost_ticks == 5

    def test_only_usages_add_up(self):
        with pytest.raises(TypeError):
            Usage() + 1

    def test_usage_does_not_change(self):
        with pytest.raises(AttributeError):
            Usage().input_tokens = 1


class TestListedPrices:
    def test_all_prices_of_a_listing_are_read(self):
        listing = {
            "prompt_text_token_price": 20_000,
            "cached_prompt_text_token_price": 5_000,
            "prompt_image_token_price": 20_000,
            "completion_text_token_price": 60_000,
            "long_context_threshold": 200_000,
            "prompt_text_token_price_long_context": 40_000,
            "cached_prompt_text_token_price_long_context": 10_000,
            "completion_text_token_price_long_context": 120_000,
        }

        assert listed_prices(listing) == GROK_4_6

    @pytest.mark.parametrize("listing", [{}, {"image_price": 200_000_000, "prompt_text_token_price": None}])
    def test_a_model_without_token_prices_has_none(self, listing):
        assert listed_prices(listing) is None

    def test_a_cached_price_that_is_not_listed_is_the_full_price(self):
        assert listed_prices({"prompt_text_token_price": 7, "completion_text_token_price": 9}) == Prices(
            input=7, cached_input=7, output=9
        )

    def test_an_image_price_of_its_own_is_kept(self):
        listing = {
            "prompt_text_token_price": 7,
            "completion_text_token_price": 9,
            "prompt_image_token_price": 8,
        }

        prices = listed_prices(listing)

        assert prices is not None
        assert prices.image_input == 8
