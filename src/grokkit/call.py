"""The three words of the spine: Call (what we ask), Reply (what came back), Next (the rest of the way)."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self

import msgspec

from grokkit.config import Limits, Policies
from grokkit.errors import CallRef, InvalidRequest, ReplyTooLarge
from grokkit.owner import Owner
from grokkit.wire.reading import read_object

if TYPE_CHECKING:
    from grokkit.telemetry.events import Answered, Event
    from grokkit.telemetry.span import Span

API_KEY = "api_key"
"""The name in a call's context of the key to sign it with, where that is not the client's first one."""

IDEMPOTENCY = "idempotency-key"
"""The header by which a server can tell that two POSTs are tries of one call."""

_NOBODY = Owner()
_encode = msgspec.json.Encoder().encode


def new_identity() -> str:
    """A random UUID, of version 4, made in a third of the time that `uuid.uuid4` takes."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


class Call(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing asked of the API. Frozen; `call.replace(...)` gives a changed one.

    The garbage collector is spared calls, of which there are many: let nothing in a call's context refer to it.

    >>> call = Call(method="GET", base_url="https://api.x.ai/v1", path="/models", operation="models", id="c-1")
    >>> call.replace(path="/me").url
    'https://api.x.ai/v1/me'
    """

    method: str
    base_url: str
    path: str
    operation: str
    """What is asked for, in one word: `chat`, `responses`, `models`, `account`."""
    id: str
    """The client request id: the same over all tries of one call (`x-client-request-id`)."""
    model: str | None = None
    body: Mapping[str, Any] | bytes | None = None
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    stream: bool = False
    """Whether the reply is wanted as server-sent events."""
    gather: "Callable[[Call, Reply], Awaitable[Reply]] | None" = None
    """What makes one whole of those events, where the caller does not read them but waits for all of the answer."""
    limits: Limits = Limits()
    deadline: float | None = None
    """The moment, on the client's clock, after which nobody waits for this call any more."""
    max_body_size: int = 256 * 1024 * 1024
    max_event_size: int = 16 * 1024 * 1024
    policies: Policies = Policies()
    """What is to be done when the call does not come through at once, on whose behalf, how urgently."""
    account: str = ""
    """Which address and key this goes to, as a fingerprint: whose limits it counts against."""
    attempt: int = 1
    """The number of this try."""
    span: "Span | None" = None
    owner: Owner = _NOBODY
    """The client that makes it: when that is closed, nothing is sent."""
    context: Mapping[str, Any] = {}
    """For layers to leave notes to layers further in."""

    def __repr__(self) -> str:
        return f"<Call {self.ref}, {self.id}>"

    @property
    def url(self) -> str:
        """The address asked, without the query."""
        return self.base_url + self.path

    @property
    def ref(self) -> CallRef:
        """What errors and logs say of this call: no content, no secret."""
        return CallRef(method=self.method, url=self.url, operation=self.operation, model=self.model)

    def content(self) -> bytes | None:
        """The body as it goes over the wire.

        Raises `InvalidRequest` when a value in it has no JSON form.
        """
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        try:
            return _encode(self.body)
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
            raise InvalidRequest(
                f"the request cannot be written as JSON: {error}",
                hint="pass plain values: dict, list, str, numbers, bool, None, dataclasses or msgspec structs",
                call=self.ref,
                client_request_id=self.id,
            ) from error

    def tell(self, event: Callable[..., "Event"], **facts: Any) -> None:
        """Tell the hooks what happened to this call: `call.tell(Queued, position=3, wait=0.5)`."""
        if self.span is not None:
            self.span.tell(event(call=self.ref, client_request_id=self.id, **facts))

    def replace(self, **changes: Any) -> "Call":
        """This call with some fields changed."""
        return msgspec.structs.replace(self, **changes)


class ByteStream(Protocol):
    """The body of a reply as it arrives. Whoever holds one reads it to its end or closes it."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The chunks in order, of any size."""
        ...

    async def aclose(self) -> None:
        """Give the connection back, or drop it when the body is not at its end. Safe to call twice."""
        ...


class Ending(msgspec.Struct, frozen=True, gc=False):
    """How it went on with a reply: it was read to an answer, it broke, or it was left."""

    answer: "Answered | None" = None
    error: BaseException | None = None
    complete: bool = True
    """False when a stream was left before its end."""


class Reply:
    """What came back: a status, headers, and a body that is either here (`body`) or on its way (`stream`)."""

    __slots__ = (
        "_json",
        "_watchers",
        "body",
        "context",
        "headers",
        "request_id",
        "span",
        "status",
        "stream",
        "unsettled",
    )

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        *,
        body: bytes | None = None,
        stream: ByteStream | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.request_id = headers.get("x-request-id") or headers.get("x-trace-id")
        """The server's name for this request; voice endpoints say it in `x-trace-id`."""
        self.body = body
        self.stream = stream
        self.span: Span | None = None
        self.context: dict[str, Any] = {}
        self._watchers: list[Callable[[Ending], None]] = []
        self.unsettled: list[Callable[[], Awaitable[None]]] = []
        """What watchers left to be done: see `settled`."""
        self._json: tuple[bytes, dict[str, Any]] | None = None

    def __repr__(self) -> str:
        held = "stream" if self.body is None else f"{len(self.body)} bytes"
        return f"<Reply {self.status}, {held}>"

    def json(self) -> dict[str, Any]:
        """The JSON object in the body, read once. Raises `ReplyUnreadable` where there is none."""
        body = self.body or b""
        if self._json is None or self._json[0] is not body:
            self._json = body, read_object(body)
        return self._json[1]

    def on_end(self, watcher: Callable[[Ending], None]) -> None:
        """Have `watcher` told, once, how it went on with this reply."""
        self._watchers.append(watcher)

    def end(self, ending: Ending) -> None:
        """Say how it went on, once the reply is read, broken or left; what is said later does not count.

        Whoever takes a reply from the stack says this of it; a layer that drops a reply does.
        """
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            watcher(ending)
        if self.span is None:
            return
        if ending.error is None:
            self.span.finished(ending.answer, complete=ending.complete)
        else:
            self.span.failed(ending.error)

    def afterwards(self, work: Callable[[], Awaitable[None]]) -> None:
        """Have something done once it was said how it went on with this reply: for watchers that have to wait."""
        self.unsettled.append(work)

    async def settled(self) -> None:
        """Do what watchers left to be done. Whoever says how it went on with a good reply awaits this next."""
        works, self.unsettled = self.unsettled, []
        for work in works:
            await work()

    async def read(self, limit: int, heard: Callable[[], object] = lambda: None) -> bytes:
        """The whole body, at most `limit` bytes of it; the stream is closed afterwards. `heard` is told of each chunk.

        Raises `ReplyTooLarge` as soon as it is known to be larger.
        """
        if self.body is not None or self.stream is None:
            return self.body or b""
        chunks: list[bytes] = []
        size = 0
        try:
            self._refuse_announced_size(limit)
            async for chunk in self.stream:
                heard()
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                chunks.append(chunk)
        finally:
            await self.stream.aclose()
        self.stream = None
        self.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        return self.body

    def _refuse_announced_size(self, limit: int) -> None:
        announced = self.headers.get("content-length", "")
        if len(announced) > len(str(limit)) or (announced.isdigit() and int(announced) > limit):
            raise _too_large(limit)

    async def aclose(self) -> None:
        """Close the stream, if there is one."""
        if self.stream is not None:
            await self.stream.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _too_large(limit: int) -> ReplyTooLarge:
    return ReplyTooLarge(
        f"the reply is larger than {limit} bytes",
        hint="raise max_body_size if such a reply is expected; else report it with the request id",
    )


Next = Callable[[Call], Awaitable[Reply]]
"""The rest of the pipeline, as a layer sees it."""


class Layer(Protocol):
    """A concern around the call: look at it, change it, answer it, or hand it on with `call_next`.

    As a rule it is `async def`. One that has nothing to do afterwards may be a plain function that gives what
    `call_next(call)` gives.
    """

    def __call__(self, call: Call, call_next: Next) -> Awaitable[Reply]:
        """Answer the call, as a rule by `await call_next(call)`."""
        ...
