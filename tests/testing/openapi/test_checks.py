"""Drift: what a reply, a frame or a request has that the document says otherwise."""

import json

import pytest

from grokkit.testing.openapi import drift, frame_drift, is_described, validate_request
from grokkit.testing.openapi.document import document

CHUNK = {
    "id": "c",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "delta": {"content": "Hi"}}],
    "service_tier": "default",
}


def examples() -> list[tuple[str, str, object]]:
    found = []
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
            if "example" in content:
                found.append((method, path, content["example"]))
    return found


def test_a_reply_as_the_document_has_it_has_no_drift():
    assert drift("/v1/files/f", 200, {"id": "f", "deleted": True, "object": "file"}, method="DELETE") == []


def test_a_renamed_field_is_named_with_the_stranger_beside_it():
    found = drift("/v1/files/f", 200, {"id": "f", "removed": True, "object": "file"}, method="DELETE")

    assert found == ["/deleted: required, and missing; not in the document: removed"]


def test_a_field_of_another_kind_is_named_with_what_was_found():
    body = {"token_ids": [{"token_id": 1, "string_token": "a", "token_bytes": [1, "b"]}]}

    assert drift("/v1/tokenize-text", 200, body) == ["/token_ids/0/token_bytes/1: integer expected, found 'b' (string)"]


def test_a_body_that_is_no_json_is_drift():
    assert drift("/v1/tokenize-text", 200, b"<html>") == ["(the whole body): object expected, found '<html>' (string)"]


def test_bytes_that_are_no_text_are_drift_and_no_crash():
    assert len(drift("/v1/tokenize-text", 200, b"\xff\xfe")) == 1


@pytest.mark.parametrize(
    "path", ["/chat/completions", "/v1/chat/completions", "https://api.x.ai/v1/chat/completions?a=b"]
)
def test_an_address_is_known_in_every_way_of_writing_it(path):
    assert is_described(path, method="POST")


def test_a_constant_of_the_document_is_held_to():
    body = json.dumps({"id": "f", "deleted": True, "object": "dir"}).encode()

    assert drift("/files/f", 200, body, method="delete") == ["/object: one of 'file' expected, found 'dir' (string)"]


def test_what_is_not_described_has_no_drift():
    assert drift("/v1/batches", 200, {"anything": 1}) == []
    assert drift("/v1/chat/completions", 400, {"anything": 1}) == []


def test_a_chunk_of_a_chat_stream_is_checked():
    assert frame_drift("/chat/completions", CHUNK) == []
    assert frame_drift("/chat/completions", json.dumps(CHUNK | {"created": "x"})) == [
        "/created: integer expected, found 'x' (string)"
    ]


@pytest.mark.parametrize("frame", ["[DONE]", b"[DONE]", {"code": "x", "error": "y"}, {"type": "error", "message": "m"}])
def test_the_end_of_a_stream_and_errors_in_it_have_no_drift(frame):
    assert frame_drift("/chat/completions", frame) == []


def test_an_event_of_a_responses_stream_has_type_number_and_delta():
    event = {"type": "response.output_text.delta", "sequence_number": 3, "delta": 5}

    assert frame_drift("/v1/responses", event) == ["/delta: string expected, found 5 (integer)"]


def test_an_item_of_a_responses_stream_is_checked_as_an_item():
    item = {"type": "function_call", "name": "x", "call_id": "c"}
    event = {"type": "response.output_item.done", "sequence_number": 3, "output_index": 0, "item": item}

    assert frame_drift("/v1/responses", event) == ["/item/arguments: required, and missing"]


def test_the_faults_of_a_union_are_those_of_the_branch_that_was_meant():
    found = validate_request(
        "/responses", {"input": [{"role": "user", "content": [{"type": "input_text", "text": 4}]}]}
    )

    assert found == ["/input/0/content/0/text: string expected, found 4 (integer)"]


def test_a_tag_that_no_branch_has_is_shown_with_all_that_exist():
    found = validate_request("/chat/completions", {"messages": [{"role": "wizard", "content": "x"}]})

    assert found == [
        "/messages/0/role: one of 'system', 'user', 'assistant', 'tool', 'function' expected, found 'wizard' (string)"
    ]


def test_a_value_out_of_its_bounds_is_named_with_the_bound():
    assert validate_request("/chat/completions", {"temperature": 3}) == [
        "/temperature: at most 2 expected, found 3 (integer)"
    ]


def test_a_call_to_an_address_that_is_not_there_is_said():
    assert validate_request("/v1/models", method="PATCH") == ["(the whole body): the document has no PATCH /models"]


@pytest.mark.parametrize(("method", "path", "example"), examples())
def test_every_example_of_the_document_fits_the_document(method, path, example):
    found = drift(path, 200, example, method=method)

    assert all("required, and missing" in line for line in found), found
