"""Downloads over real connections: what is sent, what is refused, how much is taken, and that nothing is left."""

from __future__ import annotations

import asyncio
import gzip
import os
import resource
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from grokkit import AsyncGrok
from grokkit._portal import portal
from grokkit.config import Limits
from grokkit.errors import (
    CertificateRejected,
    ClientClosed,
    ConfigInvalid,
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    DownloadRefused,
    GrokError,
    Misused,
    NameNotResolved,
    NotFound,
    RateLimited,
    ReplyUnreadable,
    ServerFailed,
    WireTimedOut,
)
from grokkit.testing import TurnableClock
from grokkit.testing.real_calls import RealCallRefused, no_real_calls
from grokkit.transport.destinations import Destinations
from grokkit.transport.download import Fetcher, Terms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.conftest import Face

KEY = "xai-0123456789abcdefghij"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 400
HOST = "api.grok.invalid"
WELCOME = "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n"


async def image(wire: Any) -> None:
    await wire.request()
    await wire.reply(PNG, headers=["content-type: Image/PNG; charset=binary"])


def redirect(location: str, status: str = "302 Found") -> Any:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.reply(b"moved", status=status, headers=[f"location: {location}"])

    return script


def answer(status: str, *headers: str, body: bytes = b"") -> Any:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.reply(body, status=status, headers=headers)

    return script


def at(server: Any) -> str:
    """How a server is named in `hosts`."""
    return f"127.0.0.1:{server.port}"


@pytest.fixture
async def grok(net: Any) -> AsyncIterator[AsyncGrok]:
    """A client, and nothing left of what it did."""
    async with net.clean(), AsyncGrok(api_key=KEY, headers={"x-team": "blue"}) as made:
        yield made


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Let each look-up of any name give the next of some lists of addresses, the last one for good."""

    def set_to(*answers: list[str]) -> list[str]:
        left, asked = list(answers), []

        def look_up(host: str, port: int, *_: Any, **__: Any) -> Any:
            asked.append(host)
            found = left.pop(0) if len(left) > 1 else left[0]
            if not found:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return [
                (family, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)[: 4 if ":" in address else 2])
                for address in found
                for family in [socket.AF_INET6 if ":" in address else socket.AF_INET]
            ]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return set_to


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The addresses that connections were tried to; none that is not loopback succeeds."""
    tried: list[Any] = []
    connect = asyncio.SelectorEventLoop.sock_connect

    async def record(loop: Any, sock: socket.socket, address: Any) -> None:
        tried.append(address[0])
        if not address[0].startswith("127."):
            raise ConnectionRefusedError(111, "Connection refused")
        await connect(loop, sock, address)

    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", record)
    return tried


async def test_a_file_comes_with_its_type_and_where_it_was(face: Face, net: Any) -> None:
    server = net.serve(image)
    client = face.client()
    portal()  # its thread is nobody's leak

    async with net.clean():
        got = await face.call(client.download, f"{server.url}/a/b.png?sig=a%2Fb%2B", hosts={at(server)})
        await face.call(client.close)

    assert (got.data, got.media_type, got.size) == (PNG, "image/png", len(PNG))
    assert got.url == f"{server.url}/a/b.png?sig=a%2Fb%2B"
    assert got.path is None
    assert repr(got) == f"<Download image/png, {len(PNG)} bytes>"
    assert server.requests[0].target == "/a/b.png?sig=a%2Fb%2B"


async def test_nothing_is_sent_that_tells_who_asks(grok: AsyncGrok, net: Any) -> None:
    async def cookies(wire: Any) -> None:
        request = await wire.request()
        moved = ["location: /b", "set-cookie: a=b; Path=/"]
        await wire.reply(status="302 Found" if request.target == "/a" else "200 OK", headers=moved)

    server = net.serve(cookies)

    await grok.download(f"{server.url}/a", hosts={at(server)})

    assert [request.target for request in server.requests] == ["/a", "/b"]
    for request in server.requests:
        assert set(request.headers) == {"host", "accept", "accept-encoding", "user-agent"}
        assert request.headers["user-agent"].startswith("grokkit/")
        assert request.body == b""


async def test_no_log_has_anything_of_it(grok: AsyncGrok, net: Any, caplog: pytest.LogCaptureFixture) -> None:
    server = net.serve(image)
    caplog.set_level("DEBUG", "grokkit")

    await grok.download(f"{server.url}/a?signature=secret", hosts={at(server)})

    assert "secret" not in caplog.text
    assert KEY not in caplog.text


async def test_a_client_without_a_key_downloads_too(net: Any) -> None:
    server = net.serve(image)

    async with AsyncGrok() as grok:
        got = await grok.download(server.url, hosts={at(server)})

    assert got.data == PNG


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "https://localhost/"])
async def test_what_is_on_this_machine_is_not_even_asked(
    grok: AsyncGrok, net: Any, connections: list[Any], url: str
) -> None:
    server = net.serve(image)

    with pytest.raises(DownloadRefused):
        await grok.download(url.format(port=server.port))

    assert connections == []


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.1", "192.168.0.1"], ["::1"], ["fe80::1"], ["169.254.169.254"], ["::ffff:127.0.0.1"]],
)
async def test_a_name_that_stands_for_what_is_not_public_is_not_asked(
    grok: AsyncGrok, names: Callable[..., list[str]], connections: list[Any], addresses: list[str]
) -> None:
    names(addresses)

    with pytest.raises(DownloadRefused, match=r"rebind\.invalid is not a public host") as caught:
        await grok.download("https://rebind.invalid/a?x=1")

    assert connections == []
    assert not any(address in caught.value.message for address in addresses)
    assert caught.value.call is not None


async def test_of_several_addresses_only_the_public_ones_are_tried(
    grok: AsyncGrok, names: Callable[..., list[str]], connections: list[Any]
) -> None:
    names(["127.0.0.1", "8.8.8.8", "::1", "10.0.0.1"])

    with pytest.raises(ConnectionFailed):
        await grok.download("https://mixed.invalid/a")

    assert connections == ["8.8.8.8"]


async def test_a_name_is_looked_up_once_for_a_connection_so_that_it_cannot_change_in_between(
    grok: AsyncGrok, names: Callable[..., list[str]], connections: list[Any]
) -> None:
    asked = names(["8.8.8.8"], ["127.0.0.1"])

    with pytest.raises(ConnectionFailed):
        await grok.download("https://rebind.invalid/a")

    assert (asked, connections) == (["rebind.invalid"], ["8.8.8.8"])


async def test_a_name_that_changed_since_the_last_download_is_judged_anew(
    grok: AsyncGrok, names: Callable[..., list[str]], connections: list[Any]
) -> None:
    names(["8.8.8.8"], ["127.0.0.1"])

    with pytest.raises(ConnectionFailed):
        await grok.download("https://rebind.invalid/a")
    with pytest.raises(DownloadRefused):
        await grok.download("https://rebind.invalid/a")

    assert connections == ["8.8.8.8"]


async def test_a_name_without_addresses_is_told(grok: AsyncGrok, names: Callable[..., list[str]]) -> None:
    names([])

    with pytest.raises(NameNotResolved) as caught:
        await grok.download("https://nowhere.invalid/a")

    assert "base_url" not in str(caught.value)


async def test_a_redirect_is_followed_with_a_judgement_of_its_own(grok: AsyncGrok, net: Any) -> None:
    last = net.serve(image)
    first = net.serve(redirect(f"{last.url}/b.png"))

    got = await grok.download(first.url, hosts={at(first), at(last)})

    assert (got.data, got.url) == (PNG, f"{last.url}/b.png")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize(
    "where", ["http://127.0.0.1:{other}/", "https://10.0.0.1/", "//169.254.169.254/latest", "file:///"]
)
async def test_a_redirect_to_what_is_not_allowed_is_not_followed(
    grok: AsyncGrok, net: Any, connections: list[Any], where: str, status: str
) -> None:
    inner = net.serve(image)
    server = net.serve(redirect(where.format(other=inner.port), status))

    with pytest.raises(DownloadRefused):
        await grok.download(server.url, hosts={at(server)})

    assert (len(server.requests), len(inner.requests), len(connections)) == (1, 0, 1)


async def test_a_redirect_to_a_name_that_turned_private_is_not_followed(
    grok: AsyncGrok, net: Any, names: Callable[..., list[str]], connections: list[Any]
) -> None:
    names(["127.0.0.1"])
    server = net.serve(redirect("https://inner.invalid/"))

    with pytest.raises(DownloadRefused, match=r"inner\.invalid is not a public host"):
        await grok.download(server.url, hosts={at(server), "inner.invalid"})

    assert connections == ["127.0.0.1"]


async def test_no_redirect_leads_from_https_to_http(net: Any, signed: Any, names: Callable[..., list[str]]) -> None:
    names(["127.0.0.1"])
    plain = net.serve(image)
    server = net.serve(redirect(f"http://{HOST}:{plain.port}/"), signed.server(signed.good))

    async with net.clean(), AsyncGrok(ca_file=signed.authority) as grok:
        with pytest.raises(DownloadRefused, match="from https to http"):
            await grok.download(
                f"https://{HOST}:{server.port}/", hosts={f"{HOST}:{server.port}", f"{HOST}:{plain.port}"}
            )

    assert plain.requests == []


async def test_five_redirects_are_followed_and_no_more(grok: AsyncGrok, net: Any) -> None:
    async def one_more(wire: Any) -> None:
        request = await wire.request()
        left = int(request.target[1:])
        if left == 0:
            await wire.reply(PNG)
        else:
            await wire.reply(status="302 Found", headers=[f"location: /{left - 1}"])

    server = net.serve(one_more)

    got = await grok.download(f"{server.url}/5", hosts={at(server)})
    with pytest.raises(DownloadRefused, match="more than 5 redirects"):
        await grok.download(f"{server.url}/6", hosts={at(server)})

    assert got.data == PNG
    assert len(server.requests) == 12


async def test_https_is_verified_and_a_client_certificate_stays_here(
    net: Any, signed: Any, names: Callable[..., list[str]]
) -> None:
    names(["127.0.0.1"])
    presented: list[Any] = []

    async def script(wire: Any) -> None:
        presented.append(wire.writer.get_extra_info("peercert"))
        await image(wire)

    context = signed.server(signed.good)
    context.load_verify_locations(signed.authority)
    context.verify_mode = 1  # ask for a certificate, and take none for an answer
    good, bad = net.serve(script, context), net.serve(image, signed.server(signed.other_host))

    async with net.clean(), AsyncGrok(ca_file=signed.authority, client_cert=signed.client) as grok:
        got = await grok.download(f"https://{HOST}:{good.port}/", hosts={f"{HOST}:{good.port}"})
        with pytest.raises(CertificateRejected):
            await grok.download(f"https://{HOST}:{bad.port}/", hosts={f"{HOST}:{bad.port}"})

    assert got.data == PNG
    assert presented == [None]
    assert bad.requests == []


@pytest.mark.parametrize("types", [{"image/png"}, {"IMAGE/*"}, {"video/mp4", "image/png"}, None])
async def test_a_type_that_is_wanted_is_taken(grok: AsyncGrok, net: Any, types: set[str] | None) -> None:
    server = net.serve(image)

    got = await grok.download(server.url, hosts={at(server)}, types=types)

    assert got.media_type == "image/png"


@pytest.mark.parametrize("header", ["content-type: text/html; charset=utf-8", "content-type: image/svg", "x: y"])
async def test_another_type_is_refused_before_it_is_read(grok: AsyncGrok, net: Any, header: str) -> None:
    async def endless(wire: Any) -> None:
        await wire.request()
        await wire.say(f"HTTP/1.1 200 OK\r\n{header}\r\ncontent-length: 1000000\r\n\r\n<html>".encode())
        await wire.client_gone()

    server = net.serve(endless)

    with pytest.raises(DownloadRefused, match="not image/png, video/"):
        await grok.download(server.url, hosts={at(server)}, types={"image/png", "video/*"})


async def test_a_file_without_a_type_is_any_bytes(grok: AsyncGrok, net: Any) -> None:
    server = net.serve(answer("200 OK", body=b"abc"))

    got = await grok.download(server.url, hosts={at(server)})

    assert (got.media_type, got.data) == ("application/octet-stream", b"abc")


async def test_an_announced_size_is_refused_unread(grok: AsyncGrok, net: Any) -> None:
    async def large(wire: Any) -> None:
        await wire.request()
        await wire.say(f"{WELCOME}content-length: 1001\r\n\r\n".encode())
        await wire.client_gone()

    server = net.serve(large)

    with pytest.raises(DownloadRefused, match="larger than 1000 bytes") as caught:
        await grok.download(server.url, hosts={at(server)}, max_size=1000)

    assert "max_size" in str(caught.value)


@pytest.mark.parametrize("size", [1000, 1001])
async def test_a_size_that_is_not_announced_is_counted(grok: AsyncGrok, net: Any, size: int) -> None:
    async def growing(wire: Any) -> None:
        await wire.request()
        await wire.say(f"{WELCOME}transfer-encoding: chunked\r\n\r\n".encode())
        await wire.chunks(b"a" * 500, b"b" * (size - 500), end=size <= 1000)
        await wire.client_gone()

    server = net.serve(growing)
    got = grok.download(server.url, hosts={at(server)}, max_size=1000)

    if size <= 1000:
        assert (await got).size == size
    else:
        with pytest.raises(DownloadRefused, match="larger than 1000 bytes"):
            await got


async def test_a_bomb_is_stopped_at_the_limit_and_takes_little_memory(grok: AsyncGrok, net: Any) -> None:
    bomb = gzip.compress(bytes(200_000_000))
    server = net.serve(answer("200 OK", "content-encoding: gzip", body=bomb))

    with net.peak() as highest, pytest.raises(DownloadRefused, match="larger"):
        await grok.download(server.url, hosts={at(server)}, max_size=1_000_000)

    assert server.requests[0].headers["accept-encoding"] == "identity"
    assert highest() < 20_000_000


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("404 Not Found", NotFound),
        ("403 Forbidden", NotFound),
        ("401 Unauthorized", NotFound),
        ("410 Gone", NotFound),
        ("429 Too Many Requests", RateLimited),
        ("500 Oops", ServerFailed),
        ("204 No Content", ReplyUnreadable),
        ("206 Partial Content", ReplyUnreadable),
        ("304 Not Modified", ReplyUnreadable),
    ],
)
async def test_any_other_status_is_an_error(grok: AsyncGrok, net: Any, status: str, kind: type[GrokError]) -> None:
    server = net.serve(answer(status))

    with pytest.raises(kind) as caught:
        await grok.download(f"{server.url}/a.png?signature=secret", hosts={at(server)})

    assert caught.value.status == int(status[:3])
    assert "call: GET /a.png" in str(caught.value)
    assert "secret" not in f"{caught.value}{caught.value!r}{vars(caught.value)}"


async def test_a_file_that_is_cut_off_is_no_file(grok: AsyncGrok, net: Any) -> None:
    server = net.serve(cut_off)

    with pytest.raises(ConnectionLost, match="nothing of it was kept"):
        await grok.download(server.url, hosts={at(server)})


async def test_what_is_no_http_is_told(grok: AsyncGrok, net: Any) -> None:
    async def nonsense(wire: Any) -> None:
        await wire.request()
        await wire.say(b"SSH-2.0-OpenSSH\r\n")

    server = net.serve(nonsense)

    with pytest.raises(ReplyUnreadable):
        await grok.download(server.url, hosts={at(server)})


async def hangs(wire: Any) -> None:
    request = await wire.request()
    if "head" not in request.target:
        await wire.say(f"{WELCOME}content-length: 1000\r\n\r\nabc".encode())
    await wire.client_gone()


@pytest.mark.parametrize("path", ["/head", "/body"])
async def test_a_silent_server_is_left_within_the_limit(face: Face, net: Any, path: str) -> None:
    clock = TurnableClock()
    server = net.serve(hangs)
    client = face.client(clock=clock)

    waiting = asyncio.create_task(
        face.call(client.download, server.url + path, hosts={at(server)}, timeout={"wire": 5, "total": 100})
    )
    await server.silent()
    await clock.advance(6)

    with pytest.raises(WireTimedOut):
        await waiting
    await face.call(client.close)
    await server.left()


async def test_a_server_that_is_slow_and_not_silent_may_go_on(net: Any) -> None:
    clock = TurnableClock()
    kept: list[bytes] = []
    late = [net.signal() for _ in range(3)]

    async def slow(wire: Any) -> None:
        await wire.request()
        await wire.say(f"{WELCOME}content-length: 3\r\n\r\n".encode())
        for moment in late:
            await wire.say(b"a")
            await moment.happens()

    async def keep(piece: bytes) -> None:
        kept.append(piece)
        await clock.advance(4)
        late[len(kept) - 1].set()

    server = net.serve(slow)
    fetcher = Fetcher(clock, user_agent="a", proxy=None, ca_file=None, trust_env=False)
    terms = Terms(Destinations({at(server)}), max_size=3, types=None)

    async with net.clean():
        arrived = await fetcher.fetch(server.url, terms, Limits(wire=5), keep)

    assert (arrived.size, kept) == (3, [b"a"] * 3)


async def test_the_deadline_holds_over_all_of_it(net: Any) -> None:
    clock = TurnableClock()
    dripping = net.signal()

    async def drip(wire: Any) -> None:
        await wire.request()
        await wire.say(f"{WELCOME}content-length: 100000\r\n\r\n".encode())
        while True:
            await wire.say(b"a")
            dripping.set()
            await clock.sleep(4)

    server = net.serve(drip)

    async with net.clean(), AsyncGrok(api_key=KEY, clock=clock) as grok:
        limits = {"wire": 5, "total": 100}
        task = asyncio.create_task(grok.download(server.url, hosts={at(server)}, timeout=limits))
        await dripping.happens()
        await clock.advance(99)
        assert not task.done()
        await clock.advance(1)

        with pytest.raises(DeadlineExceeded):
            await task


async def test_a_download_that_is_cancelled_leaves_nothing(grok: AsyncGrok, net: Any, tmp_path: Path) -> None:
    server = net.serve(hangs)
    task = asyncio.create_task(grok.download(server.url, hosts={at(server)}, to=tmp_path / "a.png"))
    await server.silent()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(tmp_path.iterdir()) == []
    await server.left()


INTERRUPTED = """
import sys
from grokkit import Grok
url, host, to = sys.argv[1:]
grok = Grok(api_key="test-key")
try:
    grok.download(url, hosts={host}, to=to or None)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("name", ["", "a.png"])
async def test_an_interrupt_ends_a_download_and_leaves_nothing(net: Any, tmp_path: Path, name: str) -> None:
    server = net.serve(hangs)
    strict = ["-X", "dev", "-W", "error", "-c", INTERRUPTED, server.url, at(server)]
    program = await asyncio.create_subprocess_exec(
        *[sys.executable, *strict, str(tmp_path / name) if name else ""],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    await server.silent()

    program.send_signal(signal.SIGINT)

    said, complaints = await asyncio.wait_for(program.communicate(), 20)
    assert (program.returncode, said, complaints) == (0, b"interrupted\n", b"")
    assert list(tmp_path.iterdir()) == []
    await server.left()


def test_a_client_downloads_on_one_loop_after_the_other(net: Any) -> None:
    server = net.serve(image)
    grok = AsyncGrok(api_key=KEY)

    got = [asyncio.run(grok.download(server.url, hosts={at(server)})).data for _ in range(2)]

    assert got == [PNG, PNG]


async def test_a_file_goes_to_the_disk_when_asked(face: Face, net: Any, tmp_path: Path) -> None:
    server = net.serve(image)
    client = face.client()
    (tmp_path / "a.png").write_text("the old one")

    got = await face.call(client.download, server.url, hosts={at(server)}, to=str(tmp_path / "a.png"))
    await face.call(client.close)

    assert (tmp_path / "a.png").read_bytes() == PNG
    assert (got.path, got.size, got.data) == (tmp_path / "a.png", len(PNG), b"")
    assert list(tmp_path.iterdir()) == [tmp_path / "a.png"]


async def test_a_large_file_is_written_as_it_comes(grok: AsyncGrok, net: Any, tmp_path: Path) -> None:
    piece = os.urandom(1_000_000)

    async def large(wire: Any) -> None:
        await wire.request()
        await wire.say(f"{WELCOME}content-length: {64 * len(piece)}\r\n\r\n".encode(), *[piece] * 64)

    server = net.serve(large)

    with net.peak() as highest:
        await grok.download(server.url, hosts={at(server)}, to=tmp_path / "a.bin")

    assert (tmp_path / "a.bin").read_bytes() == piece * 64
    assert highest() < 24_000_000


async def cut_off(wire: Any) -> None:
    await wire.request()
    await wire.say(f"{WELCOME}content-length: 1000\r\n\r\nabc".encode())


@pytest.mark.parametrize("script", [answer("404 Not Found"), redirect("https://10.0.0.1/"), cut_off])
async def test_a_file_that_was_there_stays_when_the_new_one_does_not_come(
    grok: AsyncGrok, net: Any, tmp_path: Path, script: Any
) -> None:
    server = net.serve(script)
    (tmp_path / "a.png").write_text("the old one")

    with pytest.raises(GrokError):
        await grok.download(server.url, hosts={at(server)}, to=tmp_path / "a.png")

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.png", "the old one")]


async def test_a_file_that_was_there_stays_when_the_new_one_takes_too_long(net: Any, tmp_path: Path) -> None:
    clock = TurnableClock()
    server = net.serve(hangs)
    (tmp_path / "a.png").write_text("the old one")

    async with net.clean(), AsyncGrok(api_key=KEY, clock=clock) as grok:
        coming = grok.download(server.url, hosts={at(server)}, to=tmp_path / "a.png", timeout=60)
        task = asyncio.create_task(coming)
        await server.silent()
        await clock.advance(60)

        with pytest.raises(DeadlineExceeded):
            await task

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.png", "the old one")]


async def test_a_full_disk_leaves_nothing(grok: AsyncGrok, net: Any, tmp_path: Path) -> None:
    server = net.serve(image)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))

    try:
        with pytest.raises(DownloadRefused, match="cannot be kept as"):
            await grok.download(server.url, hosts={at(server)}, to=tmp_path / "a.png")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", ["no/such/folder/a.png", "."])
async def test_a_place_that_cannot_be_written_is_told_before_anything_is_asked(
    grok: AsyncGrok, net: Any, tmp_path: Path, to: str
) -> None:
    server = net.serve(image)

    with pytest.raises(DownloadRefused, match="cannot be kept as"):
        await grok.download(server.url, hosts={at(server)}, to=tmp_path / to)

    assert server.requests == []


async def test_through_a_proxy_the_proxy_looks_names_up_and_addresses_are_judged_all_the_same(
    net: Any, signed: Any, names: Callable[..., list[str]]
) -> None:
    asked = names(["127.0.0.1"])
    server = net.serve(image, signed.server(signed.good))
    proxy = net.serve(net.proxy(server.port, credentials="me:secret"))
    address = f"http://me:secret@127.0.0.1:{proxy.port}"

    async with net.clean(), AsyncGrok(proxy=address, ca_file=signed.authority) as grok:
        got = await grok.download(f"https://{HOST}/a.png")
        for url in ["https://10.0.0.1/", "https://0x7f.1/", "https://metadata.google.internal/", "https://[::1]/"]:
            with pytest.raises(DownloadRefused):
                await grok.download(url)

    assert got.data == PNG
    assert asked == []
    assert [request.target for request in proxy.requests] == [f"{HOST}:443"]


async def test_a_proxy_that_refuses_is_told(net: Any) -> None:
    proxy = net.serve(net.proxy(1, refusal="403 Forbidden"))

    async with net.clean(), AsyncGrok(proxy=f"http://me:secret@127.0.0.1:{proxy.port}") as grok:
        with pytest.raises(ConnectionFailed, match="proxy refused") as caught:
            await grok.download(f"https://{HOST}/a")

    assert "secret" not in str(caught.value)


async def test_a_socks_proxy_is_told(net: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    async with net.clean(), AsyncGrok(base_url="http://127.0.0.1:1/v1") as grok:
        with pytest.raises(ConfigInvalid, match="socks5 proxy"):
            await grok.download(f"https://{HOST}/a")


async def test_a_closed_client_downloads_nothing(face: Face) -> None:
    client = face.client()
    await face.call(client.close)

    with pytest.raises(ClientClosed):
        await face.call(client.download, "https://imgen.x.ai/a")


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"max_size": 0}, "max_size"),
        ({"max_size": True}, "max_size"),
        ({"max_size": "1 MB"}, "max_size"),
        ({"types": "image/png"}, "types"),
        ({"types": ["png"]}, "types"),
        ({"hosts": "imgen.x.ai"}, "hosts"),
    ],
)
async def test_an_option_that_cannot_be_right_is_a_mistake(
    grok: AsyncGrok, options: dict[str, Any], param: str
) -> None:
    with pytest.raises(Misused) as caught:
        await grok.download("https://imgen.x.ai/a", **options)

    assert caught.value.param == param


async def test_tests_that_forbid_real_calls_forbid_downloads(grok: AsyncGrok) -> None:
    with no_real_calls(), pytest.raises(RealCallRefused, match=r"GET https://imgen\.x\.ai/a"):
        await grok.download("https://imgen.x.ai/a")


async def test_many_at_once_share_nothing(grok: AsyncGrok, net: Any) -> None:
    async def echo(wire: Any) -> None:
        request = await wire.request()
        await wire.reply(request.target.encode())

    server = net.serve(echo)

    got = await asyncio.gather(*(grok.download(f"{server.url}/{n}", hosts={at(server)}) for n in range(100)))

    assert [each.data.decode() for each in got] == [f"/{n}" for n in range(100)]
