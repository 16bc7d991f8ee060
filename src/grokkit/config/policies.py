"""What is done for a call that does not come through at once: one value for each concern, each off or on by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from grokkit.errors import ConfigInvalid

from . import amounts
from .kinds import FLAG, SIZE, STATE, Kind
from .unfit import Unfit

if TYPE_CHECKING:
    from grokkit.stores import Store

    from .secret import SecretURL

CONDITIONS = ("capacity", "circuit", "context", "parameter", "rate_limit", "failure")


def about(line: str, kind: Kind) -> dict[str, object]:
    """What a part of a policy is for, and what it takes."""
    return {"about": line, "kind": kind}


@dataclass(frozen=True, slots=True)
class Policy:
    """A frozen value whose parts are checked when it is made."""

    def __post_init__(self) -> None:
        for each in fields(self):
            fitting = each.metadata["kind"].fit(getattr(self, each.name))
            if isinstance(fitting, Unfit):
                path = f"{type(self).__name__}({each.name}=...)"
                raise ConfigInvalid(f"{path} {fitting}", hint=each.metadata["about"], param=each.name)
            object.__setattr__(self, each.name, fitting)

    def refuse_above(self, first: str, longest: str) -> None:
        """Raise `ConfigInvalid` where a first wait was set that the longest one would cut short."""
        asked, bound = getattr(self, first), getattr(self, longest)
        default = next(each.default for each in fields(self) if each.name == first)
        if asked > bound and asked != default:
            name = type(self).__name__
            raise ConfigInvalid(
                f"{name}({first}={asked:g}) is above its {longest}, {bound:g}",
                hint=f"give both, as {name}({first}={asked:g}, {longest}={asked:g})",
                param=first,
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry(Policy):
    """When a call is made again. `retries=4` is short for `retries=Retry(max=4)`, `retries=0` switches it off.

    A call is made again only before its first output, when waiting can help: where nothing can have run (429, 503,
    529, no connection) always; where the model may have run, and been billed (500, 502, 504, 52x, a connection lost,
    a time limit), with `ambiguous`; and then, for calls with server-side tools that change things (`mcp`, `shell`),
    only with `effects`. Waits are random between 0 and `base`, twice that, four times that, never above `cap` (who sets
    `base` above that sets both); or what the server asks for. Raises `ConfigInvalid`.

    >>> Retry(max=2, ambiguous=False).is_on
    True
    """

    max: int = field(default=4, metadata=about("Tries after the first one; 0 for none.", amounts.WHOLE))
    base: float = field(default=0.5, metadata=about("Seconds: the longest first wait; it doubles.", amounts.AMOUNT))
    cap: float = field(default=30.0, metadata=about("Seconds: the longest wait of our own choice.", amounts.AMOUNT))
    ceiling: float = field(
        default=120.0, metadata=about("Seconds: the longest wait that a server may ask for.", amounts.AMOUNT)
    )
    ambiguous: bool = field(
        default=True, metadata=about("Whether to try again where the call may have run, and been billed.", FLAG)
    )
    effects: bool = field(
        default=False, metadata=about("The same, for calls with server-side tools that change things.", FLAG)
    )
    budget: float = field(
        default=0.5, metadata=about("Retries that each call that comes through pays for.", amounts.SHARE)
    )
    reserve: int = field(
        default=20, metadata=about("Retries there are without that: saved at most, regained a minute.", amounts.WHOLE)
    )

    def __post_init__(self) -> None:
        Policy.__post_init__(self)
        self.refuse_above("base", "cap")

    @property
    def is_on(self) -> bool:
        """Whether any call is tried again."""
        return self.max > 0


@dataclass(frozen=True, kw_only=True, slots=True)
class RateLimit(Policy):
    """How fast calls go out. `rate_limit="auto"` learns the limits, `rate_limit="off"` switches it off.

    Limits are for each model and key. `auto` learns them from the server's headers and refusals; what is given here,
    or by the `tier` of the catalogue, holds until then and is never exceeded. Calls above the limit wait in a queue:
    by priority, then fairly between tenants. Raises `ConfigInvalid`.

    >>> RateLimit(requests_per_minute=60, tokens_per_minute=100_000).mode
    'auto'
    """

    mode: str = field(
        default="auto",
        metadata=about(
            "Whether limits are learned, only what is given here, or off.", amounts.choice("auto", "fixed", "off")
        ),
    )
    requests_per_second: float | None = field(default=None, metadata=about("Calls in any second.", amounts.SOME_AMOUNT))
    requests_per_minute: float | None = field(default=None, metadata=about("Calls in any minute.", amounts.SOME_AMOUNT))
    tokens_per_minute: float | None = field(
        default=None, metadata=about("Tokens in any minute, in and out.", amounts.SOME_AMOUNT)
    )
    tier: int | None = field(
        default=None, metadata=about("The account's tier, 0 to 4: limits from the catalogue.", amounts.TIER)
    )
    burst: float = field(
        default=0.25, metadata=about("How much of a limit may go at once after a quiet time.", amounts.SHARE)
    )
    queue: int = field(default=10_000, metadata=about("Calls that may wait; the next is refused.", amounts.WHOLE))
    concurrency: int | None = field(default=None, metadata=about("Calls that may run at one time.", amounts.SOME_COUNT))
    adaptive: bool = field(
        default=True, metadata=about("Whether fewer run at one time while the server refuses or slows down.", FLAG)
    )
    weights: Mapping[str, float] = field(
        default_factory=dict,
        hash=False,
        metadata=about("Shares of tenants, where they are not equal.", amounts.WEIGHTS),
    )

    @property
    def is_on(self) -> bool:
        """Whether any call may have to wait."""
        return self.mode != "off"


@dataclass(frozen=True, kw_only=True, slots=True)
class Circuit(Policy):
    """When calls that are bound to fail are not sent. `circuit=0` switches it off, `circuit=0.5` sets the rate.

    A circuit is kept for each model and endpoint. It opens when, of at least `min_calls` within `window` seconds,
    more than `failure_rate` failed or more than `slow_rate` took longer than `slow_after`; or when `min_calls` in a row
    failed. Calls then raise `CircuitOpen` at once. After `open_for` seconds one call is let through: it closes the
    circuit, or keeps it open for twice as long, at most `longest`: who sets `open_for` above that sets both. What the
    caller did wrong, cancelled or left does not count. Raises `ConfigInvalid`.

    >>> Circuit(failure_rate=0.3, min_calls=50).is_on
    True
    """

    failure_rate: float | None = field(
        default=0.5, metadata=about("The share of failed calls that opens it.", amounts.SOME_SHARE)
    )
    slow_rate: float = field(default=0.8, metadata=about("The share of slow calls that opens it.", amounts.SHARE))
    slow_after: float | None = field(
        default=None, metadata=about("Seconds to the first output that make a call slow.", amounts.SOME_AMOUNT)
    )
    window: float = field(default=30.0, metadata=about("Seconds that are looked back on.", amounts.AMOUNT))
    min_calls: int = field(default=20, metadata=about("Fewer calls than this say nothing.", amounts.WHOLE))
    open_for: float = field(default=5.0, metadata=about("Seconds until the first probe.", amounts.AMOUNT))
    longest: float = field(default=10.0, metadata=about("Seconds between probes at most.", amounts.AMOUNT))

    def __post_init__(self) -> None:
        Policy.__post_init__(self)
        self.refuse_above("open_for", "longest")

    @property
    def is_on(self) -> bool:
        """Whether it can open."""
        return self.failure_rate is not None or self.slow_after is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Hedge(Policy):
    """When a second try is sent beside a late first one. Off by default; `hedge=0.95` sets the percentile.

    `hedge=True` is the same as `hedge=0.95`. The second try is sent after the time in which `percentile` of recent
    calls had their first output, or `after` seconds, and is paid for from the retry budget. It counts against the rate
    limits, and is not sent where they have no room at once. The first to answer wins, the other is dropped, and may be
    billed too. Calls with server-side tools that change things are never sent twice. Raises `ConfigInvalid`.

    >>> Hedge(percentile=0.95).is_on, Hedge().is_on
    (True, False)
    """

    percentile: float | None = field(
        default=None, metadata=about("The share of recent calls that were answered by then.", amounts.SOME_SHARE)
    )
    after: float | None = field(
        default=None, metadata=about("Seconds, in place of the percentile.", amounts.SOME_AMOUNT)
    )
    min_calls: int = field(
        default=20, metadata=about("Fewer recent calls than this have no percentile.", amounts.WHOLE)
    )

    @property
    def is_on(self) -> bool:
        """Whether a second try is ever sent."""
        return self.percentile is not None or self.after is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fallback(Policy):
    """Who is asked when the first cannot serve: models by name, or other clients, in this order.

    `fallback=["grok-4.3"]` is short for `fallback=Fallback(to=["grok-4.3"])`. Conditions: `capacity` (the model is
    overloaded), `circuit` (its circuit is open), `context` (the conversation is too long for it), `parameter` (it
    refuses one), `rate_limit` (too many calls), `failure` (it failed in any other way that waiting may mend). Raises
    `ConfigInvalid`.

    >>> Fallback(to=["grok-4.3"], on=["capacity"]).to
    ('grok-4.3',)
    """

    to: tuple[Any, ...] = field(default=(), metadata=about("Models or clients, in order.", amounts.NAMES))
    on: tuple[str, ...] = field(
        default=("capacity", "circuit", "context", "parameter"),
        metadata=about("For which failures.", amounts.some_of(*CONDITIONS)),
    )

    @property
    def is_on(self) -> bool:
        """Whether there is anybody else to ask."""
        return bool(self.to)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cache(Policy):
    """When an answer is given again to an equal call. Off by default; `cache="sqlite:///cache.db"` switches it on.

    Short forms: `True` (in the memory of this process), a URL or a store, a number (of seconds to keep answers), and
    `False`. A call's `cache=Cache(tags=["prices"])` uses the client's store. An answer is not stored when it was cut
    off, filtered, calls a tool, came from a search, or is one of a conversation that the server keeps; nor where the
    call asks for variety by a `temperature` above `max_temperature`. Raises `ConfigInvalid`.

    >>> Cache(ttl=60, stale=600).is_on
    True
    """

    enabled: bool = field(default=True, metadata=about("Whether answers are stored and given again.", FLAG))
    store: "SecretURL | Store | str | None" = field(
        default=None, metadata=about("Where they are kept; `none` is the client's place, or memory.", STATE)
    )
    ttl: float = field(default=3600.0, metadata=about("Seconds that an answer is good for.", amounts.AMOUNT))
    stale: float = field(
        default=0.0,
        metadata=about("Seconds after that in which it is still given, while a new one is fetched.", amounts.LEVEL),
    )
    refresh_usd: float = field(
        default=1.0, metadata=about("US dollars that fetching new ones may cost in any hour.", amounts.LEVEL)
    )
    pace: float = field(
        default=0.0, metadata=about("Seconds between the events of a stream that is given again.", amounts.LEVEL)
    )
    max_entry: int = field(default=256 * 2**10, metadata=about("The largest answer that is stored.", SIZE))
    max_temperature: float | None = field(
        default=0.3, metadata=about("A call that asks for more than this is always made.", amounts.SOME_LEVEL)
    )
    tags: Sequence[str] = field(default=(), metadata=about("Names to invalidate the stored answers by.", amounts.NAMES))

    @property
    def is_on(self) -> bool:
        """Whether any answer is stored."""
        return self.enabled


@dataclass(frozen=True, kw_only=True, slots=True)
class Policies:
    """What holds for one call: the client's settings, with what the call itself says in their place."""

    retries: Retry = Retry()
    rate_limit: RateLimit = RateLimit()
    circuit: Circuit = Circuit()
    hedge: Hedge = Hedge()
    fallback: Fallback = Fallback()
    cache: Cache = Cache(enabled=False)
    coalesce: bool = False
    tenant: str | None = None
    priority: str = "normal"
