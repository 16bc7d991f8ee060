"""AsyncGrok: builds the stack once, hands out the resources, and closes what it opened."""

from __future__ import annotations

import asyncio
import difflib
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self, TypedDict, Unpack

from grokkit import models
from grokkit.agents.held import Journals
from grokkit.agents.making import MakesAgents
from grokkit.clock import SystemClock
from grokkit.config import Config, Secret, SecretURL, resolve
from grokkit.errors import ConfigInvalid
from grokkit.layers.deadline import Deadline
from grokkit.layers.log import Log
from grokkit.layers.own import Own
from grokkit.layers.shared import Shared, of_process
from grokkit.layers.trace import Trace
from grokkit.pipeline import Stacks, by_ring
from grokkit.resources.account import AsyncAccount
from grokkit.resources.cached import AsyncCachedAnswers
from grokkit.resources.channel import Channel, prices_of
from grokkit.resources.chat import AsyncChat
from grokkit.resources.models import AsyncModels
from grokkit.resources.prompted import PromptedForTypes
from grokkit.resources.responses import AsyncResponses
from grokkit.sessions.collection import AsyncSessions
from grokkit.sessions.held import SessionStores
from grokkit.stores.memory import MemoryStore
from grokkit.telemetry.logging import log_event
from grokkit.telemetry.span import tell_all
from grokkit.transport.auth import Auth
from grokkit.transport.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path

    from grokkit.call import Call, Layer, Next
    from grokkit.clock import Clock
    from grokkit.config import Builder, Cache, Circuit, Fallback, Hedge, RateLimit, Retry, Setting, Timeouts
    from grokkit.layers.health import Health
    from grokkit.local import Engine
    from grokkit.pipeline import Stack
    from grokkit.resources.downloads import Download, DownloadOptions
    from grokkit.resources.responses import ResponsesOptions
    from grokkit.resources.stream import AsyncStream
    from grokkit.sessions import AsyncSession, SessionStore
    from grokkit.sessions.collection import SessionOptions
    from grokkit.stores import Store
    from grokkit.telemetry.events import Event, Hook
    from grokkit.transport import Transport
    from grokkit.wire.answer import Answer


class ConfigOptions(TypedDict, total=False):
    """The settings of a client as keyword arguments: docs/configuration.md has a line on each."""

    api_key: str | Secret | Callable[[], str] | Callable[[], Awaitable[str]] | None
    base_url: str
    model: str
    timeout: float | timedelta | Timeouts | Mapping[str, Any] | None
    headers: Mapping[str, str]
    user_agent: str | None
    proxy: str | SecretURL | None
    ca_file: str | Path | None
    client_cert: str | Path | None
    client_key: str | Path | None
    trust_env: bool
    max_connections: int
    max_body_size: int
    max_event_size: int
    store: bool
    stream_long_calls: bool
    retries: int | Retry | Mapping[str, Any] | None
    rate_limit: str | RateLimit | Mapping[str, Any] | None
    circuit: str | float | Circuit | Mapping[str, Any] | None
    hedge: str | float | Hedge | Mapping[str, Any] | None
    fallback: Sequence[Any] | Fallback | Mapping[str, Any] | None
    cache: bool | float | str | SecretURL | Store | Cache | Mapping[str, Any] | None
    coalesce: bool
    tenant: str | None
    priority: Literal["high", "normal", "low"]
    state: str | SecretURL | Store | None
    sessions: str | SecretURL | SessionStore | None
    sessions_key: str | Secret | None
    profile: str | None


class ClientOptions(ConfigOptions, total=False):
    """The settings, and the parts a client is built of."""

    transport: Transport | None
    """What carries the calls; a client closes only the one it made itself."""
    layers: Sequence[Layer]
    """Your own layers: outside all retries, or, with `ring = "attempt"`, around every attempt."""
    hooks: Sequence[Hook]
    """Functions that are told what happens: see `grokkit.telemetry.events`."""
    clock: Clock | None


_PARTS = frozenset({"transport", "layers", "hooks", "clock"})
_SHARED = _PARTS | {"proxy", "ca_file", "client_cert", "client_key", "trust_env", "max_connections", "state"}
"""What a derived client has in common with the one it comes from."""


class AsyncGrok(MakesAgents, PromptedForTypes):
    """The asynchronous client.

    Settings come from the arguments, else the environment, else a file, else the defaults; `explain()` tells
    which. It can be used from several event loops, one after the other, and after a fork. `print(grok.stack)`
    shows the way of a call.

        async with AsyncGrok() as grok:
            print(await grok.ask("Why is the sky blue?"))

    Raises `ConfigInvalid` for settings that cannot be right.
    """

    _own_transport: Transport | None = None
    _own_store: Store | None = None
    _engine: Engine | None = None

    def __init__(self, **options: Unpack[ClientOptions]) -> None:
        if isinstance(key := options.get("api_key"), str):
            options["api_key"] = Secret(key)
        _refuse_unknown(options)
        config = resolve({name: value for name, value in options.items() if name not in _PARTS})
        given = options.get("transport")
        transport = given or _default_transport(config)
        hooks = [log_event, *options.get("hooks", ())]
        told = partial(tell_all, hooks)
        shared = _shared(config, options, told)
        own = Own(shared, hooks, told, prices_of)
        slots: dict[str, list[Layer]] = {"trace": [Trace(hooks, shared.clock)], **by_ring(options.get("layers", ()))}
        channel = Channel(config, _stacks(config, transport, shared, own, slots), shared.clock)
        self._own_transport = None if given else transport
        self._own_store = shared.store if isinstance(config.state, SecretURL) else None
        self._attach(channel, shared, own, SessionStores(), Journals())

    def _attach(self, channel: Channel, shared: Shared, own: Own, kept: SessionStores, journals: Journals) -> None:
        self._channel = channel
        self._shared = shared
        self._own = own
        self._kept = kept
        self._journals = journals
        self.chat = AsyncChat(channel)
        self.responses = AsyncResponses(channel)
        self.models = AsyncModels(channel)
        self.account = AsyncAccount(channel)
        self.cache = AsyncCachedAnswers(channel, own)
        self.sessions = AsyncSessions(channel, self.responses, kept)

    @classmethod
    def builder(cls) -> Builder[Self]:
        """The settings step by step: `AsyncGrok.builder().model("grok-4.3").timeout(total=60).build()`."""
        from grokkit.config import Builder

        return Builder(cls)

    @classmethod
    def local(cls, path: str | Path | None = None, /, **options: Unpack[ClientOptions]) -> Self:
        """A client of a small model on this machine: no key, no network. Needs `grokkit[local]`.

        `path` is that of a GGUF file; without one the weights that `grokkit local pull` fetched are used. Starting
        the engine takes about a second; inside a running loop, make the client in `asyncio.to_thread`.

        Raises `ConfigInvalid` for a file that is no model, or that is not there.
        """
        from grokkit import local
        from grokkit.local.dialect import LocalDialect

        engine = local.start(path)
        options.setdefault("base_url", engine.base_url)
        options.setdefault("model", engine.model)
        options.setdefault("api_key", "local")
        options["layers"] = [*options.get("layers", ()), LocalDialect()]
        client = cls(**options)
        client._engine = engine
        return client

    @property
    def config(self) -> Config:
        """The settings in force."""
        return self._channel.config

    @property
    def stack(self) -> Stack:
        """The layers a call passes, outermost first."""
        return self._channel.stack

    def explain(self) -> list[Setting]:
        """Each setting, its value (secrets masked) and where it came from."""
        return self.config.explain()

    def health(self) -> Health:
        """How calls fare at this moment: circuits, limits, queues, retries, latencies. `print(grok.health())`.

        What the clients of this process have in common is told by each of them, for its own key and address.
        """
        from grokkit.layers.health import health_of

        return health_of(self._shared, self._channel.account)

    async def ask(self, prompt: str, *, model: str | None = None, **options: Unpack[ResponsesOptions]) -> Answer:
        """The model's answer to a prompt: `(await grok.ask("...")).text`. Takes what `responses.create` takes.

        Functions among `tools` are run as the model asks for them, within the limits of `RunLimits()`; the answer is
        then the last one, and its `usage` that of all. `grok.agent(...)` has all that can be said about such runs.
        """
        if (agent := self._agent_for(model, options)) is not None:
            return await self._answer_of(agent, prompt)
        return await self.responses.create(input=prompt, model=model, **options)

    def stream(self, prompt: str, *, model: str | None = None, **options: Unpack[ResponsesOptions]) -> AsyncStream:
        """The same answer while it arrives; open it with `async with`."""
        stream = self.responses.stream(input=prompt, model=model, **options)
        agent = self._agent_for(model, options)
        return stream if agent is None else self._stream_of(agent, prompt, stream)

    def session(self, name: str, **options: Unpack[SessionOptions]) -> AsyncSession:
        """The conversation of that name, to begin or to go on with: `await grok.session("support-42").ask("Hello")`.

        It is in `store`, else where the setting `sessions` says, else in the user's own file. `SessionOptions` has
        what may be said of it. Raises `ConfigInvalid` for a text that names no store.
        """
        return self.sessions.open(name, **options)

    async def download(self, url: str, **options: Unpack[DownloadOptions]) -> Download:
        """A file at an address that you may not know: an image, a video, a citation. `DownloadOptions` has the options.

        Nothing of yours is sent: no key, cookie or header. Only public hosts are asked, over https; loopback, private
        networks and metadata services of clouds are refused, whatever spelling, name or redirect (at most five) leads
        there, unless `hosts` names them with their port. A proxy, where one is in force, looks names up itself: then
        addresses and names are judged, and what the names stand for is left to it. The file comes straight from the
        network, past the client's layers and transport.

        Raises `DownloadRefused` for what the rules do not allow, and for a disk that does not take it; `NotFound` for
        what is not there, or expired; and what any call raises.

        >>> grok = AsyncGrok(api_key="xai-0123456789abcdef")
        >>> asyncio.run(grok.download("https://169.254.169.254/latest"))  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        grokkit.errors.DownloadRefused: ...169.254.169.254 is not a public host...
        """
        from grokkit.resources.downloads import download

        return await download(self._channel, url, **options)

    def with_options(self, **changes: Unpack[ConfigOptions]) -> Self:
        """A client with some settings changed that shares this one's connections, layers and hooks.

        Timeouts and headers are merged: parts that are not given stay. Closing it closes no connection; it is
        closed with the client that it comes from.

        Raises `ConfigInvalid` for what is shared (proxy, certificates, `max_connections`) and for wrong settings.

        >>> grok = AsyncGrok(api_key="xai-0123456789abcdef", timeout=60)
        >>> grok.with_options(model="grok-4.3", timeout={"idle": 5}).config.timeout
        Timeouts(total=60.0, idle=5.0)
        """
        if isinstance(key := changes.get("api_key"), str):
            changes["api_key"] = Secret(key)
        del key
        _refuse_shared(changes)
        channel = self._channel.derived(self.config.replace(**changes))
        return self._over(channel, self._shared, self._own, self._kept, self._journals)

    @classmethod
    def _over(cls, channel: Channel, shared: Shared, own: Own, kept: SessionStores, journals: Journals) -> Self:
        self = cls.__new__(cls)
        self._attach(channel, shared, own, kept, journals)
        return self

    def serving(self, call: Call) -> tuple[Call, Next]:
        """A call of another client as this one makes it, and the way to send it: what `fallback=` asks of a client."""
        return self._channel.adopted(call)

    async def warmup(self) -> None:
        """Open a connection ahead of the first call, and prove that the key works.

        Raises what a call would: `KeyRejected`, `ConnectionFailed` ...
        """
        await self.models.list()

    async def close(self) -> None:
        """Close the connections of the running loop; later calls raise `ClientClosed`, and so do those that wait.

        A call that waits for its turn or for another try ends at once; one that is on its way ends with its connection.
        A derived client closes no connection: it ends its own calls that wait.
        """
        self._channel.close()
        if not self._channel.is_derived:
            await self._own.aclose()
            await self._kept.aclose()
            await self._journals.aclose()
        close = getattr(self._own_transport, "aclose", None)
        if close is not None:
            await close()
        if self._own_store is not None:
            await self._own_store.aclose()
        if self._engine is not None:
            await asyncio.to_thread(self._engine.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.config.base_url} {self.config.model}>"


def _refuse_unknown(options: Mapping[str, object]) -> None:
    known = [*ClientOptions.__annotations__]
    for name in options:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise ConfigInvalid(f"a client has no setting {name!r}", hint=hint, param=name)


def _refuse_shared(changes: Mapping[str, object]) -> None:
    shared = sorted(_SHARED & changes.keys())
    if shared:
        raise ConfigInvalid(
            f"with_options cannot change {', '.join(shared)}: a derived client has that in common with its parent",
            hint="make a new client with Grok(...)",
            param=shared[0],
        )


def _default_transport(config: Config) -> Transport:
    from grokkit.transport.aiohttp import AiohttpTransport

    transport = AiohttpTransport(
        max_connections=config.max_connections,
        proxy=config.proxy.reveal() if config.proxy else None,
        ca_file=_path(config.ca_file),
        client_cert=_path(config.client_cert),
        client_key=_path(config.client_key),
        trust_env=config.trust_env,
    )
    transport.prepare(config.base_url)
    return transport


def _shared(config: Config, options: ClientOptions, told: Callable[[Event], object]) -> Shared:
    clock, given = options.get("clock"), options.get("transport")
    if config.state is None and clock is None and given is None:
        return of_process(models.limits_of)
    clock = clock or SystemClock()
    return Shared(clock, _store(config, clock, told), models.limits_of)


def _store(config: Config, clock: Clock, told: Callable[[Event], object]) -> Store:
    local = MemoryStore(clock.now)
    if config.state is None:
        return local
    from grokkit.stores import Degrading, open_store

    where = config.state
    store = open_store(where.reveal()) if isinstance(where, SecretURL) else where
    return store if isinstance(store, MemoryStore) else Degrading(store, local, clock=clock, told=told)


def _stacks(
    config: Config, transport: Transport, shared: Shared, own: Own, given: Mapping[str, Iterable[Layer]]
) -> Stacks:
    clock = shared.clock
    slots = {
        **given,
        "deadline": [Deadline(clock, shared.figures)],
        "log": [Log()],
        "auth": [Auth(config.api_key)],
    }
    return Stacks(slots, {**shared.by_slot(), **own.by_slot()}, Exchange(transport, clock, shared.figures.answered))


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path)
