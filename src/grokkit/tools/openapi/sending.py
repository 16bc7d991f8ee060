"""One request to an API: a connection of its own, no redirects, a bounded reply, and a text for the model."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import msgspec

from grokkit.tools.failures import ToolFailed, ToolUnreachable

if TYPE_CHECKING:
    from aiohttp import ClientResponse

    from grokkit.tools.openapi.auth import Credentials
    from grokkit.tools.openapi.placing import Placed

_MOST_BYTES = 200_000
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Sender:
    """Where requests go and with what credentials; holds nothing open."""

    address: str
    credentials: Credentials = field(repr=False)
    time_limit: float

    async def send(self, method: str, place: str, placed: Placed, body: Body | None) -> str:
        """What the API answers, as text for the model.

        Raises `ToolFailed` for any status that is not 2xx, with what the API says; `ToolUnreachable` when it does not
        answer. Redirects are not followed: where one leads is said, and the credentials stay here.
        """
        import aiohttp

        try:
            async with (
                asyncio.timeout(self.time_limit),
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session,
                session.request(method, self._url(placed), **self._parts(placed, body)) as reply,
            ):
                return await self._read(reply, place)
        except TimeoutError as error:
            raise ToolUnreachable(f"{place} was not answered within {self.time_limit:g} s", sent=True) from error
        except aiohttp.ClientError as error:
            sent = not isinstance(error, aiohttp.ClientConnectorError)
            raise ToolUnreachable(f"{place} was not answered: {self._named(error)}", sent=sent) from None

    def _url(self, placed: Placed) -> Any:
        from yarl import URL

        keys = urlencode({name: value.reveal() for name, value in self.credentials.query.items()})
        query = "&".join(part for part in (placed.query, keys) if part)
        return URL(f"{self.address}{placed.path}" + (f"?{query}" if query else ""), encoded=True)

    def _parts(self, placed: Placed, body: Body | None) -> dict[str, Any]:
        kept = self.credentials
        typed = {} if body is None else {"Content-Type": body.media_type}
        own = {name: value.reveal() for name, value in kept.headers.items()}
        cookies = {name: value.reveal() for name, value in kept.cookies.items()}
        return {
            "headers": {"Accept": f"{_JSON}, text/*;q=0.9, */*;q=0.1", **placed.headers, **typed, **own},
            "cookies": {**placed.cookies, **cookies},
            "data": None if body is None else body.data,
            "allow_redirects": False,
        }

    def _named(self, error: Exception) -> str:
        """Which error it was: its text may have the whole address, credentials and all."""
        reason = getattr(error, "os_error", None)
        said = getattr(reason, "strerror", None) or type(error).__name__
        return f"{said} ({urlsplit(self.address).netloc.rpartition('@')[2]})"

    async def _read(self, reply: ClientResponse, place: str) -> str:
        content = await reply.content.read(_MOST_BYTES + 1) if reply.method != "HEAD" else b""
        while len(content) <= _MOST_BYTES and (more := await reply.content.read(_MOST_BYTES)):
            content += more
        text = self.credentials.scrubbed(_said(reply, content))
        if reply.ok and not _redirects(reply):
            return text
        if _redirects(reply):
            host = urlsplit(reply.headers.get("Location", "")).netloc or "another path of the same server"
            raise ToolFailed(f"{place} answered {reply.status}: it is now at {host}; redirects are not followed")
        raise ToolFailed(f"{place} answered {reply.status} {reply.reason or ''}: {text}")


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request."""

    media_type: str
    data: bytes


def body_of(media_type: str, value: Any) -> Body:
    """A value as this type of body: JSON, a form, or text."""
    if media_type == _FORM and isinstance(value, dict):
        pairs = [(key, each) for key, part in value.items() for each in (part if isinstance(part, list) else [part])]
        texts = [(key, each if isinstance(each, str) else msgspec.json.encode(each).decode()) for key, each in pairs]
        return Body(media_type, urlencode(texts).encode())
    if isinstance(value, str) and media_type.startswith("text/"):
        return Body(media_type, value.encode())
    return Body(media_type, msgspec.json.encode(value))


def _redirects(reply: ClientResponse) -> bool:
    return 300 <= reply.status < 400  # noqa: PLR2004 - the class of redirects


def _said(reply: ClientResponse, content: bytes) -> str:
    if not content:
        return f"{reply.status} {reply.reason or ''}".strip()
    if not _is_text(reply.content_type):
        return f"[{reply.content_type}, {len(content):,} bytes; not shown]"
    text = content[:_MOST_BYTES].decode(reply.charset or "utf-8", "replace")
    return text + "\n[cut off here]" if len(content) > _MOST_BYTES else text


def _is_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type.endswith(("json", "xml", "yaml", "urlencoded"))
