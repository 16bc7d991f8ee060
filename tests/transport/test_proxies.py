"""Proxies: by argument and from the environment, with credentials, and around them."""

from __future__ import annotations

import os
from typing import Any

import pytest

from grokkit.errors import ConfigInvalid, ConnectionFailed
from grokkit.transport.aiohttp import AiohttpTransport
from grokkit.transport.proxies import proxy_for

HOST = "api.grok.invalid"  # no name of this exists: only the proxy can reach it


async def _answers(wire: Any) -> None:
    while True:
        await wire.request()
        await wire.reply(b"ok")


async def test_plain_calls_are_forwarded_by_the_proxy(make: Any, net: Any) -> None:
    server = net.serve(_answers)
    proxy = net.serve(net.proxy(server.port))
    async with net.clean():
        transport = make(proxy=proxy.url)

        assert await net.read(await transport.send(net.call(f"http://{HOST}"))) == b"ok"
        await transport.aclose()

    assert server.requests[0].headers["host"] == HOST
    assert proxy.requests[0].target == f"http://{HOST}/v1/chat"


async def test_secure_calls_go_through_a_tunnel_that_sees_no_key(make: Any, net: Any, signed: Any) -> None:
    server = net.serve(_answers, signed.server(signed.good))
    proxy = net.serve(net.proxy(server.port))
    async with net.clean():
        transport = make(proxy=proxy.url, ca_file=str(signed.authority))

        for _ in range(2):
            reply = await transport.send(net.call(f"https://{HOST}"))
            assert await net.read(reply) == b"ok"
            await reply.aclose()
        await transport.aclose()

    assert [(request.method, request.target) for request in proxy.requests] == [("CONNECT", f"{HOST}:443")]
    assert "authorization" not in proxy.requests[0].headers


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_credentials_in_the_proxys_address_are_shown_to_it_alone(
    make: Any, net: Any, signed: Any, scheme: str
) -> None:
    server = net.serve(_answers, signed.server(signed.good) if scheme == "https" else None)
    proxy = net.serve(net.proxy(server.port, credentials="alice:p@ss/word"))
    async with net.clean():
        address = proxy.url.replace("//", "//alice:p%40ss%2Fword@")
        transport = make(proxy=address, ca_file=str(signed.authority))

        assert await net.read(await transport.send(net.call(f"{scheme}://{HOST}"))) == b"ok"
        await transport.aclose()

    assert "proxy-authorization" not in server.requests[0].headers


async def test_a_proxy_that_wants_credentials_is_a_failure_that_no_retry_cures(
    make: Any, net: Any, signed: Any
) -> None:
    proxy = net.serve(net.proxy(1, credentials="alice:secret"))
    async with net.clean():
        transport = make(proxy=proxy.url.replace("//", "//alice:wrong-word@"), ca_file=str(signed.authority))

        with pytest.raises(ConnectionFailed, match="Proxy Authentication Required") as caught:
            await transport.send(net.call(f"https://{HOST}"))
        await transport.aclose()

    assert caught.value.status == 407
    assert not caught.value.retryable
    assert "user name and password" in str(caught.value)
    assert "wrong-word" not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"


async def test_a_proxy_that_refuses_is_named_as_the_refuser(make: Any, net: Any, signed: Any) -> None:
    proxy = net.serve(net.proxy(1, refusal="403 Forbidden"))
    async with net.clean():
        transport = make(proxy=proxy.url, ca_file=str(signed.authority))

        with pytest.raises(ConnectionFailed, match="the proxy refused") as caught:
            await transport.send(net.call(f"https://{HOST}"))
        await transport.aclose()

    assert caught.value.status == 403
    assert caught.value.retryable


async def test_a_proxy_that_is_not_there_is_not_the_server_that_is_not_there(net: Any) -> None:
    async with net.clean():
        transport = AiohttpTransport(proxy="http://alice:secret@127.0.0.1:1")

        with pytest.raises(ConnectionFailed, match=r"the proxy 127\.0\.0\.1:1 could not be reached") as caught:
            await transport.send(net.call(f"https://{HOST}"))
        await transport.aclose()

    assert "secret" not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
async def test_the_environment_can_name_the_proxy(
    make: Any, net: Any, signed: Any, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    server = net.serve(_answers, signed.server(signed.good))
    proxy = net.serve(net.proxy(server.port))
    monkeypatch.setenv(variable, proxy.url)
    transport = make(ca_file=str(signed.authority))

    assert await net.read(await transport.send(net.call(f"https://{HOST}"))) == b"ok"
    await transport.aclose()

    assert len(proxy.requests) == 1


async def test_the_environment_does_not_count_when_it_is_not_trusted(
    make: Any, net: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = net.serve(_answers)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    transport = make(trust_env=False)

    assert await net.read(await transport.send(net.call(server.url))) == b"ok"
    await transport.aclose()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.x.ai/v1", "http://secure:1"),
        ("http://api.x.ai/v1", "http://plain:1"),
        ("https://api.internal.test/v1", None),
        ("https://internal.test/v1", None),
        ("https://notinternal.test/v1", "http://secure:1"),
        ("https://exact.test:8443/v1", None),
        ("https://exact.test/v1", "http://secure:1"),
        ("https://10.1.2.3/v1", None),
        ("https://11.1.2.3/v1", "http://secure:1"),
        ("https://[fd00::1]/v1", None),
        ("https://localhost:8443/v1", None),
        ("https://[::1]/v1", None),
    ],
)
def test_which_proxy_a_url_goes_through(monkeypatch: pytest.MonkeyPatch, url: str, expected: str | None) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://secure:1")
    monkeypatch.setenv("HTTP_PROXY", "plain:1")
    monkeypatch.setenv("NO_PROXY", "internal.test, exact.test:8443,10.0.0.0/8,fd00::/8,not/a/network")

    assert proxy_for(url) == expected


def test_a_given_proxy_beats_the_environment_but_not_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://other:1")
    monkeypatch.setenv("NO_PROXY", "*")

    assert proxy_for("https://api.x.ai/v1", given="http://mine:1") == "http://mine:1"
    assert proxy_for("http://127.0.0.1:8080/v1", given="http://mine:1") is None
    assert proxy_for("https://api.x.ai/v1") is None


def test_a_socks_proxy_is_refused_with_the_way_out() -> None:
    with pytest.raises(ConfigInvalid, match="Httpx2Transport"):
        AiohttpTransport(proxy="socks5://127.0.0.1:9050")


async def test_a_socks_proxy_of_the_environment_is_refused_at_the_call(
    net: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5h://user:secret@127.0.0.1:9050")
    transport = AiohttpTransport()

    with pytest.raises(ConfigInvalid, match="a socks5h proxy is set") as caught:
        await transport.send(net.call(f"https://{HOST}"))

    assert "secret" not in str(caught.value)
    assert os.environ["ALL_PROXY"].startswith("socks5h:")
