"""The simulator: a faithful xAI API on this machine, on sockets or as a transport."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import pkgutil
import random
import time
import uuid
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from grokkit.client import AsyncGrok
from grokkit.clock import SystemClock
from grokkit.errors import Misused
from grokkit.sync import Grok
from grokkit.testing.simulator.app import App
from grokkit.testing.simulator.bill import PromptCache, make_bill
from grokkit.testing.simulator.faults import NO_FAULT, Chance, make_fault
from grokkit.testing.simulator.fetching import Fetched, fetch
from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.hosting import Backstage, Host, listen
from grokkit.testing.simulator.keys import Key, Keys, secret_of
from grokkit.testing.simulator.latency import check_latency, drawn
from grokkit.testing.simulator.limits import Limits
from grokkit.testing.simulator.memory import SimulatorTransport
from grokkit.testing.simulator.mind import Mind
from grokkit.testing.simulator.script import Script
from grokkit.testing.simulator.serving_models import ANY, Models

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grokkit.client import ClientOptions
    from grokkit.clock import Clock
    from grokkit.testing.simulator.bill import Bill
    from grokkit.testing.simulator.faults import Fault
    from grokkit.testing.simulator.latency import Latency
    from grokkit.testing.simulator.matching import Conditions
    from grokkit.testing.simulator.script import Rule
    from grokkit.testing.simulator.seen import Seen
    from grokkit.testing.simulator.thought import Prompt, Thought
    from grokkit.testing.simulator.visit import Visit

S = TypeVar("S")

_UNSERVED = "http://simulator.invalid"
_UNSERVED_MANAGEMENT = "http://management.simulator.invalid"
_KEBAB_CODES_SINCE = date(2026, 7, 1)


class Simulator:
    """An xAI API that answers by itself: `async with Simulator() as sim:` or `with Simulator() as sim:`.

    The first serves on the running loop, the second on a thread of its own; `sim.transport()` needs neither.
    Deterministic: the same `seed` and requests give the same texts, tokens and ids. `clock` is what all waiting
    and all moments follow. `as_of` is the day whose API is simulated: the models of that day, its spelling of
    error codes, and the date in replies; without it, today's date and the newest API known.

    `latency` is how long a reply takes to begin (seconds, or a distribution such as `lognormal:0.3,0.5`), `pace` how
    many tokens a second are generated (`None`: all at once), `job_seconds` how long deferred work takes.

    Raises `ConfigInvalid` when the port is taken, `Misused` for a latency that does not exist.

    >>> with Simulator() as sim:
    ...     sim.grok().chat.create("grok-4.7", messages=[{"role": "user", "content": "Hi"}]).usage.input_tokens
    7
    """

    def __init__(
        self,
        seed: int = 0,
        clock: Clock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        management_port: int = 0,
        key: str | None = None,
        management_key: str | None = None,
        as_of: date | None = None,
        latency: Latency | None = None,
        pace: float | None = None,
        job_seconds: float = 0.05,
        zero_data_retention: bool = False,
    ) -> None:
        self.seed = seed
        self.clock: Clock = clock or SystemClock()
        check_latency(latency)
        self.latency = latency
        self.pace = pace
        self.job_seconds = job_seconds
        self.zero_data_retention = zero_data_retention
        self.key = key or secret_of("key", seed)
        self.management_key = management_key or secret_of("management-key", seed)
        self.team_id = str(_uuid(seed, "team", 0))
        self.models = Models(as_of or date.today())  # noqa: DTZ011 - a default: which models are retired by now
        self.speaks_old_codes = as_of is not None and as_of < _KEBAB_CODES_SINCE
        self._addresses = [(host, port), (host, management_port)]
        self._start = (self.clock.now(), _noon(as_of) if as_of else time.time())
        self._hosts: list[Host] = []
        self._backstage: Backstage | None = None
        self._urls = (_UNSERVED, _UNSERVED_MANAGEMENT)
        self.keys, self.management_keys, self.client_secrets = Keys(), Keys(management=True), Keys()
        self.reset()
        tables = _tables()
        self.app = App(self, [table for table in tables if not table.management], self.keys)
        self.management_app = App(self, [table for table in tables if table.management], self.management_keys)

    def reset(self) -> None:
        """Forget everything: rules, calls, files, stored responses. Keys are the first ones again."""
        self.calls: list[Seen] = []
        """What was seen, oldest first."""
        self.script = Script()
        self._chances: list[Chance] = []
        self.mind = Mind(self.seed)
        self.limits = Limits()
        self._cache = PromptCache()
        self._states: dict[type, Any] = {}
        self._ids = 0
        self._own_keys()

    def _own_keys(self) -> None:
        for keys, secret in ((self.keys, self.key), (self.management_keys, self.management_key)):
            keys.by_secret.clear()
            named = {word: str(_uuid(self.seed, word, 0)) for word in ("key", "user")}
            keys.add(Key(secret=secret, id=named["key"], team_id=self.team_id, user_id=named["user"]))
        self.client_secrets.by_secret.clear()

    def on(self, **conditions: Unpack[Conditions]) -> Rule:
        """A rule for the requests that fit: `sim.on(last="weather").reply("Rainy.")`. The newest that fits answers.

        Raises `Misused` for a condition that does not exist.

        >>> sim = Simulator()
        >>> _ = sim.on(last="capital of Norway").reply("Oslo.")
        >>> print(sim.grok().ask("What is the capital of Norway?"))  # doctest: +SKIP
        Oslo.
        """
        return self.script.on(conditions)

    def faults(self, probability: float = 1.0, *, on: Conditions | None = None, **fields: Any) -> None:
        """Let some requests go wrong, by the seed: `sim.faults(0.1, status=503)`, `sim.faults(cut_at_byte=200)`.

        `fields` are those of `Fault`; `on` are conditions as of `sim.on`. Of several, the first that strikes counts,
        and a scripted fault comes before them. Raises `Misused` for a fault that does not exist.
        """
        fault = make_fault(fields)
        seed = f"{self.seed}:{len(self._chances)}:{fault}"
        self._chances.append(Chance(probability=probability, fault=fault, conditions=on or {}, seed=seed))

    def fault_for(self, visit: Visit) -> Fault:
        """What goes wrong with a request: what its script says, else what chance says."""
        if visit.cue is not None and visit.cue.step.manner is not NO_FAULT:
            return visit.cue.step.manner
        drawn = [chance.drawn(visit) for chance in self._chances]
        return next((fault for fault in drawn if fault is not None), NO_FAULT)

    def wait_for(self, visit: Visit, fault: Fault) -> float:
        """How many seconds pass before a reply begins."""
        draw = random.Random(f"{self.seed}:{visit.id}")  # noqa: S311 - the same waits for the same seed
        delay = visit.cue.step.delay if visit.cue is not None else None
        own = fault.latency if fault.latency is not None or delay is not None else self.latency
        return drawn(own, draw) + drawn(delay, draw)

    async def fetch(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        management: bool = False,
    ) -> Fetched:
        """The raw reply to a request with this simulator's key, with no client in between."""
        return await fetch(self, method, path, json=json, content=content, headers=headers, management=management)

    @property
    def base_url(self) -> str:
        """The address of the inference API, `/v1` included."""
        return f"{self._urls[0]}/v1"

    @property
    def management_url(self) -> str:
        """The address of the management API."""
        return self._urls[1]

    @property
    def serving(self) -> bool:
        """Whether it answers on sockets."""
        return bool(self._hosts)

    def transport(self) -> SimulatorTransport:
        """A grokkit transport into this simulator with no socket in between."""
        return SimulatorTransport(self)

    def grok(self, **options: Unpack[ClientOptions]) -> Grok:
        """A blocking client of this simulator: over its sockets when it serves, else over its transport."""
        return Grok(**self._client_options(options))

    def async_grok(self, **options: Unpack[ClientOptions]) -> AsyncGrok:
        """An asynchronous client of this simulator."""
        return AsyncGrok(**self._client_options(options))

    def _client_options(self, options: ClientOptions) -> ClientOptions:
        own: ClientOptions = {"base_url": self.base_url, "api_key": self.key, "trust_env": False}
        if not isinstance(self.clock, SystemClock):
            own["clock"] = self.clock
        if not self.serving:
            own["transport"] = self.transport()
        return {**own, **options}

    def state(self, kind: type[S]) -> S:
        """The one object of this class that this simulator keeps; made at first use, gone with `reset()`."""
        if kind not in self._states:
            self._states[kind] = kind()
        found: S = self._states[kind]
        return found

    def time(self) -> float:
        """Unix time, on the simulator's clock."""
        began, at = self._start
        return at + (self.clock.now() - began)

    def today(self) -> datetime:
        """The same as a date."""
        return datetime.fromtimestamp(self.time(), UTC)

    def service_tier(self, *, priority: bool) -> str | None:
        """The `service_tier` of a reply; `None` before there were tiers."""
        if self.speaks_old_codes:
            return None
        return "priority" if priority else "default"

    def new_id(self) -> str:
        """A UUID; the n-th of a seed is always the same."""
        self._ids += 1
        return str(_uuid(self.seed, "id", self._ids))

    def note(self, seen: Seen) -> Seen:
        """Keep the record of a request."""
        self.calls.append(seen)
        return seen

    async def think(self, prompt: Prompt, visit: Visit) -> Thought:
        """The script's answer to a prompt, else the mind's."""
        scripted = await visit.cue.thought(visit) if visit.cue else None
        return scripted or await self.mind.think(prompt)

    def make_bill(self, prompt: Prompt, thoughts: Sequence[Thought], visit: Visit) -> Bill:
        """What these answers cost."""
        model = self.models.serving(prompt.model, ANY)
        cached = self._cache.cached(visit.key.id if visit.key else "", prompt)
        return make_bill(prompt, thoughts, model, cached)

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    def __enter__(self) -> Self:
        self._backstage = Backstage()
        try:
            self._backstage.run(self._open())
        except BaseException:
            self._leave_backstage()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._backstage is not None:
            self._backstage.run(self._close())
            self._leave_backstage()

    def _leave_backstage(self) -> None:
        backstage, self._backstage = self._backstage, None
        if backstage is not None:
            backstage.stop()

    async def _open(self) -> None:
        if self._hosts:
            raise Misused("this simulator is serving already", hint="make another one: Simulator()")
        listeners = [listen(*self._addresses[0])]
        try:
            listeners.append(listen(*self._addresses[1]))
        except BaseException:
            listeners[0].close()
            raise
        hosts = [Host(app, listener) for app, listener in zip((self.app, self.management_app), listeners, strict=True)]
        for host in hosts:
            await host.open()
        names = [listener.getsockname() for listener in listeners]
        self._hosts = hosts
        self._urls = (_url(*names[0][:2]), _url(*names[1][:2]))

    async def _close(self) -> None:
        hosts, self._hosts = self._hosts, []
        self._urls = (_UNSERVED, _UNSERVED_MANAGEMENT)
        await asyncio.gather(*(host.close() for host in hosts))

    def __repr__(self) -> str:
        return f"<Simulator {self.base_url}>"


def _tables() -> list[Table]:
    """Every `Table` of every module in `nouns`."""
    from grokkit.testing.simulator import nouns

    found: dict[int, Table] = {}
    for module in pkgutil.walk_packages(nouns.__path__, f"{nouns.__name__}."):
        members = vars(importlib.import_module(module.name)).values()
        found |= {id(value): value for value in members if isinstance(value, Table)}
    return list(found.values())


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _uuid(seed: int, word: str, number: int) -> uuid.UUID:
    return uuid.UUID(bytes=hashlib.blake2b(f"{seed}:{word}:{number}".encode(), digest_size=16).digest())


def _noon(day: date) -> float:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
