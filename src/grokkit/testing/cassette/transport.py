"""Cassette: a transport that records what another one carries, and replays it without a network."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TypeAlias, get_args

from grokkit.clock import SystemClock
from grokkit.testing.cassette import file
from grokkit.testing.cassette.drifting import drift_of
from grokkit.testing.cassette.failures import CassetteDrift, CassetteMismatch
from grokkit.testing.cassette.interaction import Interaction
from grokkit.testing.cassette.matching import USUAL, Matcher, explain
from grokkit.testing.cassette.recording import Heard, RecordingBody, request_of, response_of
from grokkit.testing.cassette.replaying import replayed
from grokkit.testing.cassette.scrub import Scrubber
from grokkit.transport import guard

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grokkit.call import Call, Reply
    from grokkit.clock import Clock
    from grokkit.testing.cassette.interaction import Request
    from grokkit.transport import Transport

Mode: TypeAlias = Literal["once", "new", "none", "all"]
Pace: TypeAlias = Literal["at once", "real", "clock"]
OnDrift: TypeAlias = Literal["warn", "error", "ignore"]

_REMEDY = "make the call as it was recorded; or record it: mode='new' adds what is unknown, mode='all' records anew"


class Cassette:
    """A transport that records to a file and replays from it, so that a test needs the network once.

    >>> import asyncio, tempfile
    >>> from grokkit import AsyncGrok
    >>> from grokkit.testing import MockTransport
    >>> path = Path(tempfile.mkdtemp()) / "hello.json"
    >>> real = MockTransport()
    >>> _ = real.on().reply("Hello!")
    >>> for attempt in ("recorded", "replayed"):
    ...     cassette = Cassette(path, transport=real)
    ...     grok = AsyncGrok(api_key="xai-0123456789", model="grok-4.3", transport=cassette)
    ...     print(asyncio.run(grok.ask("Hi")), cassette)
    Hello! <Cassette hello.json, once: 1 recorded, 0 replayed>
    Hello! <Cassette hello.json, once: 0 recorded, 1 replayed>
    >>> len(real.calls), "xai-0123" in path.read_text()
    (1, False)

    `mode`: `once` records when there is no file, else replays and refuses what is new; `new` replays what is
    known and records the rest; `none` never uses the network; `all` records everything anew. Recordings are
    made through `transport` (the usual one when none is given) and written after each call, whole or not at
    all, without secrets. A body that was not read to its end is recorded as far as it was.

    Calls match by method, path, query and body as a server sees them; `match` says otherwise, and `ignore`
    names fields that do not count, as globs over JSON pointers (`/metadata/time`, `/messages/*/name`). The
    same call made twice is replayed in the order of the recording, each one once; with `repeat`, the last
    one as often as asked.

    `pace` of a replay: `at once`, `real` time as recorded, or the recorded times on the `clock` given.
    `drift` tells what to do when a recording is not as xAI's API is now (a field of the reply that its document
    has otherwise, a model that the catalogue says is retired or does not know, a parameter that the model
    rejects, another price): `warn` (`CassetteDrift`), raise an `error`, or `ignore`; the lines are in `drifted`.

    Raises `CassetteMismatch` for a call that is not recorded, with the nearest that is and what differs,
    `CassetteBroken` for a file that is no cassette, and `CassetteUnwritable`.
    """

    def __init__(
        self,
        path: str | Path,
        mode: Mode = "once",
        *,
        transport: Transport | None = None,
        clock: Clock | None = None,
        pace: Pace = "at once",
        match: Iterable[str] = USUAL,
        ignore: Iterable[str] = (),
        repeat: bool = False,
        drift: OnDrift = "warn",
    ) -> None:
        _refuse_unknown(mode=(mode, Mode), pace=(pace, Pace), drift=(drift, OnDrift))
        if pace == "clock" and clock is None:
            raise ValueError("pace='clock' needs a clock: Cassette(..., clock=TurnableClock())")
        self.path = Path(path)
        self.mode = mode
        self.drifted: list[str] = []
        self._transport = transport
        self._own_transport: Transport | None = None
        self._clock = clock or SystemClock()
        self._pace = {"at once": None, "real": SystemClock(), "clock": clock}[pace]
        self._matcher = Matcher(tuple(match), tuple(ignore))
        self._repeat = repeat
        self._on_drift = drift
        self._scrubber = Scrubber()
        self._turn = threading.RLock()
        exists = self.path.exists()
        self._records = mode in {"new", "all"} or (mode == "once" and not exists)
        self._known = file.read(self.path) if exists and mode != "all" else []
        self._replays: dict[int, int] = {}
        self._made: list[Interaction | None] = []

    def __repr__(self) -> str:
        replayed_ = sum(self._replays.values())
        return f"<Cassette {self.path.name}, {self.mode}: {len(self.recorded)} recorded, {replayed_} replayed>"

    @property
    def recorded(self) -> list[Interaction]:
        """What was recorded by now, in the order in which it was asked."""
        return [interaction for interaction in self._made if interaction is not None]

    @property
    def unused(self) -> list[Interaction]:
        """What the file had and nobody asked for."""
        return [interaction for at, interaction in enumerate(self._known) if at not in self._replays]

    async def send(self, call: Call) -> Reply:
        """See `Transport.send`."""
        self._scrubber.learn(call)
        asked = request_of(call, self._scrubber)
        known = self._take(asked)
        if known is not None:
            self._tell_drift(known)
            return await replayed(known, self._pace)
        if not self._records:
            why = "\n".join(explain(self._known, asked, self._matcher, self._replays))
            raise CassetteMismatch(f"the cassette {self.path} {why}\ntry: {_REMEDY}")
        return await self._record(call, asked)

    def verify(self) -> None:
        """Raises `CassetteMismatch` when the file has recordings that nobody asked for."""
        if self.unused:
            asked = "\n".join(f"  {interaction.request}" for interaction in self.unused)
            raise CassetteMismatch(
                f"the cassette {self.path} has recordings that nobody asked for:\n{asked}\n"
                "try: mode='all' records anew what is asked now"
            )

    async def aclose(self) -> None:
        """Close the transport that the cassette made itself, if it did."""
        close = getattr(self._own_transport, "aclose", None)
        if close is not None:
            await close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _take(self, asked: Request) -> Interaction | None:
        with self._turn:
            fitting = [at for at, one in enumerate(self._known) if not self._matcher.differences(one.request, asked)]
            fresh = [at for at in fitting if at not in self._replays]
            turn = fresh[:1] or (fitting[-1:] if self._repeat else [])
            for at in turn:
                self._replays[at] = self._replays.get(at, 0) + 1
                return self._known[at]
            return None

    async def _record(self, call: Call, asked: Request) -> Reply:
        file.check_writable(self.path)
        slot = self._reserve()
        began = self._clock.now()
        with guard.wanted():
            reply = await self._real().send(call)
        after = self._clock.now() - began

        def done(heard: Heard) -> None:
            response = response_of(reply.status, reply.headers, heard, self._scrubber, after=after)
            self._keep(slot, Interaction(request=asked, response=response))

        if reply.stream is None:
            done(Heard([(0.0, reply.body or b"")]))
        else:
            reply.stream = RecordingBody(reply.stream, self._clock, done)
        return reply

    def _reserve(self) -> int:
        with self._turn:
            self._made.append(None)
            return len(self._made) - 1

    def _keep(self, slot: int, interaction: Interaction) -> None:
        with self._turn:
            self._made[slot] = interaction
            file.write(self.path, [*self._known, *self.recorded])

    def _real(self) -> Transport:
        if self._transport is None:
            from grokkit.transport.aiohttp import AiohttpTransport

            self._transport = self._own_transport = AiohttpTransport()
        return self._transport

    def _tell_drift(self, interaction: Interaction) -> None:
        if self._on_drift == "ignore" or not (lines := drift_of(interaction)):
            return
        self.drifted += lines
        text = "\n  ".join([f"{interaction.request} in {self.path} is not as xAI's API is now:", *lines])
        if self._on_drift == "error":
            raise CassetteMismatch(f"{text}\ntry: record it again, with mode='all'")
        warnings.warn(text, CassetteDrift, stacklevel=2)


def _refuse_unknown(**given: tuple[str, object]) -> None:
    for name, (value, kind) in given.items():
        known = get_args(kind)
        if value not in known:
            raise ValueError(f"{name}={value!r}: there is {', '.join(map(repr, known))}")
