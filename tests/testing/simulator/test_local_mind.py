"""The embedded model behind the simulator: its own words, in the API's shapes."""

from __future__ import annotations

import pytest

from grokkit.errors import Misused
from grokkit.local import installed, pull
from grokkit.testing.openapi import drift
from grokkit.testing.simulator import Simulator

CHAT = "/v1/chat/completions"


@pytest.fixture
def sim() -> Simulator:
    installed() or pull()
    return Simulator(engine="local")


@pytest.mark.engine
async def test_the_embedded_model_answers_in_the_api_s_shapes(sim: Simulator) -> None:
    question = "What is the capital of France?"

    reply = await sim.fetch(
        "POST", CHAT, json={"model": "grok-4.7", "messages": [{"role": "user", "content": question}], "max_tokens": 40}
    )

    assert "Paris" in reply.json["choices"][0]["message"]["content"]
    assert drift(CHAT, 200, reply.body) == []


@pytest.mark.engine
async def test_scripts_come_before_the_embedded_model(sim: Simulator) -> None:
    sim.on().reply("scripted")

    reply = await sim.fetch("POST", CHAT, json={"model": "grok-4.7", "messages": [{"role": "user", "content": "Hi"}]})

    assert reply.json["choices"][0]["message"]["content"] == "scripted"


def test_an_unknown_engine_names_the_nearest() -> None:
    with pytest.raises(Misused, match="did you mean 'local'"):
        Simulator(engine="locl")  # type: ignore[arg-type]
