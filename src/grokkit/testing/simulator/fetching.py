"""Raw requests to a simulator, for tests that look at the wire and not through a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.call import Call
from grokkit.wire.sse import SSEDecoder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grokkit.testing.simulator.simulator import Simulator
    from grokkit.wire.sse import SSEEvent

_MOST = 256 * 1024 * 1024


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A reply, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body decoded."""
        return msgspec.json.decode(self.body)

    @property
    def events(self) -> list[SSEEvent]:
        """The events of a streamed body, `[DONE]` included."""
        decoder = SSEDecoder()
        return [*decoder.feed(self.body), *decoder.close()]

    @property
    def frames(self) -> list[Any]:
        """The events decoded, without `[DONE]`."""
        return [msgspec.json.decode(event.data) for event in self.events if event.data != b"[DONE]"]


async def fetch(
    simulator: Simulator,
    method: str,
    path: str,
    *,
    json: Any = None,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    management: bool = False,
) -> Fetched:
    """The reply to a request with the simulator's own key; `path` may have a query."""
    key = simulator.management_key if management else simulator.key
    sent = {"authorization": f"Bearer {key}"}
    if json is not None:
        content, sent["content-type"] = msgspec.json.encode(json), "application/json"
    root = simulator.management_url if management else simulator.base_url.removesuffix("/v1")
    call = Call(
        method=method,
        base_url=root,
        path=path,
        operation="fetch",
        id="fetch",
        body=content,
        headers={name: value for name, value in (sent | dict(headers or {})).items() if value},
    )
    reply = await simulator.transport().send(call)
    return Fetched(status=reply.status, headers=reply.headers, body=await reply.read(_MOST))
