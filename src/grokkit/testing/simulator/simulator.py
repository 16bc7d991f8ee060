"""The simulator: a faithful xAI API on this machine, on sockets or as a transport."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from grokkit.client import AsyncGrok
from grokkit.clock import SystemClock
from grokkit.errors import Misused
from grokkit.sync import Grok
from grokkit.testing.simulator.app import App
from grokkit.testing.simulator.faults import Chance, make_fault
from grokkit.testing.simulator.fetching import Fetched, fetch
from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.hosting import Backstage, Host, listen
from grokkit.testing.simulator.limits import Allowance, Outage
from grokkit.testing.simulator.local_mind import LocalMind
from grokkit.testing.simulator.memory import SimulatorTransport
from grokkit.testing.simulator.nearest import check_names
from grokkit.testing.simulator.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from grokkit.client import ClientOptions
    from grokkit.clock import Clock
    from grokkit.testing.simulator.latency import Latency
    from grokkit.testing.simulator.matching import Conditions
    from grokkit.testing.simulator.script import Rule

_UNSERVED = "http://simulator.invalid"
_UNSERVED_MANAGEMENT = "http://management.simulator.invalid"


class Simulator(World):
    """An xAI API that answers by itself: `async with Simulator() as sim:` or `with Simulator() as sim:`.

    The first serves on the running loop, the second on a thread of its own; `sim.transport()` needs neither.
    Deterministic: the same `seed` and requests give the same texts, tokens and ids. `clock` is what all waiting
    and all moments follow. `as_of` is the day whose API is simulated: the models of that day, its spelling of
    error codes, and the date in replies; without it, today's date and the newest API known.

    `latency` is how long a reply takes to begin (seconds, or a distribution such as `lognormal:0.3,0.5`), `pace` how
    many tokens a second are generated (`None`: all at once), `job_seconds` how long deferred work takes.
    `engine="local"` lets the embedded model think (needs `grokkit[local]`). `remembers` is how many requests `calls`
    holds before it forgets the oldest; `count` counts them all.

    Raises `ConfigInvalid` when the port is taken, `Misused` for a latency that does not exist.

    >>> with Simulator() as sim:
    ...     sim.grok().chat.create("grok-4.7", messages=[{"role": "user", "content": "What is 17*23?"}]).text
    '17 * 23 = 391'
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
        engine: Literal["rules", "local"] = "rules",
        remembers: int = 10_000,
    ) -> None:
        check_names("engine", [engine], ("rules", "local"))
        super().__init__(
            seed=seed,
            clock=clock,
            key=key,
            management_key=management_key,
            as_of=as_of,
            latency=latency,
            pace=pace,
            job_seconds=job_seconds,
            zero_data_retention=zero_data_retention,
            thinker=LocalMind(seed) if engine == "local" else None,
            remembers=remembers,
        )
        self._addresses = [(host, port), (host, management_port)]
        self._hosts: list[Host] = []
        self._backstage: Backstage | None = None
        self._urls = (_UNSERVED, _UNSERVED_MANAGEMENT)
        tables = _tables()
        self.app, self.management_app = (
            App(self, [table for table in tables if table.management == management], keys, management=management)
            for management, keys in ((False, self.keys), (True, self.management_keys))
        )

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

    def on(self, **conditions: Unpack[Conditions]) -> Rule:
        """A rule for the requests that fit: `sim.on(last="weather").reply("Rainy.")`. The newest that fits answers.

        Raises `Misused` for a condition that does not exist.

        >>> sim = Simulator()
        >>> _ = sim.on(last="capital of Norway").reply("Oslo.")
        >>> print(sim.grok().chat.create("grok-4.7", messages=[{"role": "user", "content": "The capital of Norway?"}]))
        Oslo.
        """
        return self.script.on(conditions)

    def faults(self, probability: float = 1.0, *, on: Conditions | None = None, **fields: Any) -> None:
        """Let some requests go wrong, by the seed: `sim.faults(0.1, status=503)`, `sim.faults(cut_at_byte=200)`.

        `fields` are those of `Fault`; `on` are conditions as of `sim.on`. Of several, the first that strikes counts,
        and a scripted fault comes before them. Raises `Misused` for a fault that does not exist.
        """
        fault = make_fault(fields)
        seed = f"{self.seed}:{len(self.chances)}:{fault}"
        self.chances.append(Chance(probability=probability, fault=fault, conditions=on or {}, seed=seed))

    def limit(
        self,
        *,
        tier: int | None = None,
        model: str | None = None,
        requests_per_second: int | None = None,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        retry_after: float | str | datetime | None = None,
    ) -> None:
        """Limit how fast this team may ask, each key and model by itself: by figures of yours, or a tier's (0 to 4).

        Beyond it come 429s with the real text. Windows slide, over exactly 1 s and 60 s of the simulator's clock: a
        request that arrives at `t` counts until `t + 1` and `t + 60`, these not included. Refused ones count for
        nothing. Tokens (prompt, cached or not, reasoning and answer) count from the arrival of their call, as soon as
        its answer has begun; a call is let in as long as fewer than the limit are counted. Raises `Misused` for a
        tier that does not exist.

        >>> from grokkit.testing import TurnableClock
        >>> sim = Simulator(clock=TurnableClock())
        >>> sim.limit(requests_per_second=1)
        >>> import asyncio
        >>> hi = {"model": "grok-4.3", "input": "Hi"}
        >>> [asyncio.run(sim.fetch("POST", "/v1/responses", json=hi)).status for _ in range(2)]
        [200, 429]
        """
        if tier is not None:
            self.limits.set_tier(tier)
        figures = (requests_per_second, requests_per_minute, tokens_per_minute)
        if any(figure is not None for figure in figures):
            self.limits.allowances.append(
                Allowance(
                    requests_per_second=requests_per_second,
                    requests_per_minute=requests_per_minute,
                    tokens_per_minute=tokens_per_minute,
                    model=model,
                    retry_after=retry_after,
                )
            )

    def credit(self, usd: float) -> None:
        """Let this much money be spent from now on; after that every call is refused as out of credits."""
        self.limits.set_credit(usd)

    def outage(
        self,
        seconds: float,
        *,
        after: float = 0.0,
        model: str | None = None,
        retry_after: float | str | datetime | None = None,
    ) -> None:
        """Let a model, or all of them, be at capacity for a time that begins `after` so many seconds."""
        begins = self.clock.now() + after
        self.limits.outages.append(Outage(begins=begins, ends=begins + seconds, model=model, retry_after=retry_after))

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
        self.clock.call_at(self.clock.now(), _nothing).cancel()  # so that a turnable clock knows of this loop
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


def _nothing() -> None:
    """What is called back when nothing is to happen."""


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
