"""What xAI answers with each status from 400 on, as recorded or documented: body and content type."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

_TEAM = "00000000-0000-0000-0000-000000000000"
_JSON = "application/json"
_TOO_FAST = (
    f"Too many requests for team {_TEAM} and model grok-4.7. Your team's rate limit is - "
    "Requests per Second (actual/limit): 3/2, Requests per Minute (actual/limit): 73/60."
)
_FLAT: dict[int, tuple[str, str]] = {
    400: ("invalid-argument", "Invalid request content"),
    401: ("unauthenticated", "No API key was provided. Send one as `Authorization: Bearer <key>`."),
    402: ("payment-required", "The balance of this subscription is used up."),
    403: ("permission-denied", "The caller does not have permission to execute the specified operation"),
    404: ("not-found", "The requested resource was not found"),
    405: ("unimplemented", "Method not allowed"),
    408: ("deadline-exceeded", "The request was not received in time"),
    409: ("aborted", "The operation was aborted"),
    413: ("invalid-argument", "The request is too large"),
    415: ("invalid-argument", "Expected request with `Content-Type: application/json`"),
    429: (
        "resource-exhausted",
        _TOO_FAST,
    ),
    500: ("internal", "Internal error"),
    502: ("unavailable", "Bad gateway"),
    503: ("unavailable", "The service is currently unavailable"),
    504: ("deadline-exceeded", "Timed out waiting for first token"),
    529: ("unavailable", "The service is overloaded"),
}
_UNREAD = (
    "Failed to deserialize the JSON body into the target type: messages[0].role: unknown variant `wizard`, "
    "expected one of `developer`, `system`, `user`, `assistant`, `tool`, `function` at line 1 column 57"
)
_EDGE = range(520, 531)


def refusal(status: int, text: str | None = None) -> tuple[bytes, str]:
    """Body and content type of a refusal; `text` replaces the usual words.

    >>> refusal(429, "The model is at capacity")
    (b'{"code":"resource-exhausted","error":"The model is at capacity"}', 'application/json')
    """
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return (text or _UNREAD).encode(), "text/plain; charset=utf-8"
    if status in _EDGE and status not in _FLAT:
        page = (
            f"<!DOCTYPE html><html><head><title>api.x.ai | {status}</title></head><body>{text or 'Error'}</body></html>"
        )
        return page.encode(), "text/html; charset=UTF-8"
    code, usual = _FLAT.get(status, ("unknown", f"Error {status}"))
    return msgspec.json.encode({"code": code, "error": text or usual}), _JSON
