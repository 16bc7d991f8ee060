"""Addresses, keys, bodies and headers: what every endpoint has in common."""

from __future__ import annotations

from datetime import date

import aiohttp
import msgspec
import pytest

from grokkit.errors import ConfigInvalid, KeyMissing, KeyRejected, Misused
from grokkit.testing import TurnableClock
from grokkit.testing.openapi import drift
from grokkit.testing.simulator import Simulator
from grokkit.wire.error_body import classify

CHAT = "/v1/chat/completions"
HI = {"model": "grok-4.7", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture
def sim() -> Simulator:
    return Simulator(clock=TurnableClock())


async def test_an_address_that_does_not_exist_is_a_404_in_the_flat_shape(sim: Simulator) -> None:
    reply = await sim.fetch("GET", "/v1/nothing-here")

    assert reply.status == 404
    assert reply.json["code"] == "not-found"
    assert "x-request-id" not in reply.headers


async def test_a_wrong_method_is_a_405_that_names_the_right_ones(sim: Simulator) -> None:
    reply = await sim.fetch("DELETE", CHAT)

    assert (reply.status, reply.headers["allow"], reply.body) == (405, "POST", b"")


@pytest.mark.parametrize("authorization", ["", "Basic abc", "Bearer", "Bearer "])
async def test_no_credential_is_a_401(sim: Simulator, authorization: str) -> None:
    reply = await sim.fetch("POST", CHAT, json=HI, headers={"authorization": authorization})

    assert reply.status == 401
    assert isinstance(classify(401, reply.headers, reply.body), KeyMissing)


async def test_a_wrong_key_is_a_400_that_shows_none_of_it(sim: Simulator) -> None:
    reply = await sim.fetch("POST", CHAT, json=HI, headers={"authorization": "Bearer xai-wrong-key-12345"})

    assert reply.status == 400
    assert isinstance(classify(400, reply.headers, reply.body), KeyRejected)
    assert b"wrong" not in reply.body


async def test_the_management_host_has_a_key_and_an_error_shape_of_its_own(sim: Simulator) -> None:
    reply = await sim.fetch("GET", "/v1/collections", management=True, headers={"authorization": f"Bearer {sim.key}"})

    assert reply.status == 401
    assert reply.json.keys() == {"code", "message", "details"}
    assert reply.json["code"] == 16


async def test_a_blocked_key_is_refused_from_the_next_request_on(sim: Simulator) -> None:
    sim.keys.by_secret[sim.key].blocked = True

    reply = await sim.fetch("POST", CHAT, json=HI)

    assert reply.status == 403


async def test_a_body_without_a_json_type_is_a_415(sim: Simulator) -> None:
    reply = await sim.fetch("POST", CHAT, content=b"{}", headers={"content-type": "text/plain"})

    assert reply.status == 415
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"


async def test_a_body_that_is_no_json_is_a_400(sim: Simulator) -> None:
    reply = await sim.fetch("POST", CHAT, content=b"{", headers={"content-type": "application/json"})

    assert reply.status == 400
    assert reply.body.startswith(b"Failed to parse the request body as JSON")


async def test_a_body_that_is_too_large_is_a_413(sim: Simulator) -> None:
    reply = await sim.fetch("POST", CHAT, content=b" " * (32 * 2**20 + 1), headers={"content-type": "application/json"})

    assert reply.status == 413


async def test_good_replies_carry_the_recorded_headers(sim: Simulator) -> None:
    reply = await sim.fetch("POST", CHAT, json=HI)

    assert reply.headers["x-request-id"] == reply.json["id"]
    assert reply.headers["x-zero-data-retention"] == "false"
    assert int(reply.headers["x-ratelimit-limit-requests"]) == int(reply.headers["x-ratelimit-remaining-requests"])
    assert int(reply.headers["x-ratelimit-limit-tokens"]) == 50_000_000
    assert float(reply.headers["x-metrics-e2e-ms"]) > float(reply.headers["x-metrics-ttft-ms"]) > 0


async def test_the_same_seed_gives_the_same_replies() -> None:
    bodies = [
        (await Simulator(seed=7, clock=TurnableClock(), as_of=date(2026, 11, 2)).fetch("POST", CHAT, json=HI)).body
        for _ in range(2)
    ]
    other = await Simulator(seed=8, clock=TurnableClock(), as_of=date(2026, 11, 2)).fetch("POST", CHAT, json=HI)

    assert bodies[0] == bodies[1]
    assert other.body != bodies[0]


async def test_every_request_is_recorded_with_its_key_masked(sim: Simulator) -> None:
    await sim.fetch("POST", f"{CHAT}?trace=1", json=HI, headers={"x-grok-conv-id": "c1"})

    seen = sim.calls[-1]
    assert (seen.method, seen.path, seen.model, seen.last, seen.status) == ("POST", CHAT, "grok-4.7", "Hi", 200)
    assert seen.json == HI
    assert seen.headers["x-grok-conv-id"] == "c1"
    assert seen.query == {"trace": "1"}
    assert sim.key not in repr(msgspec.structs.asdict(seen))
    assert seen.bill is not None
    assert seen.bill.input_tokens == 7


async def test_a_reset_forgets_everything_but_the_first_key(sim: Simulator) -> None:
    first = await sim.fetch("POST", CHAT, json=HI)
    sim.on().reply("scripted")

    sim.reset()

    again = await sim.fetch("POST", CHAT, json=HI)
    assert again.json["id"] == first.json["id"]
    assert len(sim.calls) == 1


async def test_before_july_2026_codes_are_the_words_of_grpc() -> None:
    sim = Simulator(as_of=date(2026, 4, 16), clock=TurnableClock())

    reply = await sim.fetch("POST", CHAT, json={**HI, "model": "grok-9"})

    assert reply.json["code"] == "Some requested entity was not found"


async def test_a_retired_model_is_served_by_its_heir_and_lived_before() -> None:
    body = {**HI, "model": "grok-3-fast"}

    now = await Simulator(as_of=date(2026, 11, 2), clock=TurnableClock()).fetch("POST", CHAT, json=body)
    then = await Simulator(as_of=date(2026, 4, 16), clock=TurnableClock()).fetch("POST", CHAT, json=body)

    assert (now.json["model"], then.json["model"]) == ("grok-4.3", "grok-3")


async def test_it_serves_on_the_running_loop() -> None:
    async with Simulator() as sim, aiohttp.ClientSession() as session:
        headers = {"authorization": f"Bearer {sim.key}"}
        async with session.post(f"{sim.base_url}/chat/completions", json=HI, headers=headers) as reply:
            body = await reply.read()

    assert reply.status == 200
    assert drift(CHAT, 200, body) == []


def test_it_serves_on_a_thread_of_its_own() -> None:
    with Simulator() as sim, sim.grok() as grok:
        answer = grok.chat.create("grok-4.7", messages=[{"role": "user", "content": "What is 6 times 7?"}])

    assert answer.text == "6 * 7 = 42"


def test_a_port_in_use_is_a_clear_error() -> None:
    with Simulator() as sim:
        port = int(sim.base_url.split(":")[2].removesuffix("/v1"))

        with pytest.raises(ConfigInvalid, match=f"port {port} on 127.0.0.1 is in use"), Simulator(port=port):
            pass


def test_a_simulator_does_not_serve_twice_at_once() -> None:
    with Simulator() as sim, pytest.raises(Misused, match="serving already"):
        sim.__enter__()


def test_it_can_serve_again_after_it_has_stopped() -> None:
    sim = Simulator()

    for _ in range(2):
        with sim, sim.grok() as grok:
            assert grok.chat.create("grok-4.7", messages=[{"role": "user", "content": "1+1?"}]).text == "1 + 1 = 2"


async def test_both_hosts_have_addresses_of_their_own() -> None:
    async with (
        Simulator() as sim,
        aiohttp.ClientSession() as session,
        session.get(f"{sim.management_url}/v1/collections") as reply,
    ):
        body = await reply.json()
        addresses = {sim.management_url, sim.base_url.removesuffix("/v1")}

    assert len(addresses) == 2
    assert body["code"] == 16
