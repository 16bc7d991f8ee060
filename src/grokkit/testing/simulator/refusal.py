"""How the API says no: each body shape it uses, and the refusals that many endpoints share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=UTF-8"

_CODE_OF_STATUS = {400: "invalid-argument", 403: "permission-denied", 404: "not-found", 429: "resource-exhausted"}
_EDGE_TITLES = {
    520: "Web server is returning an unknown error",
    521: "Web server is down",
    522: "Connection timed out",
    523: "Origin is unreachable",
    524: "A timeout occurred",
    525: "SSL handshake failed",
    526: "Invalid SSL certificate",
}
_GRPC_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 409: 6, 413: 11, 429: 8, 500: 13, 503: 14, 504: 4}
_OLD_CODES = {
    "invalid-argument": "Client specified an invalid argument",
    "not-found": "Some requested entity was not found",
    "resource-exhausted": "Some resource has been exhausted",
    "permission-denied": "The caller does not have permission to execute the specified operation",
    "unavailable": "The service is currently unavailable",
    "unauthenticated": "The request does not have valid authentication credentials for the operation",
}


class Refusal(Exception):
    """A reply that is an error, on its way out of a handler: raise it.

    >>> Refusal.flat(404, "not-found", "No file with id file_1").body
    b'{"code":"not-found","error":"No file with id file_1"}'
    """

    def __init__(
        self, status: int, body: bytes, media_type: str = JSON, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status}: {body[:200].decode('utf-8', 'replace')}")
        self.status = status
        self.body = body
        self.media_type = media_type
        self.headers = dict(headers or {})
        self.fee_ticks = 0
        """What it costs all the same."""

    @classmethod
    def flat(cls, status: int, code: str | int, error: str, *, headers: Mapping[str, str] | None = None) -> Refusal:
        """`{"code": ..., "error": ...}`: almost all of api.x.ai."""
        return cls(status, msgspec.json.encode({"code": code, "error": error}), headers=headers)

    @classmethod
    def nested(cls, status: int, message: str, *, code: str | None = None, param: str | None = None) -> Refusal:
        """`{"error": {"message", "type", "param", "code"}}`: newer validation, WebSocket mode."""
        error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
        return cls(status, msgspec.json.encode({"error": error}))

    @classmethod
    def voice(cls, status: int, error: str) -> Refusal:
        """`{"error": "..."}`: the voice endpoints."""
        return cls(status, msgspec.json.encode({"error": error}))

    @classmethod
    def gateway(cls, status: int, code: int, message: str) -> Refusal:
        """`{"code": 16, "message": ..., "details": []}`: the management host; `code` is that of gRPC."""
        return cls(status, msgspec.json.encode({"code": code, "message": message, "details": []}))

    @classmethod
    def text(cls, status: int, text: str) -> Refusal:
        """Plain text: what a body that cannot be deserialised is answered with."""
        return cls(status, text.encode(), TEXT)

    @classmethod
    def edge(cls, status: int, *, headers: Mapping[str, str] | None = None) -> Refusal:
        """The page that the edge shows when it cannot reach the origin."""
        title = f"api.x.ai | {status}: {_EDGE_TITLES.get(status, 'Origin error')}"
        page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>Error {status}</h1></body></html>"
        return cls(status, page.encode(), HTML, headers=headers)

    def as_gateway(self) -> Refusal:
        """The same in the management host's shape, whose gateway knows no other."""
        try:
            value = msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            value = {"error": self.body.decode("utf-8", "replace")}
        if not isinstance(value, dict) or "details" in value or self.media_type == HTML:
            return self
        status = 400 if self.status in {415, 422} else self.status
        refused = Refusal.gateway(status, _GRPC_CODES.get(status, 2), value.get("error") or "Method Not Allowed")
        refused.headers.update(self.headers)
        return refused

    def as_before_july(self) -> Refusal:
        """The same with the code spelled as it was until about July 2026: the words of gRPC."""
        try:
            value = msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return self
        if not isinstance(value, dict) or value.get("code") not in _OLD_CODES:
            return self
        return Refusal.flat(self.status, _OLD_CODES[value["code"]], value.get("error", ""), headers=self.headers)


def refusal(status: int, error: str) -> Refusal:
    """The flat shape with the code that goes with a status."""
    return Refusal.flat(status, _CODE_OF_STATUS.get(status, "internal" if status == 500 else "unavailable"), error)  # noqa: PLR2004


def invalid(error: str) -> Refusal:
    """400: an argument that cannot be."""
    return refusal(400, error)


def not_permitted() -> Refusal:
    """403: the key's ACLs do not go so far."""
    return refusal(403, "The API key does not have permission to use this model or endpoint.")


def not_found(error: str) -> Refusal:
    """404: no such thing."""
    return refusal(404, error)


def undeserialisable(problem: str, *, line: int = 1, column: int = 1) -> Refusal:
    """422: a field is missing or of a wrong type; the text names it."""
    where = f"{problem} at line {line} column {column}"
    return Refusal.text(422, f"Failed to deserialize the JSON body into the target type: {where}")
