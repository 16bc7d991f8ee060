"""What is written down of a call and of its reply, and the body that listens while the reply is read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import UNSET

from grokkit.errors import GrokError
from grokkit.testing.cassette.content import content_of
from grokkit.testing.cassette.events import events_of, is_final
from grokkit.testing.cassette.interaction import Broke, Content, Request, Response
from grokkit.testing.cassette.scrub import HIDDEN, REQUEST_HEADERS, RESPONSE_HEADERS, is_secret_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from msgspec import UnsetType

    from grokkit.call import ByteStream, Call
    from grokkit.clock import Clock
    from grokkit.testing.cassette.scrub import Scrubber

_EVENTS = "text/event-stream"
_BOUNDARY = "; boundary="


def request_of(call: Call, scrubber: Scrubber) -> Request:
    """A call as it is written and matched: without secrets, boundaries, and ids that differ each time."""
    address = urlsplit(call.url)
    query: dict[str, list[str]] = {}
    for name, value in [*parse_qsl(address.query, keep_blank_values=True), *call.query.items()]:
        query.setdefault(name, []).append(HIDDEN if is_secret_name(name) else scrubber.text(str(value)))
    headers = scrubber.headers(call.headers, REQUEST_HEADERS)
    kind = headers.get("content-type", "")
    body = call.content()
    headers |= {"content-type": kind.partition(_BOUNDARY)[0]} if _BOUNDARY in kind else {}
    return Request(
        method=call.method.upper(),
        url=scrubber.text(address._replace(query="", fragment="").geturl()),
        query={scrubber.text(name): values if len(values) > 1 else values[0] for name, values in query.items()},
        headers=headers,
        body=UNSET if body is None else content_of(body, _content_type(call), scrubber),
    )


def response_of(
    status: int,
    headers: Mapping[str, str],
    heard: Heard,
    scrubber: Scrubber,
    *,
    after: float = 0.0,
) -> Response:
    """A reply as it is written, without secrets; `after` is the time from the request to its head."""
    told = scrubber.headers(headers, RESPONSE_HEADERS)
    kind = told.get("content-type", "").lower()
    streams = kind.startswith(_EVENTS)
    events = events_of(heard.chunks, scrubber) if streams else UNSET
    body: Content | UnsetType = UNSET
    if not streams and heard.chunks:
        body = content_of(b"".join(chunk for _, chunk in heard.chunks), kind, scrubber)
    at_end = heard.complete or (events is not UNSET and bool(events) and is_final(events[-1]))
    return Response(
        status=status,
        after=round(after, 4),
        headers=told,
        body=body,
        events=events,
        complete=at_end,
        error=UNSET if heard.error is None else _broke(heard.error, scrubber),
    )


class Heard(msgspec.Struct, frozen=True):
    """The body of a reply as it was heard: chunks, each with the seconds since the reply's head, and the end."""

    chunks: Sequence[tuple[float, bytes]]
    complete: bool = True
    error: GrokError | None = None


class RecordingBody:
    """A body that hands on every chunk and, at its end or when it is closed early, tells what it has heard."""

    def __init__(self, body: ByteStream, clock: Clock, done: Callable[[Heard], None]) -> None:
        self._body = body
        self._chunks = body.__aiter__()
        self._clock = clock
        self._done: Callable[[Heard], None] | None = done
        self._began = clock.now()
        self._chunks_heard: list[tuple[float, bytes]] = []

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._chunks.__anext__()
        except StopAsyncIteration:
            self._tell(complete=True)
            raise
        except GrokError as error:
            self._tell(complete=False, error=error)
            raise
        self._chunks_heard.append((self._clock.now() - self._began, chunk))
        return chunk

    async def aclose(self) -> None:
        """Close the body; what was not read is not in the recording."""
        try:
            await self._body.aclose()
        finally:
            self._tell(complete=False)

    def _tell(self, *, complete: bool, error: GrokError | None = None) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(Heard(self._chunks_heard, complete, error))


def _broke(error: GrokError, scrubber: Scrubber) -> Broke:
    return Broke(type=type(error).__name__, message=scrubber.text(error.message))


def _content_type(call: Call) -> str:
    given = next((value for name, value in call.headers.items() if name.lower() == "content-type"), "")
    return given or ("" if isinstance(call.body, bytes) else "application/json")
