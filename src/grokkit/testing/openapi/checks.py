"""Replies, streamed frames and requests held against the document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.openapi.document import checker, component, content_schemas, endpoint, operations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grokkit.testing.openapi.schema import Schema

_JSON = "application/json"
_RESPONSE_EVENTS = ("response.completed", "response.incomplete", "response.done")
_NUMBER: Schema = {"type": "integer"}
_TEXT: Schema = {"type": "string"}


def drift(path: str, status: int, body: object, *, method: str | None = None) -> list[str]:
    """Where a reply is not as the document says: one line a field, `pointer: what is expected, found what`.

    `path` may have host, version and query or not; `body` is bytes or a decoded value. Without a `method`,
    the reply may fit any operation of the path. What the document does not describe has no drift.

    >>> drift("/v1/tokenize-text", 200, {"token_ids": [{"token_id": "7", "string_token": "Hi", "token_bytes": []}]})
    ["/token_ids/0/token_id: integer expected, found '7' (string)"]
    >>> drift("/files/file_1", 200, b'{"id": "file_1", "deleted": true, "object": "file"}', method="DELETE")
    []
    """
    found = [_reply_drift(operation, status, body) for operation in operations(path, method)]
    return min(found, key=len, default=[])


def frame_drift(path: str, frame: object) -> list[str]:
    """Where the data of one server-sent event is not as the document says. Error frames and `[DONE]` have no drift.

    Events of a Responses stream are not in the document: their type and number are checked, and the whole
    response or item that some of them carry.

    >>> frame_drift("/v1/chat/completions", {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
    ...     "choices": [{"delta": {}}], "service_tier": "default"})
    ['/choices/0/index: required, and missing']
    """
    if isinstance(frame, bytes | str):
        if frame in (b"[DONE]", "[DONE]"):
            return []
        frame = _decoded(frame if isinstance(frame, bytes) else frame.encode())
    if _is_error(frame):
        return []
    return [str(fault) for fault in checker().faults(_frame_schema(endpoint(path), frame), frame)]


def validate_request(path: str, body: object = None, *, method: str = "POST") -> list[str]:
    """Where the JSON body of a request is not as the document says, in the words of `drift`.

    >>> validate_request("/v1/responses", {"model": "grok-4.7"})
    ['/input: required, and missing']
    >>> validate_request("/v1/no-such-thing", {})
    ['(the whole body): the document has no POST /no-such-thing']
    """
    found = operations(path, method)
    if not found:
        return [f"(the whole body): the document has no {method.upper()} {endpoint(path)}"]
    described: Mapping[str, Any] = found[0].get("requestBody", {})
    schema = content_schemas(described).get(_JSON)
    if schema is None:
        return []
    if body is None:
        return ["(the whole body): required, and missing"] if described.get("required") else []
    return [str(fault) for fault in checker().faults(schema, _value(body))]


def is_described(path: str, *, method: str | None = None) -> bool:
    """Whether the document says anything of this address.

    >>> is_described("/v1/models"), is_described("/v1/models", method="DELETE"), is_described("/v1/batches")
    (True, False, False)
    """
    return bool(operations(path, method))


def _reply_drift(operation: Mapping[str, Any], status: int, body: object) -> list[str]:
    schema = content_schemas(operation["responses"].get(str(status), {})).get(_JSON)
    return [] if schema is None else [str(fault) for fault in checker().faults(schema, _value(body))]


def _value(body: object) -> object:
    return _decoded(body) if isinstance(body, bytes) else body


def _decoded(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.decode("utf-8", "replace")


def _is_error(frame: object) -> bool:
    return isinstance(frame, dict) and (
        frame.get("type") == "error" or ("error" in frame and not frame.keys() & {"choices", "type"})
    )


def _frame_schema(path: str, frame: object) -> Schema:
    if path == "/chat/completions":
        return component("ChatResponseChunk")
    if path == "/responses":
        return _event_schema(frame.get("type") if isinstance(frame, dict) else None)
    return {"type": "object"}


def _event_schema(kind: object) -> Schema:
    needed: dict[str, Schema] = {"type": _TEXT, "sequence_number": _NUMBER}
    if kind == "ping":
        return {"type": "object"}
    if kind in _RESPONSE_EVENTS:
        needed["response"] = component("ModelResponse")
    if isinstance(kind, str) and kind.startswith("response.output_item."):
        needed |= {
            "output_index": _NUMBER,
            "item": component("ModelOutput") if kind.endswith("done") else {"type": "object"},
        }
    if isinstance(kind, str) and kind.endswith(".delta"):
        needed["delta"] = _TEXT
    return {"type": "object", "properties": needed, "required": list(needed)}
