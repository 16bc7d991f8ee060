"""What a cassette holds: requests and responses as values that read well in a file."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A body in the most readable form it has: exactly one field is there."""

    json: Any = UNSET
    text: str | list[str] | UnsetType = UNSET
    """A list when the text has several lines."""
    base64: str | UnsetType = UNSET
    multipart: list[dict[str, Any]] | UnsetType = UNSET


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked, without secrets."""

    method: str
    url: str
    query: dict[str, str | list[str]] = {}
    headers: dict[str, str] = {}
    body: Content | UnsetType = UNSET

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of a stream, and the second after the head of the reply at which it was complete."""

    at: float
    data: Any = UNSET
    """The value of a plain `data: <JSON>` event."""
    line: str | UnsetType = UNSET
    """The text of any other single data line."""
    raw: str | UnsetType = UNSET
    """Any other event that is text."""
    base64: str | UnsetType = UNSET


class Broke(msgspec.Struct, frozen=True, kw_only=True):
    """The error that a body ended with."""

    type: str
    message: str


class Response(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came back, without secrets: a body, or the events of a stream."""

    status: int
    after: float = 0.0
    """Seconds from the request to the head of the reply."""
    headers: dict[str, str] = {}
    body: Content | UnsetType = UNSET
    events: list[Event] | UnsetType = UNSET
    complete: bool = True
    """Whether the body was read to its end when it was recorded."""
    error: Broke | UnsetType = UNSET


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """A request and its response."""

    request: Request
    response: Response


class Tape(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    grokkit_cassette: int
    interactions: list[Interaction]
