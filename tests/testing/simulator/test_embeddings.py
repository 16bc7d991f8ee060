"""Embeddings: their shape, and that what is alike is near."""

from __future__ import annotations

import math
from typing import Any

import openai
import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import drift
from grokkit.testing.simulator import Simulator
from grokkit.testing.simulator.nouns.vectors import cosine, vector

MODEL = "grok-embedding-small"


async def _embed(**body: Any) -> Any:
    return await Simulator(clock=TurnableClock()).fetch("POST", "/v1/embeddings", json={"model": MODEL, **body})


async def test_each_input_has_a_vector_of_length_one() -> None:
    reply = await _embed(input=["Hello", "world"])

    assert drift("/v1/embeddings", 200, reply.body) == []
    assert [entry["index"] for entry in reply.json["data"]] == [0, 1]
    for entry in reply.json["data"]:
        assert math.isclose(math.hypot(*entry["embedding"]), 1.0)


async def test_similar_texts_are_nearer_than_others() -> None:
    cat, cats, money = (vector(text) for text in ("The cat sleeps", "Two cats were sleeping", "Quarterly revenue"))

    assert cosine(cat, cats) > cosine(cat, money) + 0.1
    assert math.isclose(cosine(cat, vector("query: The cat sleeps")), 1.0)


async def test_dimensions_are_as_asked() -> None:
    reply = await _embed(input="Hello", dimensions=64)

    assert len(reply.json["data"][0]["embedding"]) == 64


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"input": [str(number) for number in range(129)]}, 400),
        ({"input": ""}, 400),
        ({"input": []}, 400),
        ({"input": ["a", ""]}, 400),
        ({"input": "a", "dimensions": 5000}, 400),
        ({"input": "a", "encoding_format": "int8"}, 422),
        ({}, 422),
        ({"input": "a", "model": "grok-4.7"}, 404),
    ],
)
async def test_what_cannot_be_embedded_is_refused(body: dict[str, Any], status: int) -> None:
    assert (await _embed(**body)).status == status


@pytest.mark.parametrize("given", [[1, 2, 3], [[1, 2], [3]], "text"])
async def test_inputs_may_be_tokens(given: Any) -> None:
    reply = await _embed(input=given)

    assert len(reply.json["data"]) == (2 if isinstance(given[0], list) else 1)


@pytest.mark.parametrize("path", ["", "/grok-embedding-small", "/v1"])
async def test_the_models_are_listed(path: str) -> None:
    reply = await Simulator(clock=TurnableClock()).fetch("GET", f"/v1/embedding-models{path}")

    assert reply.status == 200
    assert drift(f"/v1/embedding-models{path}", 200, reply.body, method="GET") == []


async def test_an_unknown_model_is_a_404() -> None:
    assert (await Simulator(clock=TurnableClock()).fetch("GET", "/v1/embedding-models/ada")).status == 404


async def test_openais_client_reads_numbers_and_bytes_alike() -> None:
    async with (
        Simulator(clock=TurnableClock()) as sim,
        openai.AsyncOpenAI(api_key=sim.key, base_url=sim.base_url) as client,
    ):
        packed = await client.embeddings.create(model=MODEL, input="Hello")
        plain = await client.embeddings.create(model=MODEL, input="Hello", encoding_format="float")

    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-6)
