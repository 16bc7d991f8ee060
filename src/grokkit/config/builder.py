"""A client in steps: `Grok.builder().api_key(...).timeout(total=120).build()`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Generic, Self, TypeVar

from .headers import Headers
from .kinds import KeySource
from .not_given import NOT_GIVEN, NotGiven
from .policies import Circuit, Fallback, Hedge, RateLimit, Retry
from .secret import Secret, SecretURL
from .timeouts import Auto, Seconds, Timeouts

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Builder(Generic[T]):
    """Collects what a client is made of; each step gives a new builder; nothing is read before `build`.

    >>> builder = Builder(dict).model("grok-4").timeout(total=60).header("X-Team", "search")
    >>> builder.build()
    {'model': 'grok-4', 'timeout': Timeouts(total=60.0), 'headers': Headers({'x-team': 'search'})}
    """

    factory: Callable[..., T]
    arguments: Mapping[str, object] = field(default_factory=dict)

    def build(self) -> T:
        """The client. Raises what its constructor raises."""
        return self.factory(**self.arguments)

    def option(self, name: str, value: object) -> Self:
        """Any argument of the client, by its name; the last word on a name counts."""
        return type(self)(self.factory, {**self.arguments, name: value})

    def _appended(self, name: str, value: object) -> Self:
        known = self.arguments.get(name, [])
        return self.option(name, [*(known if isinstance(known, list) else []), value])

    def api_key(self, key: str | KeySource) -> Self:
        """The key, or a function (plain or async) that gives it."""
        return self.option("api_key", Secret(key) if isinstance(key, str) else key)

    def base_url(self, url: str) -> Self:
        """Where the API is."""
        return self.option("base_url", url)

    def model(self, name: str) -> Self:
        """The model when a call names none."""
        return self.option("model", name)

    def timeout(
        self,
        total: Seconds | Timeouts | NotGiven = NOT_GIVEN,
        *,
        connect: Seconds | NotGiven = NOT_GIVEN,
        first_event: Seconds | Auto | NotGiven = NOT_GIVEN,
        idle: Seconds | Auto | NotGiven = NOT_GIVEN,
        wire: Seconds | Auto | NotGiven = NOT_GIVEN,
    ) -> Self:
        """How long a call and its parts may take: see `Timeouts`. Other parts stay as they are."""
        whole = total if isinstance(total, Timeouts) else Timeouts(total=total)
        parts = Timeouts(connect=connect, first_event=first_event, idle=idle, wire=wire)
        known = self.arguments.get("timeout")
        before = known if isinstance(known, Timeouts) else Timeouts()
        return self.option("timeout", before.merge(whole).merge(parts))

    def header(self, name: str, value: str) -> Self:
        """One more header for every request."""
        known = self.arguments.get("headers")
        return self.option("headers", Headers({**(known if isinstance(known, Headers) else {}), name: value}))

    def user_agent(self, suffix: str) -> Self:
        """What to append to our User-Agent."""
        return self.option("user_agent", suffix)

    def proxy(self, url: str | SecretURL | None) -> Self:
        """The proxy for all requests; `None` for none."""
        return self.option("proxy", SecretURL(url) if isinstance(url, str) else url)

    def ca_file(self, path: str | PathLike[str]) -> Self:
        """Certificates to trust, in PEM form."""
        return self.option("ca_file", path)

    def client_cert(self, cert: str | PathLike[str], key: str | PathLike[str] | None = None) -> Self:
        """The client's certificate and, unless the same file holds it, its private key."""
        with_cert = self.option("client_cert", cert)
        return with_cert if key is None else with_cert.option("client_key", key)

    def trust_env(self, *, trusted: bool = True) -> Self:
        """Whether proxies and certificates named in the environment count."""
        return self.option("trust_env", trusted)

    def max_connections(self, count: int) -> Self:
        """Connections open at one time."""
        return self.option("max_connections", count)

    def max_body_size(self, size: int | str) -> Self:
        """The largest reply that is read: bytes, or a text such as `16 MiB`."""
        return self.option("max_body_size", size)

    def max_event_size(self, size: int | str) -> Self:
        """The largest event of a stream: bytes, or a text such as `16 MiB`."""
        return self.option("max_event_size", size)

    def store(self, *, kept: bool = True) -> Self:
        """Whether the provider keeps responses."""
        return self.option("store", kept)

    def stream_long_calls(self, *, streamed: bool = True) -> Self:
        """Whether long calls are streamed underneath."""
        return self.option("stream_long_calls", streamed)

    def retries(self, policy: int | Retry) -> Self:
        """When a call is made again: how often, or a `Retry`."""
        return self.option("retries", policy)

    def rate_limit(self, policy: str | RateLimit) -> Self:
        """How fast calls go out: `"auto"`, `"off"`, or a `RateLimit`."""
        return self.option("rate_limit", policy)

    def circuit(self, policy: str | float | Circuit) -> Self:
        """When calls that are bound to fail are not sent: a rate of failures, `"off"`, or a `Circuit`."""
        return self.option("circuit", policy)

    def hedge(self, policy: str | float | Hedge) -> Self:
        """When a second try is sent beside a late one: a percentile, `"off"`, or a `Hedge`."""
        return self.option("hedge", policy)

    def fallback(self, *to: object, policy: Fallback | None = None) -> Self:
        """Who is asked when the model cannot serve: models or clients, in order, or a `Fallback`."""
        return self.option("fallback", policy or to)

    def cache(self, where: object = None, **parts: object) -> Self:
        """When an answer is given again: a URL, a store or a `Cache`; memory without; parts of it by name.

        >>> Builder(dict).cache("sqlite:///cache.db", ttl=60).build()
        {'cache': {'enabled': True, 'store': SecretURL('sqlite:///cache.db'), 'ttl': 60}}
        """
        place = SecretURL(where) if isinstance(where, str) else where
        if not parts:
            return self.option("cache", True if place is None else place)
        named = {} if place is None else {"store": place}
        return self.option("cache", {"enabled": True, **named, **parts})

    def coalesce(self, *, shared: bool = True) -> Self:
        """Whether equal calls at one time share one reply."""
        return self.option("coalesce", shared)

    def tenant(self, name: str | None) -> Self:
        """On whose behalf: what tenants do stays apart."""
        return self.option("tenant", name)

    def priority(self, word: str) -> Self:
        """Who goes first in a queue: `high`, `normal` or `low`."""
        return self.option("priority", word)

    def state(self, where: object) -> Self:
        """Where limits, budgets and circuits are shared with other processes: a URL or a store."""
        return self.option("state", SecretURL(where) if isinstance(where, str) else where)

    def sessions(self, where: object) -> Self:
        """Where conversations are kept: a URL or a store of sessions; the user's own file without."""
        return self.option("sessions", SecretURL(where) if isinstance(where, str) else where)

    def sessions_key(self, key: str | Secret) -> Self:
        """What conversations are encrypted with: a key, or several with spaces between, the newest first."""
        return self.option("sessions_key", Secret(key))

    def profile(self, name: str) -> Self:
        """The profile in force, of those in the config files."""
        return self.option("profile", name)

    def transport(self, transport: object) -> Self:
        """What sends requests, in place of the default."""
        return self.option("transport", transport)

    def clock(self, clock: object) -> Self:
        """What tells and waits for time, in place of the machine's clock."""
        return self.option("clock", clock)

    def hook(self, hook: Callable[..., object]) -> Self:
        """One more function that is told of events."""
        return self._appended("hooks", hook)

    def layer(self, layer: object) -> Self:
        """One more layer of the pipeline."""
        return self._appended("layers", layer)
