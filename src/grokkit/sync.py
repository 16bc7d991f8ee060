"""Grok: the blocking client. Each method is the async one, waited for on a loop in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, Unpack, cast

from grokkit._blocking import Stream, blocking, streaming
from grokkit._blocking_typed import TypedStream, typed_streaming
from grokkit._portal import is_started, portal
from grokkit.client import AsyncGrok
from grokkit.resources.account import AsyncAccount
from grokkit.resources.cached import AsyncCachedAnswers
from grokkit.resources.chat import AsyncChat
from grokkit.resources.models import AsyncModels
from grokkit.resources.responses import AsyncResponses
from grokkit.sessions.collection import AsyncSessions
from grokkit.sessions.record import TurnNotSaved
from grokkit.sessions.session import AsyncSession
from grokkit.sync_agents import MakesAgents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from grokkit.call import Call, Next
    from grokkit.client import ClientOptions, ConfigOptions
    from grokkit.config import Builder, Config, Setting
    from grokkit.layers.cache import CacheHealth
    from grokkit.layers.health import Health
    from grokkit.pipeline import Stack
    from grokkit.resources.responses import ResponsesOptions
    from grokkit.sessions import SessionInfo, SessionStore
    from grokkit.sessions.collection import SessionOptions, TurnOptions
    from grokkit.sessions.session import Prompted
    from grokkit.sessions.stream import SessionStream as AsyncSessionStream
    from grokkit.wire.events import StreamEvent

__all__ = [
    "Account",
    "CachedAnswers",
    "Chat",
    "Grok",
    "Models",
    "Responses",
    "Session",
    "Sessions",
    "Stream",
    "TypedStream",
]

Stream.__module__ = TypedStream.__module__ = __name__  # this is where it is looked for


class _Face:
    def __init__(self, twin: Any) -> None:
        self.twin = twin


class Chat(_Face):
    """`grok.chat`."""

    create = blocking(AsyncChat.create)
    stream = streaming(AsyncChat.stream)
    parse = blocking(AsyncChat.parse)
    parse_stream = typed_streaming(AsyncChat.parse_stream)


class Responses(_Face):
    """`grok.responses`."""

    create = blocking(AsyncResponses.create)
    stream = streaming(AsyncResponses.stream)
    parse = blocking(AsyncResponses.parse)
    parse_stream = typed_streaming(AsyncResponses.parse_stream)
    get = blocking(AsyncResponses.get)
    delete = blocking(AsyncResponses.delete)
    input_items = blocking(AsyncResponses.input_items)
    compact = blocking(AsyncResponses.compact)


class Models(_Face):
    """`grok.models`."""

    list = blocking(AsyncModels.list)
    get = blocking(AsyncModels.get)
    list_language = blocking(AsyncModels.list_language)
    get_language = blocking(AsyncModels.get_language)
    list_image = blocking(AsyncModels.list_image)
    get_image = blocking(AsyncModels.get_image)
    list_video = blocking(AsyncModels.list_video)
    get_video = blocking(AsyncModels.get_video)


class Account(_Face):
    """`grok.account`."""

    api_key = blocking(AsyncAccount.api_key)
    me = blocking(AsyncAccount.me)


class CachedAnswers(_Face):
    """`grok.cache`."""

    twin: AsyncCachedAnswers

    invalidate = blocking(AsyncCachedAnswers.invalidate)

    def health(self) -> CacheHealth:
        """How often there was a stored answer, since the client was made."""
        return self.twin.health()


class SessionStream(Stream):
    """The answer of a session's turn while it arrives: a `Stream` like any other, which keeps the turn when it ends.

    Closing it raises `TurnNotSaved` where the turn could not be kept and nobody was told.
    """

    _told = False

    def __next__(self) -> StreamEvent:
        try:
            return super().__next__()
        except TurnNotSaved:
            self._told = True
            raise

    def close(self) -> None:
        """Close the connection, and wait until the turn is kept. Safe to call twice."""
        super().close()
        told, self._told = self._told, True
        unsaved = cast("AsyncSessionStream", self._twin).unsaved
        if unsaved is not None and not told:
            raise unsaved


class Session(_Face):
    """A conversation in a store, under a name: `grok.session("support-42")`. Any thread may use it: see `AsyncSession`.

    >>> from grokkit.testing import Simulator
    >>> with Simulator().grok(sessions="memory") as grok:
    ...     session = grok.session("sums")
    ...     answer = session.ask("What is 17*23?")
    ...     [turn.said for turn in session.history()]
    ['What is 17*23?\\n17 * 23 = 391']
    """

    twin: AsyncSession

    ask = blocking(AsyncSession.ask)
    history = blocking(AsyncSession.history)
    items = blocking(AsyncSession.items)
    append = blocking(AsyncSession.append)
    save = blocking(AsyncSession.save)
    info = blocking(AsyncSession.info)
    describe = blocking(AsyncSession.describe)
    rewind = blocking(AsyncSession.rewind)
    compact = blocking(AsyncSession.compact)
    export = blocking(AsyncSession.export)
    import_ = blocking(AsyncSession.import_)
    delete = blocking(AsyncSession.delete)

    def __repr__(self) -> str:
        return repr(self.twin).replace(type(self.twin).__name__, type(self).__name__, 1)

    @property
    def name(self) -> str:
        """What the conversation is found by."""
        return self.twin.name

    def stream(self, prompt: Prompted, *, model: str | None = None, **options: Unpack[ResponsesOptions]) -> Stream:
        """The same answer while it arrives; open it with `with`. The turn is kept when the stream ends."""
        return SessionStream(self.twin.stream(prompt, model=model, **options))

    def fork(self, name: str, *, at: int | None = None) -> Self:
        """A new session that begins as this one: see `AsyncSession.fork`."""
        return type(self)(portal().run(lambda: self.twin.fork(name, at=at)))


class Sessions(_Face):
    """`grok.sessions`: those of the client's store and tenant; iterate it for all of them."""

    twin: AsyncSessions

    search = blocking(AsyncSessions.search)
    info = blocking(AsyncSessions.info)
    describe = blocking(AsyncSessions.describe)
    export = blocking(AsyncSessions.export)
    import_ = blocking(AsyncSessions.import_)
    delete = blocking(AsyncSessions.delete)
    list = blocking(AsyncSessions.list)

    def __iter__(self) -> Iterator[SessionInfo]:
        return self.each()

    def __repr__(self) -> str:
        return repr(self.twin).replace(type(self.twin).__name__, type(self).__name__, 1)

    def in_store(self, store: str | SessionStore) -> Self:
        """The sessions of another store: see `AsyncSessions.in_store`."""
        return type(self)(self.twin.in_store(store))

    def for_tenant(self, tenant: str | None) -> Self:
        """The sessions of another tenant; of the client's own when it is None."""
        return type(self)(self.twin.for_tenant(tenant))

    def open(
        self,
        name: str,
        *,
        store: str | SessionStore | None = None,
        tenant: str | None = None,
        **options: Unpack[TurnOptions],
    ) -> Session:
        """The session of that name: see `AsyncSessions.open`."""
        return Session(self.twin.open(name, store=store, tenant=tenant, **options))

    def each(self, *, tag: str | None = None) -> Iterator[SessionInfo]:
        """All sessions, the one with the latest turn first: see `AsyncSessions.each`."""
        after: str | None = None
        while True:
            page = self.list(tag=tag, after=after)
            yield from page.sessions
            if (after := page.next) is None:
                return


class Grok(MakesAgents):
    """The blocking client: `Grok().ask("hello").text`. Takes what `AsyncGrok` takes, and does the same.

    It may be used from several threads at once, in notebooks, and after a fork.
    """

    def __init__(self, **options: Unpack[ClientOptions]) -> None:
        self._attach(AsyncGrok(**options))

    def _attach(self, twin: AsyncGrok) -> None:
        self.twin = twin
        self.chat = Chat(twin.chat)
        self.responses = Responses(twin.responses)
        self.models = Models(twin.models)
        self.account = Account(twin.account)
        self.cache = CachedAnswers(twin.cache)
        self.sessions = Sessions(twin.sessions)

    @classmethod
    def builder(cls) -> Builder[Self]:
        """The settings step by step: `Grok.builder().model("grok-4.3").timeout(total=60).build()`."""
        from grokkit.config import Builder

        return Builder(cls)

    @classmethod
    def local(cls, path: str | Path | None = None, /, **options: Unpack[ClientOptions]) -> Self:
        """A client of a small model on this machine: see `AsyncGrok.local`."""
        return cls._of(AsyncGrok.local(path, **options))

    @classmethod
    def _of(cls, twin: AsyncGrok) -> Self:
        self = cls.__new__(cls)
        self._attach(twin)
        return self

    @property
    def config(self) -> Config:
        """The settings in force."""
        return self.twin.config

    @property
    def stack(self) -> Stack:
        """The layers a call passes, outermost first."""
        return self.twin.stack

    def health(self) -> Health:
        """How calls fare at this moment: see `AsyncGrok.health`."""
        return self.twin.health()

    def serving(self, call: Call) -> tuple[Call, Next]:
        """What `fallback=` asks of a client: see `AsyncGrok.serving`."""
        return self.twin.serving(call)

    def explain(self) -> list[Setting]:
        """Each setting, its value (secrets masked) and where it came from."""
        return self.twin.explain()

    def with_options(self, **changes: Unpack[ConfigOptions]) -> Self:
        """A client with some settings changed that shares this one's connections: see `AsyncGrok.with_options`."""
        return self._of(self.twin.with_options(**changes))

    def session(self, name: str, **options: Unpack[SessionOptions]) -> Session:
        """The conversation of that name, to begin or to go on with: see `AsyncGrok.session`."""
        return self.sessions.open(name, **options)

    ask = blocking(AsyncGrok.ask)
    stream = streaming(AsyncGrok.stream)
    parse = blocking(AsyncGrok.parse)
    parse_stream = typed_streaming(AsyncGrok.parse_stream)
    download = blocking(AsyncGrok.download)
    warmup = blocking(AsyncGrok.warmup)

    def close(self) -> None:
        """Close the connections; later calls raise `ClientClosed`, and so do those of other threads that wait.

        Before the first blocking call of the process there are none, and no thread is started to close them.
        A derived client closes no connection.
        """
        if is_started():
            portal().run(self.twin.close)
        else:
            self._close_unused()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _close_unused(self) -> None:
        twin = self.twin
        twin._channel.close()  # noqa: SLF001 - two faces of one client
        if twin._engine is not None:  # noqa: SLF001
            twin._engine.close()  # noqa: SLF001

    def __repr__(self) -> str:
        return f"<Grok {self.config.base_url} {self.config.model}>"
