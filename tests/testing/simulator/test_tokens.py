"""Tokens and bills: lossless, stable, and exact to the tick."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grokkit.models import lookup
from grokkit.testing.simulator import tokens
from grokkit.testing.simulator.bill import PromptCache, make_bill
from grokkit.testing.simulator.thought import Prompt, ServerCall, Thought, Turn
from grokkit.wire.usage import chat_usage, responses_usage

MODEL = lookup("grok-4.6")
assert MODEL is not None


def prompt_of(*texts: str, **fields: object) -> Prompt:
    return Prompt(model="grok-4.6", turns=tuple(Turn(role="user", text=text) for text in texts), **fields)  # type: ignore[arg-type]


@given(st.text(max_size=300))
def test_tokens_joined_are_the_text_again(text: str) -> None:
    assert "".join(tokens.pieces(text)) == text
    assert tokens.count(text) == len(tokens.pieces(text))


@given(st.text(min_size=1, max_size=50))
def test_a_token_has_a_number_and_its_bytes(text: str) -> None:
    found = tokens.tokenized(text)

    assert all(0 <= token.token_id < tokens.VOCABULARY for token in found)
    assert b"".join(bytes(token.token_bytes) for token in found) == text.encode("utf-8", "replace")


def test_words_keep_the_blank_before_them_as_recorded() -> None:
    assert tokens.pieces("Hello world!") == ["Hello", " world", "!"]


def test_a_token_s_number_never_changes() -> None:
    assert tokens.token_id("Hello") == 100738


@given(st.integers(0, 300_000), st.integers(0, 1000), st.integers(0, 1000), st.booleans())
def test_both_conventions_say_the_same(sent: int, written: int, reasoning: int, priority: bool) -> None:
    usage = {"input_tokens": sent, "output_tokens": written + reasoning, "reasoning_tokens": reasoning}
    bill = make_bill(prompt_of("x", priority=priority), [Thought(usage=usage)], MODEL, cached=sent // 2)

    chat, responses = chat_usage(bill.chat()), responses_usage(bill.responses())

    assert chat == responses
    assert chat.total_tokens == sent + written + reasoning
    counted = {name: value for name, value in bill.chat().items() if name != "cost_in_usd_ticks"}
    tier = "priority" if priority else "default"
    assert chat_usage(counted, MODEL.prices, tier).cost_ticks == bill.cost_ticks or sent + written + reasoning == 0


def test_a_search_costs_what_was_recorded() -> None:
    usage = {"input_tokens": 5_467, "cached_tokens": 1_152, "output_tokens": 593}
    thought = Thought(usage=usage, server_calls=(ServerCall(type="web_search_call"),))

    bill = make_bill(prompt_of("x"), [thought], MODEL, cached=0)

    assert bill.cost_ticks == 177_640_000
    assert bill.responses()["server_side_tool_usage_details"]["web_search_calls"] == 1


def test_only_the_unbroken_beginning_of_a_conversation_is_cached() -> None:
    cache = PromptCache()
    cache.cached("key", prompt_of("one", "two", "three"))

    same = cache.cached("key", prompt_of("one", "two", "three"))
    longer = cache.cached("key", prompt_of("one", "two", "four"))
    edited = cache.cached("key", prompt_of("zero", "two", "three"))
    other = cache.cached("another key", prompt_of("one", "two", "three"))

    assert (same, longer, edited, other) == (12, 8, 0, 0)


def test_images_are_tokens_of_the_prompt() -> None:
    prompt = Prompt(model="grok-4.6", turns=(Turn(role="user", text="x", images=2),))

    bill = make_bill(prompt, [Thought(text="ok")], MODEL, cached=0)

    assert bill.chat()["prompt_tokens_details"]["image_tokens"] == 2 * tokens.PER_IMAGE
