"""Files: the form of an upload, listings and their filters, expiry, public addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai
import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import drift
from grokkit.testing.simulator import Simulator

if TYPE_CHECKING:
    from grokkit.testing.simulator.fetching import Fetched

BOUNDARY = "a-boundary"
HOUR = 3600


def _form(*parts: tuple[str, str | bytes] | tuple[str, str | bytes, str]) -> bytes:
    body = b""
    for name, data, *filename in parts:
        named = f'; filename="{filename[0]}"' if filename else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
        body += head.encode() + (data if isinstance(data, bytes) else data.encode()) + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


async def _post(sim: Simulator, *parts: Any) -> Fetched:
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return await sim.fetch("POST", "/v1/files", content=_form(*parts), headers=headers)


async def _upload(sim: Simulator, name: str = "a.txt", content: bytes = b"Hello", **fields: int) -> dict[str, Any]:
    reply = await _post(sim, *((field, str(value)) for field, value in fields.items()), ("file", content, name))
    assert reply.status == 200, reply.body
    file: dict[str, Any] = reply.json
    return file


def _simulator() -> Simulator:
    return Simulator(clock=TurnableClock())


async def test_an_upload_is_a_file_of_its_name_and_size() -> None:
    reply = await _post(_simulator(), ("purpose", "assistants"), ("file", "Hello", "a.txt"))

    assert drift("/v1/files", 200, reply.body, method="POST") == []
    assert (reply.json["filename"], reply.json["bytes"], reply.json["expires_at"]) == ("a.txt", 5, None)
    assert reply.json["id"].startswith("file_")


@pytest.mark.parametrize("field", ["expires_after", "expires_after[seconds]"])
async def test_a_file_with_a_lifetime_expires_on_the_clock(field: str) -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    anchor = [("expires_after[anchor]", "created_at")] if "[" in field else []

    file = (await _post(sim, *anchor, (field, str(HOUR)), ("file", "x", "a.txt"))).json
    before = await sim.fetch("GET", f"/v1/files/{file['id']}")
    await clock.advance(HOUR)
    after = await sim.fetch("GET", f"/v1/files/{file['id']}")

    assert file["expires_at"] == file["created_at"] + HOUR
    assert (before.status, after.status) == (200, 404)
    assert (await sim.fetch("GET", "/v1/files")).json["data"] == []


@pytest.mark.parametrize(
    "parts",
    [
        (("file", "x", "a.txt"), ("expires_after", "3600")),
        (("file", "x", "a.txt"), ("expires_after[seconds]", "3600")),
        (("expires_after", "3599"), ("file", "x", "a.txt")),
        (("expires_after", "2592001"), ("file", "x", "a.txt")),
        (("expires_after", "soon"), ("file", "x", "a.txt")),
        (("expires_after[anchor]", "last_used"), ("expires_after[seconds]", "3600"), ("file", "x", "a.txt")),
        (("purpose", "assistants"),),
        (("file", "x"),),
        (("file", "x", "../etc/passwd"),),
        (("file", "x", ""),),
        (("file", "x", "a" * 300),),
    ],
)
async def test_a_form_that_cannot_be_is_a_400(parts: tuple[Any, ...]) -> None:
    reply = await _post(_simulator(), *parts)

    assert reply.status == 400
    assert reply.json["code"] == "invalid-argument"


async def test_fifty_megabytes_and_a_byte_are_a_413() -> None:
    reply = await _post(_simulator(), ("file", b"x" * (50 * 1024 * 1024 + 1), "big.bin"))

    assert reply.status == 413


async def test_an_upload_that_is_no_form_is_a_415() -> None:
    assert (await _simulator().fetch("POST", "/v1/files", json={"file": "x"})).status == 415


async def test_the_content_comes_back_whole_whatever_is_asked_of_it() -> None:
    sim = _simulator()
    file = await _upload(sim, content=b"0123456789")
    headers = {"range": "bytes=2-4", "if-none-match": "*", "if-modified-since": "Fri, 01 Jan 2027 00:00:00 GMT"}

    reply = await sim.fetch("GET", f"/v1/files/{file['id']}/content", headers=headers)

    assert (reply.status, reply.body) == (200, b"0123456789")
    assert reply.headers["content-type"] == "application/octet-stream"


async def test_the_text_of_a_binary_file_is_what_can_be_read() -> None:
    sim = _simulator()
    file = await _upload(sim, "a.pdf", b"%PDF\x00\xff Revenue")

    text = await sim.fetch("GET", f"/v1/files/{file['id']}/content?format=text")
    unknown = await sim.fetch("GET", f"/v1/files/{file['id']}/content?format=html")

    assert text.body == b"%PDF Revenue"
    assert unknown.status == 400


async def test_a_deleted_file_is_gone_everywhere() -> None:
    sim = _simulator()
    path = f"/v1/files/{(await _upload(sim))['id']}"

    deleted = await sim.fetch("DELETE", path)

    assert drift(path, 200, deleted.body, method="DELETE") == []
    assert deleted.json["deleted"] is True
    statuses = [
        (await sim.fetch(*call)).status for call in (("GET", path), ("DELETE", path), ("GET", f"{path}/content"))
    ]
    assert statuses == [404, 404, 404]


async def test_pages_always_have_a_token_and_end_with_a_short_one() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    for number in range(5):
        await _upload(sim, f"{number}.txt")
        await clock.advance(1)

    first = await sim.fetch("GET", "/v1/files?limit=3")
    second = await sim.fetch("GET", f"/v1/files?limit=3&pagination_token={first.json['pagination_token']}")
    third = await sim.fetch("GET", f"/v1/files?limit=3&pagination_token={second.json['pagination_token']}")

    assert drift("/v1/files", 200, first.body, method="GET") == []
    assert [file["filename"] for file in first.json["data"]] == ["4.txt", "3.txt", "2.txt"]
    assert [file["filename"] for file in second.json["data"]] == ["1.txt", "0.txt"]
    assert second.json["pagination_token"] == second.json["data"][-1]["id"]
    assert third.json["data"] == []
    assert third.json["pagination_token"]


async def test_a_page_goes_on_after_a_file_that_was_deleted_meanwhile() -> None:
    sim = _simulator()
    for number in range(4):
        await _upload(sim, f"{number}.txt")
    token = (await sim.fetch("GET", "/v1/files?limit=2")).json["pagination_token"]

    await sim.fetch("DELETE", f"/v1/files/{token}")
    rest = await sim.fetch("GET", f"/v1/files?limit=2&pagination_token={token}")

    assert [file["filename"] for file in rest.json["data"]] == ["1.txt", "0.txt"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("sort_by=size&order=asc", ["b.csv", "a.txt", "report.txt"]),
        ("sort_by=filename&order=desc", ["report.txt", "b.csv", "a.txt"]),
        ("order=asc", ["a.txt", "b.csv", "report.txt"]),
        ("filter=name%20%3D%20%22Report%22", ["report.txt"]),
        ("filter=size_bytes%20%3E%3D%202%20AND%20NOT%20name%20%3D%20%22report%22", ["a.txt"]),
        ("filter=content_type%3Atext/csv%20OR%20size_bytes%20%3D%209", ["report.txt", "b.csv"]),
    ],
)
async def test_listings_are_sorted_and_filtered(query: str, names: list[str]) -> None:
    sim = _simulator()
    for name, size in (("a.txt", 5), ("b.csv", 1), ("report.txt", 9)):
        await _upload(sim, name, b"x" * size)

    reply = await sim.fetch("GET", f"/v1/files?{query}")

    assert [file["filename"] for file in reply.json["data"]] == names


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=many", "order=up", "sort_by=age", "pagination_token=file_none", "filter=owner%3D1"]
    + [f"filter={text}" for text in ("size_bytes%3Dbig", "name", "name%3D", "(name%3Da", "name%20a", "name%3Da%20)")],
)
async def test_a_listing_that_cannot_be_is_a_400(query: str) -> None:
    assert (await _simulator().fetch("GET", f"/v1/files?{query}")).status == 400


async def test_a_public_address_is_made_once_shown_and_revoked() -> None:
    sim = _simulator()
    path = f"/v1/files/{(await _upload(sim, 'a.png'))['id']}"

    made = await sim.fetch("POST", f"{path}/public-url")
    again = await sim.fetch("POST", f"{path}/public-url", json={})
    shown = await sim.fetch("GET", path)
    revoked = [await sim.fetch("POST", f"{path}/public-url/revoke") for _ in range(2)]

    assert drift(f"{path}/public-url", 200, made.body) == []
    assert made.json == again.json
    assert shown.json["public_url"] == made.json["public_url"]
    assert [reply.json["revoked"] for reply in revoked] == [True, False]
    assert drift(f"{path}/public-url/revoke", 200, revoked[0].body) == []
    assert "public_url" not in (await sim.fetch("GET", path)).json


async def test_a_public_address_ends_by_itself() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    path = f"/v1/files/{(await _upload(sim, 'a.png'))['id']}"

    made = await sim.fetch("POST", f"{path}/public-url", json={"expires_after": HOUR})
    shown = (await sim.fetch("GET", path)).json
    await clock.advance(HOUR)

    assert made.json["expires_at"] == shown["public_url_expires_at"]
    assert "public_url" not in (await sim.fetch("GET", path)).json


@pytest.mark.parametrize(
    ("name", "content", "body"),
    [("a.txt", b"x", {}), ("a.png", b"", {}), ("a.png", b"x", {"expires_after": 60})],
)
async def test_what_cannot_be_public_is_a_400(name: str, content: bytes, body: dict[str, int]) -> None:
    sim = _simulator()
    file = await _upload(sim, name, content)

    reply = await sim.fetch("POST", f"/v1/files/{file['id']}/public-url", json=body)

    assert reply.status == 400


async def test_a_public_address_cannot_outlive_its_file() -> None:
    sim = _simulator()
    file = await _upload(sim, "a.png", expires_after=HOUR)

    inherited = await sim.fetch("POST", f"/v1/files/{file['id']}/public-url")
    longer = await sim.fetch("POST", f"/v1/files/{file['id']}/public-url", json={"expires_after": 2 * HOUR})

    assert inherited.json["expires_at"] == file["expires_at"]
    assert longer.status == 400


async def test_the_thousand_and_first_public_address_is_a_429() -> None:
    sim = _simulator()
    files = [await _upload(sim, f"{number}.png") for number in range(1001)]

    statuses = [(await sim.fetch("POST", f"/v1/files/{file['id']}/public-url")).status for file in files]
    await sim.fetch("POST", f"/v1/files/{files[0]['id']}/public-url/revoke")
    freed = await sim.fetch("POST", f"/v1/files/{files[-1]['id']}/public-url")

    assert statuses == [200] * 1000 + [429]
    assert freed.status == 200


async def test_openais_client_works_with_files_unchanged() -> None:
    async with _simulator() as sim, openai.AsyncOpenAI(api_key=sim.key, base_url=sim.base_url) as client:
        made = await client.files.create(file=("a.txt", b"Hello"), purpose="assistants")
        names = [file.filename async for file in client.files.list(limit=1)]
        content = await client.files.content(made.id)
        deleted = await client.files.delete(made.id)
        with pytest.raises(openai.NotFoundError):
            await client.files.retrieve(made.id)

    assert (made.bytes, names, content.content, deleted.deleted) == (5, ["a.txt"], b"Hello", True)
