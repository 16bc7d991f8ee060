"""Who is calling."""

from __future__ import annotations

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import drift
from grokkit.testing.simulator import Simulator


async def test_a_key_is_told_what_is_known_of_it() -> None:
    sim = Simulator(clock=TurnableClock())

    reply = await sim.fetch("GET", "/v1/api-key")

    assert drift("/v1/api-key", 200, reply.body) == []
    assert reply.json["team_id"] == sim.team_id
    assert reply.json["redacted_api_key"] == f"xai-...{sim.key[-4:]}"
    assert sim.key not in reply.body.decode()


async def test_me_tells_the_team_and_its_retention() -> None:
    kept = await Simulator(clock=TurnableClock()).fetch("GET", "/v1/me")
    none = await Simulator(clock=TurnableClock(), zero_data_retention=True).fetch("GET", "/v1/me")

    assert drift("/v1/me", 200, kept.body) == []
    assert (kept.json["zdr_status"], none.json["zdr_status"]) == ("no_zdr", "zdr")


async def test_no_key_is_a_401_and_a_wrong_one_a_400() -> None:
    sim = Simulator(clock=TurnableClock())

    none = await sim.fetch("GET", "/v1/me", headers={"authorization": ""})
    wrong = await sim.fetch("GET", "/v1/me", headers={"authorization": "Bearer xai-nothing"})

    assert (none.status, wrong.status) == (401, 400)
    assert "xai-nothing" not in wrong.body.decode()


async def test_the_clients_own_account_calls_are_read() -> None:
    sim = Simulator(clock=TurnableClock())

    async with sim.async_grok() as grok:
        key, me = await grok.account.api_key(), await grok.account.me()

    assert key.team_id == me.team_id == sim.team_id
