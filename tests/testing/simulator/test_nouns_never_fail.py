"""Whatever is sent, the simulator answers as a server does: never by failing itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import drift
from grokkit.testing.simulator import Simulator

PLAIN = "grok-4.20-0309-non-reasoning"
BOUNDARY = "b"
FILE = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    b'{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"grok-4.7"}}\r\n--b--\r\n'
)
MESSAGES = {"model": "grok-4.7", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}
SEARCH = {"query": "x", "source": {"collection_ids": ["COLLECTION"]}, "retrieval_mode": {"type": "hybrid"}}
REQUESTS = {"batch_requests": [{"batch_request_id": "a", "batch_request": {"chat_get_completion": MESSAGES}}]}
USAGE = {"analyticsRequest": {"timeRange": {}, "timeUnit": "TIME_UNIT_DAY", "values": [{"name": "usd"}], "groupBy": []}}
KEY = {"name": "a", "acls": [], "qps": 1, "tpm": "5", "expireTime": "2027-01-01T00:00:00Z"}
CHUNKING = {"bytes_configuration": {"max_chunk_size_bytes": 10, "chunk_overlap_bytes": 1}}
BODIES: list[tuple[str, str, bool, dict[str, Any]]] = [
    ("POST", "/v1/tokenize-text", False, {"model": "grok-4.7", "text": "Hi"}),
    ("POST", "/v1/completions", False, {"model": PLAIN, "prompt": "Hi", "n": 1, "max_tokens": 5, "stop": ["x"]}),
    ("POST", "/v1/complete", False, {"model": PLAIN, "prompt": "Hi", "max_tokens_to_sample": 5}),
    ("POST", "/v1/messages", False, {**MESSAGES, "system": "x", "tools": [], "tool_choice": {"type": "auto"}}),
    ("POST", "/v1/embeddings", False, {"model": "grok-embedding-small", "input": "Hi", "dimensions": 8}),
    ("POST", "/v1/batches", False, {"name": "a", "input_file_id": "FILE"}),
    ("POST", "/v1/batches/BATCH/requests", False, REQUESTS),
    ("POST", "/v1/files/FILE/public-url", False, {"expires_after": 3600}),
    ("POST", "/v1/documents/search", False, {**SEARCH, "filter": 'a = "b"', "limit": 3, "group_by": {"keys": ["a"]}}),
    ("POST", "/v1/collections", True, {"collection_name": "a", "chunk_configuration": CHUNKING}),
    ("PUT", "/v1/collections/COLLECTION", True, {"collection_name": "a", "chunk_configuration": CHUNKING}),
    ("POST", "/v1/collections/COLLECTION/documents/FILE", True, {"fields": {"a": "b"}}),
    ("PATCH", "/v1/collections/COLLECTION/documents/FILE", True, {"fields": {"a": "b"}}),
    ("POST", "/auth/teams/TEAM/api-keys", True, KEY),
    ("PUT", "/auth/api-keys/KEY", True, {"apiKey": KEY, "fieldMask": "name,qps"}),
    ("POST", "/auth/api-keys/KEY/rotate", True, {"gracePeriod": "5s"}),
    ("POST", "/v1/billing/teams/TEAM/usage", True, USAGE),
]
LISTINGS = [
    ("/v1/files", False),
    ("/v1/files/FILE/content", False),
    ("/v1/batches", False),
    ("/v1/batches/BATCH", False),
    ("/v1/batches/BATCH/requests", False),
    ("/v1/batches/BATCH/results", False),
    ("/v1/skills", False),
    ("/v1/collections", True),
    ("/v1/collections/COLLECTION/documents", True),
    ("/v1/collections/COLLECTION/documents:batchGet", True),
    ("/auth/teams/TEAM/api-keys", True),
    ("/audit/teams/TEAM/events", True),
]
PARAMETERS = ["limit", "order", "sort_by", "pagination_token", "after", "filter", "format", "file_ids"]
PARAMETERS += ["pageSize", "pageToken", "paginationToken", "eventTimeFrom", "eventFilter.query"]

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
words = scalars | st.text(max_size=5)
values = st.recursive(
    words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
often = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, one in inner for place in _places(one, (*path, name)))]


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copied


async def _furnished() -> tuple[Simulator, dict[str, str]]:
    sim = Simulator(clock=TurnableClock(), job_seconds=0.0)
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    file_id = (await sim.fetch("POST", "/v1/files", content=FILE, headers=headers)).json["id"]
    batch = (await sim.fetch("POST", "/v1/batches", json={"name": "a"})).json
    made = await sim.fetch("POST", "/v1/collections", json={"collection_name": "a"}, management=True)
    collection_id = made.json["collection_id"]
    path = f"/v1/collections/{collection_id}/documents/{file_id}"
    await sim.fetch("POST", path, json={}, management=True)
    body = {"name": "a", "acls": []}
    key = (await sim.fetch("POST", f"/auth/teams/{sim.team_id}/api-keys", json=body, management=True)).json
    names = {"FILE": file_id, "BATCH": batch["batch_id"], "COLLECTION": collection_id}
    return sim, names | {"KEY": key["apiKeyId"], "TEAM": sim.team_id}


def _named(text: str, names: dict[str, str]) -> str:
    for word, name in names.items():
        text = text.replace(word, name)
    return text


@pytest.mark.parametrize(("method", "path", "management", "body"), BODIES, ids=[f"{m} {p}" for m, p, _, _ in BODIES])
@given(data=st.data())
@often
async def test_no_body_breaks_it(method: str, path: str, management: bool, body: Any, data: st.DataObject) -> None:
    sim, names = await _furnished()
    place = data.draw(st.sampled_from(_places(body)))
    new = data.draw(words if place[-1:] == ("role",) else values)
    changed = json.loads(_named(json.dumps(_replaced(body, place, new)), names))

    reply = await sim.fetch(method, _named(path, names), json=changed, management=management)
    after = await sim.fetch("GET", f"/v1/batches/{names['BATCH']}/results")

    assert reply.status < 500
    assert after.status == 200
    if reply.headers["content-type"] == "application/json":
        assert drift(path, reply.status, reply.body, method=method) == []


@pytest.mark.parametrize(("path", "management"), LISTINGS)
@given(query=st.dictionaries(st.sampled_from(PARAMETERS), st.text('abc019=<>:.()" ANDOR-', max_size=12), max_size=3))
@often
async def test_no_query_breaks_it(path: str, management: bool, query: dict[str, str]) -> None:
    sim, names = await _furnished()
    written = "&".join(f"{name}={value.replace(' ', '%20')}" for name, value in query.items())

    reply = await sim.fetch("GET", f"{_named(path, names)}?{written}", management=management)

    assert reply.status in {200, 400, 404}
    assert drift(path, reply.status, reply.body, method="GET") == []


@pytest.mark.parametrize("path", ["/v1/files", "/v1/skills"])
@given(content=st.binary(max_size=40) | st.just(FILE) | st.binary(max_size=20).map(lambda more: FILE[:60] + more))
@often
async def test_no_form_breaks_it(path: str, content: bytes) -> None:
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}

    reply = await Simulator(clock=TurnableClock()).fetch("POST", path, content=content, headers=headers)

    assert reply.status in {200, 400, 415}
