"""The listings of models, on two days."""

from __future__ import annotations

from datetime import date

import openai
import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import drift
from grokkit.testing.simulator import Simulator

APRIL = date(2026, 4, 16)
OCTOBER = date(2026, 10, 30)
KINDS = ("language-models", "image-generation-models", "video-generation-models")


def _simulator(as_of: date = OCTOBER) -> Simulator:
    return Simulator(clock=TurnableClock(), as_of=as_of)


@pytest.mark.parametrize("path", ["models", *KINDS])
async def test_every_listing_is_as_the_document_says(path: str) -> None:
    reply = await _simulator().fetch("GET", f"/v1/{path}")

    assert reply.status == 200
    assert drift(f"/v1/{path}", 200, reply.body, method="GET") == []
    assert reply.json.get("data") or reply.json.get("models")


@pytest.mark.parametrize("path", ["models", *KINDS])
async def test_every_listed_model_is_found_by_its_id_and_aliases(path: str) -> None:
    sim = _simulator()
    listing = (await sim.fetch("GET", f"/v1/{path}")).json

    for model in listing.get("data") or listing["models"]:
        for name in (model["id"], *model["aliases"]):
            reply = await sim.fetch("GET", f"/v1/{path}/{name}")
            assert reply.json == model
            assert drift(f"/v1/{path}/{name}", 200, reply.body, method="GET") == []


@pytest.mark.parametrize("path", ["models", *KINDS])
async def test_a_model_that_is_none_is_a_404(path: str) -> None:
    reply = await _simulator().fetch("GET", f"/v1/{path}/gpt-5")

    assert reply.status == 404
    assert reply.json["code"] == "not-found"
    assert "gpt-5" in reply.json["error"]
    assert "x-request-id" not in reply.headers


async def test_april_lists_the_models_of_april_with_four_keys() -> None:
    data = (await _simulator(APRIL).fetch("GET", "/v1/models")).json["data"]

    assert all(list(model) == ["id", "created", "object", "owned_by"] for model in data)
    names = [model["id"] for model in data]
    assert names == sorted(names)
    assert {"grok-3", "grok-4-0709", "grok-imagine-image-pro"} <= set(names)
    assert not {"grok-4.3", "grok-4.7"} & set(names)


async def test_a_retired_model_is_not_found_any_more() -> None:
    old = await _simulator(APRIL).fetch("GET", "/v1/models/grok-3")
    now = await _simulator().fetch("GET", "/v1/models/grok-3")

    assert (old.status, now.status) == (200, 404)


async def test_october_tells_prices_context_and_efforts() -> None:
    model = (await _simulator().fetch("GET", "/v1/models/grok-4.7")).json

    assert model["context_length"] == 500_000
    assert model["prompt_text_token_price"] == 20_000
    assert model["prompt_text_token_price_long_context"] == 40_000
    assert model["capabilities"] == {
        "reasoning_effort": ["low", "medium", "high", "xhigh"],
        "default_reasoning_effort": "high",
    }


async def test_an_image_model_has_a_price_for_each_quality_and_size() -> None:
    model = (await _simulator().fetch("GET", "/v1/image-generation-models/grok-imagine-image-2.0")).json

    assert model["image_price"] == 600_000_000
    assert {"quality": "low", "resolution": "1.5k", "price_per_image": 500_000_000} in model["pricing"]


async def test_listings_by_kind_have_a_request_id_and_the_plain_one_has_none() -> None:
    sim = _simulator()

    plain, kind = await sim.fetch("GET", "/v1/models"), await sim.fetch("GET", "/v1/language-models")

    assert "x-request-id" not in plain.headers
    assert "x-request-id" in kind.headers


async def test_openais_client_reads_the_models() -> None:
    async with _simulator() as sim, openai.AsyncOpenAI(api_key=sim.key, base_url=sim.base_url) as client:
        names = [model.id async for model in client.models.list()]
        one = await client.models.retrieve("grok-4.7")
        with pytest.raises(openai.NotFoundError):
            await client.models.retrieve("gpt-5")

    assert "grok-4.7" in names
    assert one.owned_by == "xai"


async def test_the_clients_own_listings_are_read() -> None:
    async with _simulator().async_grok() as grok:
        names = [card.id for card in await grok.models.list()]
        language = await grok.models.get_language("grok-4.7")
        images = await grok.models.list_image()
        videos = await grok.models.list_video()

    assert "grok-4.7" in names
    assert language.id == "grok-4.7"
    assert images
    assert videos


@pytest.mark.parametrize("name", ["grok-4.7", "grok-4.3-latest", "grok-imagine-image-2.0"])
async def test_a_model_that_is_not_out_yet_is_neither_listed_nor_served(name: str) -> None:
    sim = _simulator(date(2026, 4, 16))
    body = {"model": name, "messages": [{"role": "user", "content": "Hi"}], "prompt": "a cat"}

    listed = (await sim.fetch("GET", "/v1/models")).json["data"]
    one = await sim.fetch("GET", f"/v1/models/{name}")
    chat = await sim.fetch("POST", "/v1/chat/completions", json=body)
    image = await sim.fetch("POST", "/v1/images/generations", json=body)
    response = await sim.fetch("POST", "/v1/responses", json={"model": name, "input": "Hi"})

    assert name not in {entry["id"] for entry in listed}
    assert [one.status, chat.status, image.status, response.status] == [404, 404, 404, 400]
    assert f"The model {name} does not exist" in chat.json["error"]
    assert response.json["error"] == f"Model not found: {name}"


async def test_the_latest_is_that_of_the_day() -> None:
    body = {"model": "grok-latest", "messages": [{"role": "user", "content": "Hi"}]}

    then = await _simulator(date(2026, 8, 1)).fetch("POST", "/v1/chat/completions", json=body)
    now = await Simulator().fetch("POST", "/v1/chat/completions", json=body)

    assert (then.json["model"], now.json["model"]) == ("grok-4.5", "grok-4.7")
