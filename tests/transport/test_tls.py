"""Certificates: whom we trust, who we are, and how a refusal reads."""

from __future__ import annotations

import os
import ssl
import subprocess
from typing import Any

import pytest

from grokkit.errors import CertificateRejected, ConfigInvalid, ConnectionFailed, ConnectionLost, ReplyUnreadable
from grokkit.transport import tls


async def _answers(wire: Any) -> None:
    while True:
        await wire.request()
        await wire.reply(b"ok")


async def test_a_certificate_of_a_given_authority_is_accepted(make: Any, net: Any, signed: Any) -> None:
    server = net.serve(_answers, signed.server(signed.good))
    async with net.clean():
        transport = make(ca_file=str(signed.authority))

        assert await net.read(await transport.send(net.call(server.url))) == b"ok"
        await transport.aclose()


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
async def test_the_environment_can_name_the_authority(
    make: Any, net: Any, signed: Any, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    if variable != "SSL_CERT_FILE" and make.__name__ == "httpx2_transport":
        pytest.skip("httpx2 knows SSL_CERT_FILE only")
    monkeypatch.setenv(variable, str(signed.authority))
    server = net.serve(_answers, signed.server(signed.good))
    transport = make()

    assert await net.read(await transport.send(net.call(server.url))) == b"ok"
    await transport.aclose()


@pytest.mark.parametrize(
    ("certificate", "verdict"),
    [
        ("stranger", "self-signed certificate|self signed certificate"),
        ("other_host", "IP address mismatch|not valid for '127.0.0.1'"),
        ("expired", "certificate has expired"),
    ],
)
async def test_a_certificate_that_is_not_good_is_rejected_with_its_reason(
    make: Any, net: Any, signed: Any, certificate: str, verdict: str
) -> None:
    server = net.serve(_answers, signed.server(getattr(signed, certificate)))
    async with net.clean():
        transport = make(ca_file=str(signed.authority))

        with pytest.raises(CertificateRejected, match=verdict) as caught:
            await transport.send(net.call(server.url))
        await transport.aclose()

    assert not caught.value.retryable
    assert f"127.0.0.1:{server.port}" in str(caught.value)
    assert "ca_file" in str(caught.value)


async def test_a_client_certificate_opens_the_door(make: Any, net: Any, signed: Any) -> None:
    server = net.serve(_answers, signed.server(signed.good, ask_client=True))
    async with net.clean():
        transport = make(ca_file=str(signed.authority), client_cert=str(signed.client))

        assert await net.read(await transport.send(net.call(server.url))) == b"ok"
        await transport.aclose()


@pytest.mark.parametrize(
    "refusal",
    [
        (ssl.TLSVersion.TLSv1_3, None, CertificateRejected),
        (ssl.TLSVersion.TLSv1_3, "stranger", CertificateRejected),
        (ssl.TLSVersion.TLSv1_2, "stranger", CertificateRejected),
        (ssl.TLSVersion.TLSv1_2, None, ConnectionFailed),  # its alert says no more than that the handshake failed
    ],
)
async def test_a_refused_client_certificate_is_told_from_a_lost_connection(
    make: Any, net: Any, signed: Any, refusal: tuple[ssl.TLSVersion, str | None, type[Exception]]
) -> None:
    version, shown, kind = refusal
    context = signed.server(signed.good, ask_client=True)
    context.maximum_version = version
    own = {} if shown is None else {"client_cert": str(getattr(signed, shown))}
    with net.handshakes_only(context) as url:
        transport = make(ca_file=str(signed.authority), **own)

        with pytest.raises(kind, match="client certificate"):
            await transport.send(net.call(url))
        await transport.aclose()


async def test_https_to_a_plain_server_fails_before_anything_is_sent(make: Any, net: Any) -> None:
    async def script(wire: Any) -> None:
        await wire.reader.read(1024)
        await wire.reply(status="400 Bad Request")

    server = net.serve(script)
    async with net.clean():
        transport = make()

        with pytest.raises(ConnectionFailed, match="no TLS connection") as caught:
            await transport.send(net.call(server.url.replace("http:", "https:")))
        await transport.aclose()

    assert "https only where the server is" in str(caught.value)


async def test_http_to_a_tls_server_is_unreadable_or_lost(make: Any, net: Any, signed: Any) -> None:
    server = net.serve(_answers, signed.server(signed.good))
    async with net.clean():
        transport = make()

        with pytest.raises((ReplyUnreadable, ConnectionLost)):
            await transport.send(net.call(server.url.replace("https:", "http:")))
        await transport.aclose()


def test_a_context_is_shared_by_all_who_ask_for_the_same(signed: Any) -> None:
    one = tls.context(ca_file=str(signed.authority))

    assert tls.context(ca_file=str(signed.authority)) is one
    assert tls.context() is not one


def test_a_forked_child_makes_its_own_context() -> None:
    parents = tls.context()

    child = os.fork()
    if child == 0:
        os._exit(0 if tls.context() is not parents else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert tls.context() is parents


@pytest.mark.parametrize("setting", ["ca_file", "client_cert"])
def test_a_file_that_cannot_be_used_is_named(setting: str, tmp_path: Any) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")

    for path in (broken, tmp_path / "absent.pem"):
        with pytest.raises(ConfigInvalid, match=path.name):
            tls.context(**{setting: str(path)})


def test_an_encrypted_key_is_refused_without_asking_for_its_password(signed: Any, tmp_path: Any) -> None:
    locked = tmp_path / "locked.pem"
    command = ["openssl", "ec", "-in", str(signed.client), "-aes128", "-passout", "pass:1234", "-out", str(locked)]
    subprocess.run(command, check=True, capture_output=True)

    with pytest.raises(ConfigInvalid, match="encrypted"):
        tls.context(client_cert=str(signed.client), client_key=str(locked))


def test_a_folder_of_certificates_can_be_given(signed: Any) -> None:
    assert tls.context(ca_file=str(signed.authority.parent)).verify_mode is ssl.CERT_REQUIRED
