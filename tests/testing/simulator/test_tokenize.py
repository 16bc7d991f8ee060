"""Tokenising."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import drift
from grokkit.testing.simulator import Simulator


async def _tokens(text: str, model: str = "grok-4.7") -> Any:
    sim = Simulator(clock=TurnableClock())
    return await sim.fetch("POST", "/v1/tokenize-text", json={"model": model, "text": text})


async def test_a_text_is_cut_into_tokens() -> None:
    reply = await _tokens("Hello world!")

    assert drift("/v1/tokenize-text", 200, reply.body) == []
    assert [token["string_token"] for token in reply.json["token_ids"]] == ["Hello", " world", "!"]


@given(text=st.text(max_size=60))
async def test_the_tokens_joined_are_the_text(text: str) -> None:
    tokens = (await _tokens(text)).json["token_ids"]

    assert b"".join(bytes(token["token_bytes"]) for token in tokens) == text.encode("utf-8", "replace")


async def test_the_same_piece_has_the_same_number() -> None:
    first, second = (await _tokens("Hi")).json, (await _tokens("Hi")).json

    assert first == second


@pytest.mark.parametrize(
    ("body", "status"),
    [({"model": "gpt-5", "text": "Hi"}, 404), ({"text": "Hi"}, 422), ({"model": "grok-4.7", "text": 5}, 422)],
)
async def test_what_cannot_be_tokenised_is_refused(body: dict[str, Any], status: int) -> None:
    reply = await Simulator(clock=TurnableClock()).fetch("POST", "/v1/tokenize-text", json=body)

    assert reply.status == status
