"""Who may ask what: keys in either header, client secrets on sockets of voice, and the ACLs of a key."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from grokkit.testing import TurnableClock
from grokkit.testing.simulator import Simulator
from grokkit.testing.simulator.credentials import credentials_of
from grokkit.testing.simulator.keys import Key

MESSAGES = "/v1/messages"
HI: list[dict[str, str]] = [{"role": "user", "content": "Hi"}]
BODY: dict[str, Any] = {"model": "grok-4.3", "max_tokens": 50, "messages": HI}
NO_PERMISSION = {
    "code": "permission-denied",
    "error": "The API key does not have permission to use this model or endpoint.",
}


@pytest.fixture
def sim() -> Simulator:
    return Simulator(clock=TurnableClock())


async def status(sim: Simulator, path: str, **headers: str) -> int:
    named = {"authorization": ""} | {name.replace("_", "-"): value for name, value in headers.items()}
    return (await sim.fetch("POST", path, json=BODY, headers=named)).status


async def test_messages_take_the_key_as_anthropics_clients_send_it(sim: Simulator) -> None:
    assert await status(sim, MESSAGES, x_api_key=sim.key) == 200
    assert await status(sim, MESSAGES, x_api_key="xai-wrong") == 400
    assert await status(sim, MESSAGES, x_api_key="") == 401
    assert await status(sim, MESSAGES, x_api_key="xai-wrong", authorization=f"Bearer {sim.key}") == 200


async def test_other_addresses_want_a_bearer(sim: Simulator) -> None:
    assert await status(sim, "/v1/chat/completions", x_api_key=sim.key) == 401


async def test_no_credential_is_recorded_nor_shown(sim: Simulator) -> None:
    await status(sim, MESSAGES, x_api_key=sim.key, x_client_secret="xai-realtime-client-secret-1")

    headers = sim.calls[-1].headers
    assert headers["x-api-key"] == f"{sim.key[:2]}***{sim.key[-2:]}"
    assert headers["x-client-secret"] == "xa***-1"
    assert sim.key not in repr(credentials_of({"authorization": f"Bearer {sim.key}", "x-api-key": sim.key}))


async def test_rules_see_no_credential(sim: Simulator) -> None:
    sim.on(header="x-api-key").reply("seen")

    reply = await sim.fetch("POST", MESSAGES, json=BODY, headers={"authorization": "", "x-api-key": sim.key})

    assert reply.json["content"][-1]["text"] != "seen"


def limited(sim: Simulator, *acls: str) -> dict[str, str]:
    sim.keys.add(Key(secret="xai-limited", id="k2", team_id=sim.team_id, acls=acls))
    return {"authorization": "Bearer xai-limited"}


@pytest.mark.parametrize(
    ("acls", "allowed"),
    [
        (("api-key:model:*", "api-key:endpoint:*"), True),
        (("api-key:model:grok-4.3-latest", "api-key:endpoint:chat"), True),
        (("api-key:model:grok-4.7", "api-key:endpoint:*"), False),
        (("api-key:model:*", "api-key:endpoint:responses"), False),
        ((), False),
    ],
)
async def test_a_key_does_what_its_acls_allow(sim: Simulator, acls: tuple[str, ...], allowed: bool) -> None:
    headers = limited(sim, *acls)

    chat = await sim.fetch("POST", "/v1/chat/completions", json=BODY, headers=headers)
    me = await sim.fetch("GET", "/v1/me", headers=headers)

    assert (chat.status, me.status) == (200 if allowed else 403, 200)
    assert allowed or chat.json == NO_PERMISSION


async def test_a_key_made_by_the_management_host_is_held_to_its_acls(sim: Simulator) -> None:
    body = {"name": "files only", "acls": ["api-key:endpoint:files"]}
    made = await sim.fetch("POST", f"/auth/teams/{sim.team_id}/api-keys", json=body, management=True)
    headers = {"authorization": f"Bearer {made.json['apiKey']}"}

    assert (await sim.fetch("GET", "/v1/files", headers=headers)).status == 200
    assert (await sim.fetch("GET", "/v1/models", headers=headers)).status == 403


@pytest.mark.parametrize("path", ["/realtime", "/tts?language=en", "/stt?sample_rate=16000&encoding=pcm"])
@pytest.mark.parametrize("way", ["bearer", "header", "subprotocol"])
async def test_a_client_secret_opens_the_sockets_of_voice(path: str, way: str) -> None:
    async with Simulator() as sim, aiohttp.ClientSession() as session:
        secret = (await sim.fetch("POST", "/v1/realtime/client_secrets")).json["value"]
        headers = {"bearer": {"authorization": f"Bearer {secret}"}, "header": {"x-client-secret": secret}}.get(way, {})
        protocols = [f"xai-client-secret.{secret}"] if way == "subprotocol" else []

        async with session.ws_connect(f"{sim.base_url}{path}", headers=headers, protocols=protocols) as socket:
            assert socket.protocol == (protocols[0] if protocols else None)


async def test_a_client_secret_opens_nothing_else_and_ends() -> None:
    clock = TurnableClock()
    async with Simulator(clock=clock) as sim, aiohttp.ClientSession() as session:
        secret = (await sim.fetch("POST", "/v1/realtime/client_secrets")).json["value"]
        headers = {"authorization": f"Bearer {secret}"}
        chat = await sim.fetch("POST", "/v1/chat/completions", json=BODY, headers=headers)
        with pytest.raises(aiohttp.WSServerHandshakeError) as responses:
            await session.ws_connect(f"{sim.base_url}/responses", headers=headers)
        await clock.advance(601)
        with pytest.raises(aiohttp.WSServerHandshakeError) as late:
            await session.ws_connect(f"{sim.base_url}/realtime", headers=headers)

    assert (chat.status, responses.value.status, late.value.status) == (400, 400, 400)


async def test_a_socket_wants_the_acl_of_its_address() -> None:
    async with Simulator() as sim, aiohttp.ClientSession() as session:
        headers = limited(sim, "api-key:model:*", "api-key:endpoint:responses")
        async with session.ws_connect(f"{sim.base_url}/responses", headers=headers):
            pass
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{sim.base_url}/realtime", headers=headers)

    assert refused.value.status == 403


async def test_a_client_secret_may_do_what_the_key_may_that_made_it() -> None:
    async with Simulator() as sim, aiohttp.ClientSession() as session:
        headers = limited(sim, "api-key:model:grok-4.3", "api-key:endpoint:realtime")
        secret = (await sim.fetch("POST", "/v1/realtime/client_secrets", headers=headers)).json["value"]
        async with session.ws_connect(
            f"{sim.base_url}/realtime", headers={"authorization": f"Bearer {secret}"}
        ) as socket:
            error = await socket.receive_json(timeout=10)

    assert error["error"]["message"] == NO_PERMISSION["error"]
