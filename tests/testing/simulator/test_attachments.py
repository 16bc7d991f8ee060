"""Files in messages: the model reads them, their tokens are counted, and those that are gone are refused."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.testing import TurnableClock
from grokkit.testing.simulator import Simulator

if TYPE_CHECKING:
    from grokkit.testing.simulator.fetching import Fetched

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
SECRET = "The secret word is marzipan."


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def sim(clock: TurnableClock) -> Simulator:
    return Simulator(clock=clock)


async def upload(sim: Simulator, content: bytes, name: str = "notes.txt", **fields: str) -> str:
    parts = [(f'name="{key}"', value.encode()) for key, value in fields.items()]
    parts.append((f'name="file"; filename="{name}"', content))
    pieces = [b"--cut\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % (n.encode(), d) for n, d in parts]
    body = b"".join(pieces) + b"--cut--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=cut"}
    reply = await sim.fetch("POST", "/v1/files", content=body, headers=headers)
    assert reply.status == 200, reply.body
    file_id: str = reply.json["id"]
    return file_id


async def ask(sim: Simulator, path: str, source: dict[str, Any], text: str = "Repeat all of it") -> Fetched:
    if path == CHAT:
        parts = [{"type": "text", "text": text}, {"type": "file", "file": source}]
    else:
        parts = [{"type": "input_text", "text": text}, {"type": "input_file", **source}]
    body = {"messages" if path == CHAT else "input": [{"role": "user", "content": parts}]}
    return await sim.fetch("POST", path, json={"model": "grok-4.3", **body})


def sent(reply: Fetched) -> int:
    usage = reply.json["usage"]
    count: int = usage.get("prompt_tokens", usage.get("input_tokens"))
    return count


@pytest.mark.parametrize("path", [CHAT, RESPONSES])
async def test_the_model_reads_a_file_and_its_tokens_are_counted(sim: Simulator, path: str) -> None:
    long, short = await upload(sim, (SECRET * 50).encode()), await upload(sim, SECRET.encode())

    first, second = [await ask(sim, path, {"file_id": one}) for one in (short, long)]

    assert "marzipan" in first.body.decode()
    assert sent(second) > sent(first) + 49 * 5


@pytest.mark.parametrize("path", [CHAT, RESPONSES])
async def test_a_file_that_is_unknown_expired_or_deleted_is_not_found(
    sim: Simulator, clock: TurnableClock, path: str
) -> None:
    expired, deleted = await upload(sim, b"x", expires_after="3600"), await upload(sim, b"x")
    await sim.fetch("DELETE", f"/v1/files/{deleted}")
    await clock.advance(3600)

    for file_id in ("file_none", expired, deleted):
        reply = await ask(sim, path, {"file_id": file_id})
        assert (reply.status, reply.json) == (404, {"code": "not-found", "error": f"File {file_id} not found."})


async def test_a_file_of_an_earlier_turn_may_be_gone_by_now(sim: Simulator) -> None:
    file_id = await upload(sim, SECRET.encode())
    first = (await ask(sim, RESPONSES, {"file_id": file_id})).json
    body = {"model": "grok-4.3", "input": "And?", "previous_response_id": first["id"]}

    before = await sim.fetch("POST", RESPONSES, json=body)
    await sim.fetch("DELETE", f"/v1/files/{file_id}")
    after = await sim.fetch("POST", RESPONSES, json=body)

    assert (before.status, after.status) == (200, 200)
    assert sent(after) < sent(before)


async def test_files_may_come_as_data_and_by_their_public_address(sim: Simulator) -> None:
    data = base64.b64encode(SECRET.encode()).decode()
    file_id = await upload(sim, SECRET.encode(), "notes.pdf")
    url = (await sim.fetch("POST", f"/v1/files/{file_id}/public-url")).json["public_url"]

    inline = await ask(sim, RESPONSES, {"file_data": f"data:text/plain;base64,{data}", "filename": "a.txt"})
    public = await ask(sim, RESPONSES, {"file_url": url})
    chat = await ask(sim, CHAT, {"url": url})
    foreign = await ask(sim, CHAT, {"url": "https://example.com/a.txt"})

    assert all("marzipan" in reply.body.decode() for reply in (inline, public, chat))
    assert foreign.status == 200
    assert "marzipan" not in foreign.body.decode()


async def test_a_picture_counts_as_one(sim: Simulator) -> None:
    file_id = await upload(sim, b"\xff\xd8\xff picture", "cat.jpg")

    usage = (await ask(sim, CHAT, {"file_id": file_id})).json["usage"]

    assert usage["prompt_tokens_details"]["image_tokens"] == 256


@pytest.mark.parametrize(
    ("path", "source", "status"),
    [
        (CHAT, {}, 400),
        (CHAT, {"file_id": "file_1", "url": "https://example.com"}, 400),
        (RESPONSES, {}, 400),
        (RESPONSES, {"file_data": "%%%", "filename": "a.txt"}, 400),
    ],
)
async def test_a_file_that_is_named_in_no_way_or_in_two_is_refused(
    sim: Simulator, path: str, source: dict[str, Any], status: int
) -> None:
    assert (await ask(sim, path, source)).status == status


async def test_a_chat_part_without_its_file_cannot_be_read(sim: Simulator) -> None:
    body = {"model": "grok-4.3", "messages": [{"role": "user", "content": [{"type": "file"}]}]}

    reply = await sim.fetch("POST", CHAT, json=body)

    assert reply.status == 422
    assert b"messages[0]: missing field `file`" in reply.body


async def test_lines_of_a_batch_bring_files_too(sim: Simulator, clock: TurnableClock) -> None:
    content = [{"type": "file", "file": {"file_id": await upload(sim, SECRET.encode())}}]
    chat = {"model": "grok-4.3", "messages": [{"role": "user", "content": content}]}
    batch = (await sim.fetch("POST", "/v1/batches", json={"name": "files"})).json["batch_id"]
    line = {"batch_request_id": "r0", "batch_request": {"chat_get_completion": chat}}
    await sim.fetch("POST", f"/v1/batches/{batch}/requests", json={"batch_requests": [line]})
    await clock.advance(3600)

    results = (await sim.fetch("GET", f"/v1/batches/{batch}/results")).json["results"]

    assert "marzipan" in str(results)
