"""Calls that would leave this machine are refused where that is wished, and cost nothing where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from grokkit import AsyncGrok, Call
from grokkit.errors import GrokError
from grokkit.testing import Cassette, MockTransport, RealCallRefused, Simulator, json_reply, no_real_calls
from grokkit.transport.guard import guard
from grokkit.transport.httpx2 import Httpx2Transport

if TYPE_CHECKING:
    from pathlib import Path

    from grokkit import Reply

MODELS: dict[str, list[object]] = {"data": []}


class Network:
    """A transport that reaches a network, and therefore asks the guard."""

    async def send(self, call: Call) -> Reply:
        if guard.check is not None:
            guard.check(call)
        return json_reply(MODELS)


def client(base_url: str = "https://api.x.ai/v1", **options: object) -> AsyncGrok:
    return AsyncGrok(**{"api_key": "test", "base_url": base_url, "transport": Network(), **options})  # type: ignore[arg-type]


@pytest.mark.parametrize("base_url", ["https://api.x.ai/v1", "http://10.1.2.3/v1", "http://localhost.evil.example/v1"])
async def test_a_call_to_another_machine_is_refused(base_url: str) -> None:
    with no_real_calls(), pytest.raises(RealCallRefused, match=f"GET {base_url}/models"):
        await client(base_url).models.list()


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:80", "127.9.9.9", "[::1]:80", "localhost", "LOCALHOST", "grok.localhost", "0.0.0.0", "no.invalid"],
)
async def test_a_call_to_this_machine_is_none_of_them(host: str) -> None:
    with no_real_calls():
        assert await client(f"http://{host}/v1").models.list() == []


async def test_hosts_can_be_allowed() -> None:
    with no_real_calls(allow=["*.internal"]):
        assert await client("https://grok.internal/v1").models.list() == []

        with pytest.raises(RealCallRefused):
            await client("https://grok.internal.example/v1").models.list()


@pytest.mark.parametrize("kind", ["aiohttp", "httpx2"])
async def test_both_transports_ask(kind: str) -> None:
    transport = None if kind == "aiohttp" else Httpx2Transport(httpx2.AsyncClient, close_client=True)

    async with client(transport=transport) as grok:
        with no_real_calls(), pytest.raises(RealCallRefused):
            await grok.models.list()


async def test_what_reaches_no_network_is_not_asked() -> None:
    mock = MockTransport()
    mock.on().reply(json=MODELS)

    with no_real_calls():
        assert await client(transport=mock).models.list() == []
        assert (await Simulator().async_grok().ask("What is 17*23?")).text


async def test_a_cassette_may_record(tmp_path: Path) -> None:
    cassette = Cassette(tmp_path / "models.json", transport=Network())

    with no_real_calls():
        assert await client(transport=cassette).models.list() == []

        with pytest.raises(RealCallRefused):
            await client().models.list()


async def test_the_block_ends_what_it_began() -> None:
    with guard.set(None):
        with no_real_calls():
            inner = guard.check
            with no_real_calls(allow=["*"]):
                assert await client().models.list() == []
            assert guard.check is inner

        assert guard.check is None
        assert await client().models.list() == []


async def test_the_error_is_none_that_programs_handle() -> None:
    with no_real_calls(remedy="ask somebody"), pytest.raises(RealCallRefused, match="try: ask somebody") as refused:
        await client().models.list()

    assert not isinstance(refused.value, GrokError)


async def test_no_credential_is_told() -> None:
    with no_real_calls(), pytest.raises(RealCallRefused) as refused:
        await Network().send(
            Call(
                method="GET",
                base_url="https://alice:secret@api.x.ai/v1",
                path="/xai-0123456789abcdef",
                operation="x",
                id="c-1",
            )
        )

    assert "secret" not in str(refused.value)
    assert "0123456789" not in str(refused.value)


async def test_what_is_no_address_is_left_to_the_transport() -> None:
    call = Call(method="GET", base_url="http://[oops/v1", path="/models", operation="models", id="c-1")

    with no_real_calls():
        assert (await Network().send(call)).status == 200
