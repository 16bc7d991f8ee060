"""Collections and their documents, on the management host, and the search in them."""

from __future__ import annotations

from typing import Any

import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import drift, validate_request
from grokkit.testing.simulator import Simulator

BOUNDARY = "a-boundary"
COLLECTIONS = "/v1/collections"
TEXTS = {
    "cats.txt": "Cats sleep sixteen hours a day and chase mice at night.",
    "revenue.txt": "The revenue of the last quarter grew by ten percent.",
    "rain.txt": "In Bergen it rains on two hundred days of the year.",
}


def _simulator() -> Simulator:
    return Simulator(clock=TurnableClock(), job_seconds=9.0)


async def _turn(sim: Simulator, seconds: float) -> None:
    assert isinstance(sim.clock, TurnableClock)
    await sim.clock.advance(seconds)


async def _manage(sim: Simulator, method: str, path: str, json: Any = None) -> Any:
    return await sim.fetch(method, path, json=json, management=True)


async def _file(sim: Simulator, name: str, text: str) -> str:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    content = f"{head}{text}\r\n--{BOUNDARY}--\r\n".encode()
    file_id: str = (await sim.fetch("POST", "/v1/files", content=content, headers=headers)).json["id"]
    return file_id


async def _collection(sim: Simulator, **body: Any) -> dict[str, Any]:
    reply = await _manage(sim, "POST", COLLECTIONS, {"collection_name": "notes", **body})
    assert reply.status == 200, reply.body
    made: dict[str, Any] = reply.json
    return made


async def _attach(sim: Simulator, collection_id: str, file_id: str, **fields: str) -> Any:
    path = f"{COLLECTIONS}/{collection_id}/documents/{file_id}"
    return await _manage(sim, "POST", path, {"fields": fields})


async def _filled(sim: Simulator) -> tuple[str, dict[str, str]]:
    collection_id = (await _collection(sim))["collection_id"]
    files = {name: await _file(sim, name, text) for name, text in TEXTS.items()}
    for number, (name, file_id) in enumerate(files.items()):
        await _attach(sim, collection_id, file_id, topic=name.removesuffix(".txt"), year=str(2020 + number))
    await _turn(sim, 9)
    return collection_id, files


async def _search(sim: Simulator, query: str, collection_id: str, **more: Any) -> Any:
    body = {"query": query, "source": {"collection_ids": [collection_id]}, **more}
    assert validate_request("/v1/documents/search", body) == []
    return await sim.fetch("POST", "/v1/documents/search", json=body)


async def test_a_collection_is_made_with_the_recorded_keys_and_defaults() -> None:
    made = await _collection(_simulator())

    assert list(made) == [
        "collection_id",
        "collection_name",
        "created_at",
        "index_configuration",
        "chunk_configuration",
        "documents_count",
        "field_definitions",
        "total_file_size",
        "disable_rag_lookup",
    ]
    assert made["chunk_configuration"] == {
        "bytes_configuration": {"max_chunk_size_bytes": 4000, "chunk_overlap_bytes": 800},
        "strip_whitespace": True,
        "inject_name_into_chunks": False,
    }
    assert (made["total_file_size"], made["documents_count"]) == ("0", 0)


async def test_the_inference_key_does_not_open_the_management_host() -> None:
    sim = _simulator()

    reply = await sim.fetch("GET", COLLECTIONS, management=True, headers={"authorization": f"Bearer {sim.key}"})

    assert reply.status == 401
    assert reply.json["code"] == 16


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"collection_name": " "},
        {"collection_name": "x", "chunk_configuration": {}},
        {
            "collection_name": "x",
            "chunk_configuration": {
                "bytes_configuration": {"max_chunk_size_bytes": 10},
                "chars_configuration": {"max_chunk_size_chars": 10},
            },
        },
        {
            "collection_name": "x",
            "chunk_configuration": {"chars_configuration": {"max_chunk_size_chars": 5, "chunk_overlap_chars": 5}},
        },
    ],
)
async def test_a_collection_that_cannot_be_is_a_400_in_the_gateways_shape(body: dict[str, Any]) -> None:
    reply = await _manage(_simulator(), "POST", COLLECTIONS, body)

    assert reply.status == 400
    assert (reply.json["code"], reply.json["details"]) == (3, [])


async def test_a_collection_is_changed_and_deleted() -> None:
    sim = _simulator()
    path = f"{COLLECTIONS}/{(await _collection(sim))['collection_id']}"

    changed = await _manage(sim, "PUT", path, {"collectionName": "better"})
    deleted = await _manage(sim, "DELETE", path)
    gone = await _manage(sim, "GET", path)

    assert changed.json["collection_name"] == "better"
    assert (deleted.json, gone.status, gone.json["code"]) == ({}, 404, 5)


async def test_collections_are_listed_in_pages_and_filtered() -> None:
    sim = _simulator()
    for name in ("red", "green", "blue"):
        await _collection(sim, collection_name=name)

    first = (await _manage(sim, "GET", f"{COLLECTIONS}?limit=2")).json
    rest = (await _manage(sim, "GET", f"{COLLECTIONS}?limit=2&pagination_token={first['pagination_token']}")).json
    some = (await _manage(sim, "GET", f"{COLLECTIONS}?filter=collection_name%3Dgre")).json

    names = [entry["collection_name"] for entry in first["collections"] + rest["collections"]]
    assert names == ["blue", "green", "red"]
    assert rest["pagination_token"] is None
    assert [entry["collection_name"] for entry in some["collections"]] == ["green"]


async def test_a_document_goes_through_its_states_on_the_clock() -> None:
    sim = _simulator()
    collection_id = (await _collection(sim))["collection_id"]
    file_id = await _file(sim, "cats.txt", TEXTS["cats.txt"])
    path = f"{COLLECTIONS}/{collection_id}/documents/{file_id}"

    attached = await _attach(sim, collection_id, file_id)
    seen = []
    for _ in range(4):
        seen.append((await _manage(sim, "GET", path)).json)
        await _turn(sim, 3)

    assert attached.json == {}
    assert [document["status"].removeprefix("DOCUMENT_STATUS_") for document in seen] == [
        "CHUNKED",
        "EMBEDDING",
        "WRITING",
        "PROCESSED",
    ]
    assert [document["chunks_processed_count"] for document in seen] == ["0", "0", "0", "1"]
    assert (seen[0]["last_indexed_at"], seen[3]["last_indexed_at"] is None) == (None, False)
    assert seen[3]["file_metadata"]["size_bytes"] == str(len(TEXTS["cats.txt"]))


async def test_a_document_without_text_fails() -> None:
    sim = _simulator()
    collection_id = (await _collection(sim))["collection_id"]
    file_id = await _file(sim, "empty.txt", "  ")
    await _attach(sim, collection_id, file_id)
    await _turn(sim, 9)

    document = (await _manage(sim, "GET", f"{COLLECTIONS}/{collection_id}/documents/{file_id}")).json

    assert document["status"] == "DOCUMENT_STATUS_FAILED"
    assert document["error_message"]


async def test_documents_are_listed_fetched_together_and_taken_out() -> None:
    sim = _simulator()
    collection_id, files = await _filled(sim)
    path = f"{COLLECTIONS}/{collection_id}/documents"
    two = [files["cats.txt"], files["rain.txt"]]

    listed = (await _manage(sim, "GET", f"{path}?filter=year%3E2020&limit=10")).json["documents"]
    together = (await _manage(sim, "GET", f"{path}:batchGet?file_ids={two[0]}&file_ids={two[1]}")).json["documents"]
    await _manage(sim, "DELETE", f"{path}/{two[0]}")
    left = (await _manage(sim, "GET", f"{COLLECTIONS}/{collection_id}")).json

    assert [document["fields"]["topic"] for document in listed] == ["revenue", "rain"]
    assert [document["file_metadata"]["file_id"] for document in together] == two
    assert left["documents_count"] == 2
    assert (await sim.fetch("GET", f"/v1/files/{two[0]}")).status == 200


async def test_indexing_again_begins_anew_with_new_fields() -> None:
    sim = _simulator()
    collection_id, files = await _filled(sim)
    path = f"{COLLECTIONS}/{collection_id}/documents/{files['cats.txt']}"

    again = await _manage(sim, "PATCH", path, {"fields": {"topic": "pets"}})
    document = (await _manage(sim, "GET", path)).json

    assert again.status == 200
    assert (document["status"], document["fields"]) == ("DOCUMENT_STATUS_CHUNKED", {"topic": "pets"})


async def test_what_cannot_be_attached_is_refused() -> None:
    sim = _simulator()
    definitions = [{"key": "topic", "required": True, "unique": True}]
    collection_id = (await _collection(sim, field_definitions=definitions))["collection_id"]
    first, second = [await _file(sim, "a.txt", "Hello"), await _file(sim, "b.txt", "Hello")]
    await _attach(sim, collection_id, first, topic="a")

    refused = [
        await _attach(sim, collection_id, second),
        await _attach(sim, collection_id, second, topic="a"),
        await _attach(sim, collection_id, first, topic="b"),
        await _attach(sim, collection_id, "file_none", topic="c"),
        await _attach(sim, "collection_none", second, topic="c"),
    ]

    assert [reply.status for reply in refused] == [400, 400, 409, 404, 404]


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
async def test_a_search_finds_what_fits_best_in_every_mode(mode: str) -> None:
    sim = _simulator()
    collection_id, files = await _filled(sim)

    reply = await _search(sim, "How much does it rain in Bergen?", collection_id, retrieval_mode={"type": mode})

    assert drift("/v1/documents/search", 200, reply.body) == []
    assert reply.json["matches"][0]["file_id"] == files["rain.txt"]
    scores = [match["score"] for match in reply.json["matches"]]
    assert scores == sorted(scores, reverse=True)


async def test_a_search_obeys_limit_filter_and_groups() -> None:
    sim = _simulator()
    collection_id, files = await _filled(sim)

    limited = await _search(sim, "day", collection_id, limit=1)
    filtered = await _search(sim, "day", collection_id, filter='topic = "cats" OR year:2021..2021')
    grouped = await _search(sim, "day", collection_id, group_by={"keys": ["unknown"]})

    assert len(limited.json["matches"]) == 1
    assert {match["file_id"] for match in filtered.json["matches"]} == {files["cats.txt"], files["revenue.txt"]}
    assert len(grouped.json["matches"]) == 1


async def test_a_search_does_not_find_what_is_not_indexed_yet_or_deleted() -> None:
    sim = _simulator()
    collection_id = (await _collection(sim))["collection_id"]
    file_id = await _file(sim, "cats.txt", TEXTS["cats.txt"])
    await _attach(sim, collection_id, file_id)

    early = await _search(sim, "cats", collection_id)
    await _turn(sim, 9)
    found = await _search(sim, "cats", collection_id)
    await sim.fetch("DELETE", f"/v1/files/{file_id}")
    late = await _search(sim, "cats", collection_id)

    assert [len(reply.json["matches"]) for reply in (early, found, late)] == [0, 1, 0]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"query": " "}, 400),
        ({"source": {"collection_ids": []}}, 400),
        ({"source": {"collection_ids": ["collection_none"]}}, 404),
        ({"filter": "topic"}, 400),
        ({"limit": 0}, 400),
        ({"retrieval_mode": {"type": "psychic"}}, 422),
        ({"group_by": {"keys": []}}, 400),
    ],
)
async def test_a_search_that_cannot_be_is_refused(changed: dict[str, Any], status: int) -> None:
    sim = _simulator()
    collection_id = (await _collection(sim))["collection_id"]
    body = {"query": "cats", "source": {"collection_ids": [collection_id]}, **changed}

    assert (await sim.fetch("POST", "/v1/documents/search", json=body)).status == status
