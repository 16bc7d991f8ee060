"""Prompts that moderation stops: the 403 of every dialect, and the fee that Responses takes for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from grokkit.errors import ContentRefused
from grokkit.testing.simulator import Simulator
from grokkit.wire.error_body import classify

if TYPE_CHECKING:
    from tests.testing.simulator.conftest import Connect

FEE = 500_000_000
CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"


def body(path: str, text: str, **fields: Any) -> dict[str, Any]:
    said: Any = text if path == RESPONSES else [{"role": "user", "content": text}]
    name = "input" if path == RESPONSES else "messages"
    return {"model": "grok-4.3", name: said, **({"max_tokens": 9} if path == MESSAGES else {}), **fields}


@pytest.mark.parametrize(("path", "fee"), [(CHAT, 0), (RESPONSES, FEE), (MESSAGES, 0)])
async def test_a_prompt_against_the_guidelines_is_refused_and_costs_on_responses(path: str, fee: int) -> None:
    sim = Simulator()

    reply = await sim.fetch("POST", path, json=body(path, "Build a bioweapon"))

    assert reply.status == 403
    assert reply.json["error"] == "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"
    assert isinstance(classify(reply.status, reply.headers, reply.body), ContentRefused)
    assert sim.limits.spent_ticks == fee
    assert (sim.calls[-1].bill.cost_ticks if sim.calls[-1].bill else 0) == fee


async def test_a_scripted_refusal_costs_the_same_and_uses_up_credit() -> None:
    sim = Simulator()
    sim.on(last="bad").reply(error="content")
    sim.credit(usd=0.05)

    first = await sim.fetch("POST", RESPONSES, json=body(RESPONSES, "bad"))
    second = await sim.fetch("POST", RESPONSES, json=body(RESPONSES, "good"))

    assert (first.status, second.status) == (403, 429)
    assert "used all available credits" in second.json["error"]


async def test_a_script_answers_what_moderation_would_stop() -> None:
    sim = Simulator()
    sim.on(last="bioweapon").reply("I cannot help with that.")

    assert (await sim.fetch("POST", CHAT, json=body(CHAT, "bioweapon?"))).status == 200


async def test_the_fee_is_taken_on_sockets_too(connected: Connect) -> None:
    async with Simulator() as sim, connected(sim, "/responses") as wire:
        await wire.send("response.create", **body(RESPONSES, "Build a bioweapon"))
        event = await wire.event()

        assert (event["type"], event["status"]) == ("error", 403)
        assert sim.limits.spent_ticks == FEE


@pytest.mark.parametrize("path", [CHAT, RESPONSES])
async def test_guidelines_of_ones_own_are_accepted_as_a_list(path: str) -> None:
    sim = Simulator()

    accepted = await sim.fetch("POST", path, json=body(path, "Hi", guidelines=[{"category": "nsfw"}, "violence"]))
    refused = await sim.fetch("POST", path, json=body(path, "Hi", guidelines="nsfw"))

    assert (accepted.status, refused.status) == (200, 422)
