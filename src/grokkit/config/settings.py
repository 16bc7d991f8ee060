"""The settings of a client: one field each, from which variables, files, account and docs follow."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

from grokkit.errors import ConfigInvalid

from . import amounts, groups, kinds, policy_groups
from .headers import Headers
from .kinds import KeySource, Kind
from .layering import Found, Setting, Spec, as_found, defaults, read_table, sealed, settle
from .not_given import NOT_GIVEN
from .policies import Cache, Circuit, Fallback, Hedge, Policies, RateLimit, Retry
from .secret import Secret, SecretURL
from .timeouts import Timeouts

if TYPE_CHECKING:
    from grokkit.sessions import SessionStore
    from grokkit.stores import Store

MIB = 2**20


def about(line: str, kind: Kind | groups.Group, *variables: str) -> dict[str, object]:
    """What a field of `Config` is for, what it takes, and which variables set it beside GROKKIT_<NAME>."""
    return {"about": line, "kind": kind, "variables": variables}


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Config:
    """What a client was told, from all sources; made by `resolve`, changed by `replace`.

    >>> config = Config(model="grok-4.7", timeout=Timeouts(total=60))
    >>> config
    Config(timeout=Timeouts(total=60.0))
    >>> config.base_url
    'https://api.x.ai/v1'
    """

    api_key: KeySource | None = field(
        default=None,
        metadata=about("The key, or a function (plain or async) that gives it.", kinds.KEY, "XAI_API_KEY"),
    )
    base_url: str = field(default="https://api.x.ai/v1", metadata=about("Where the API is.", kinds.BASE_URL))
    model: str = field(default="grok-4.7", metadata=about("The model when a call names none.", kinds.WORD))
    timeout: Timeouts = field(
        default=Timeouts(), metadata=about("How long a call and its parts may take.", groups.TIMEOUT)
    )
    headers: Headers = field(default=Headers(), metadata=about("Headers sent with every request.", groups.HEADERS))
    user_agent: str | None = field(default=None, metadata=about("What to append to our User-Agent.", kinds.LINE))
    proxy: SecretURL | None = field(default=None, metadata=about("The proxy for all requests.", kinds.PROXY))
    ca_file: Path | None = field(default=None, metadata=about("Certificates to trust, in PEM form.", kinds.PATH))
    client_cert: Path | None = field(default=None, metadata=about("The client's certificate, in PEM form.", kinds.PATH))
    client_key: Path | None = field(default=None, metadata=about("The private key of `client_cert`.", kinds.PATH))
    trust_env: bool = field(
        default=True, metadata=about("Whether HTTPS_PROXY, SSL_CERT_FILE and their like count.", kinds.FLAG)
    )
    max_connections: int = field(default=4096, metadata=about("Connections open at one time.", kinds.COUNT))
    max_body_size: int = field(default=256 * MIB, metadata=about("The largest reply that is read.", kinds.SIZE))
    # One event may carry a whole image as base64: the 1 MiB that is ample for text would cut answers.
    max_event_size: int = field(default=16 * MIB, metadata=about("The largest event of a stream.", kinds.SIZE))
    store: bool = field(default=False, metadata=about("Whether the provider keeps responses.", kinds.FLAG))
    stream_long_calls: bool = field(
        default=True,
        metadata=about("Whether long calls are streamed underneath, so that no proxy cuts them.", kinds.FLAG),
    )
    retries: Retry = field(default=Retry(), metadata=about("When a call is made again.", policy_groups.RETRIES))
    rate_limit: RateLimit = field(
        default=RateLimit(), metadata=about("How fast calls go out.", policy_groups.RATE_LIMIT)
    )
    circuit: Circuit = field(
        default=Circuit(), metadata=about("When calls that are bound to fail are not sent.", policy_groups.CIRCUIT)
    )
    hedge: Hedge = field(
        default=Hedge(), metadata=about("When a second try is sent beside a late one.", policy_groups.HEDGE)
    )
    fallback: Fallback = field(
        default=Fallback(), metadata=about("Who is asked when the model cannot serve.", policy_groups.FALLBACK)
    )
    cache: Cache = field(
        default=Cache(enabled=False),
        metadata=about("When an answer is given again to an equal call.", policy_groups.CACHE)
        | {"variable": "GROKKIT_ANSWER_CACHE"},
    )
    coalesce: bool = field(
        default=False, metadata=about("Whether equal calls at one time share one reply.", kinds.FLAG)
    )
    tenant: str | None = field(
        default=None, metadata=about("On whose behalf: what tenants do stays apart.", kinds.OPTIONAL_WORD)
    )
    priority: str = field(
        default="normal", metadata=about("Who goes first in a queue.", amounts.choice("high", "normal", "low"))
    )
    state: "SecretURL | Store | None" = field(
        default=None,
        metadata=about("Where limits, budgets and circuits are shared with other processes.", kinds.STATE),
    )
    sessions: "SecretURL | SessionStore | None" = field(
        default=None,
        metadata=about("Where conversations are kept; `none` is the user's own file.", kinds.SESSIONS),
    )
    sessions_key: Secret | None = field(
        default=None,
        metadata=about("What conversations are encrypted with; the newest key first.", kinds.SESSIONS_KEY),
    )
    profile: str | None = field(
        default=None, metadata=about("The profile in force, of those in the files.", kinds.OPTIONAL_WORD)
    )
    settings: tuple[Setting, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        given = {spec.name: value for spec in SETTINGS if (value := getattr(self, spec.name)) != spec.default}
        self._settle(read_table(SETTINGS, said(given), _argument, None))

    def _settle(self, values: Iterable[Found]) -> None:
        chosen, settings = settle(SETTINGS, [*values, *defaults(SETTINGS)])
        if chosen["client_key"] is not None and chosen["client_cert"] is None:
            raise ConfigInvalid("client_key is set and client_cert is not", hint="set both", param="client_key")
        for name, value in chosen.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "settings", settings)

    @classmethod
    def of(cls, values: Iterable[Found]) -> "Config":
        """The config in which the first value found for each setting holds."""
        config = object.__new__(cls)
        config._settle(values)
        return config

    def replace(self, **changes: object) -> "Config":
        """This config with some settings changed; parts of timeouts and headers that are not named stay.

        What is `None` where a setting takes no `None` says nothing, as in `resolve`.
        Raises `ConfigInvalid` as `resolve` does, and for `profile`, which is chosen once.

        >>> config = Config(timeout=Timeouts(total=60)).replace(timeout={"idle": 5}, store=True)
        >>> config
        Config(timeout=Timeouts(total=60.0, idle=5.0), store=true)
        """
        table = said(changes)
        del changes  # so that a traceback shows no key in this frame
        if "profile" in table:
            raise ConfigInvalid(
                "with_options: a profile is chosen when a client is made",
                hint="make a new client",
                param="profile",
            )
        return Config.of([*read_table(SETTINGS, table, _with_options, None), *self._found()])

    def _found(self) -> list[Found]:
        known = {each.name: each for each in self.settings}
        return [each for spec in SETTINGS for each in as_found(spec, getattr(self, spec.name), known.__getitem__)]

    def policies(self, **changes: object) -> Policies:
        """What holds for a call that says these things of its own. Raises `ConfigInvalid` for what cannot be.

        >>> Config(retries=2).policies(priority="high").priority
        'high'
        """
        given = {name: getattr(self, name) for name in POLICY_NAMES}
        if changes:
            table = said(changes)
            del changes
            specs = [spec for spec in SETTINGS if spec.name in table]
            found = [
                *read_table(specs, table, _call_option, None),
                *(each for spec in specs for each in as_found(spec, given[spec.name], _unsourced)),
            ]
            given |= settle(specs, found)[0]
        return Policies(**given)

    def explain(self) -> list[Setting]:
        """Each setting with its value (secrets masked), its source, and what it overrode.

        >>> Config(model="grok-4").explain()[2]
        Setting(name='model', value='grok-4', source='argument', overrode=())
        """
        return list(self.settings)

    def __repr__(self) -> str:
        shown = (
            f"{spec.name}={_brief(spec, getattr(self, spec.name))}"
            for spec in SETTINGS
            if getattr(self, spec.name) != spec.default
        )
        return f"Config({', '.join(shown)})"


def said(values: Mapping[str, object]) -> dict[str, object]:
    """The (sealed) values that say something: not `NOT_GIVEN`, nor `None` where a setting takes no `None`."""
    return {
        name: sealed(value)
        for name, value in values.items()
        if value is not NOT_GIVEN and not (value is None and name in _NONE_SAYS_NOTHING)
    }


def _brief(spec: Spec, value: object) -> str:
    if not isinstance(spec.kind, Kind):
        return repr(value)
    return f"'{spec.kind.shown(value)}'" if isinstance(value, str) else spec.kind.shown(value)


def _argument(*_names: str) -> str:
    return "argument"


def _with_options(*_names: str) -> str:
    return "with_options"


def _call_option(*_names: str) -> str:
    return "call"


def _unsourced(_path: str) -> Setting:
    return Setting("", "", "client")


def _specs() -> tuple[Spec, ...]:
    return tuple(
        Spec(
            each.name,
            each.metadata["about"],
            each.metadata["kind"],
            each.default,
            (each.metadata.get("variable", f"GROKKIT_{each.name.upper()}"), *each.metadata["variables"]),
        )
        for each in fields(Config)
        if each.metadata
    )


SETTINGS: Sequence[Spec] = _specs()
"""Every setting, in the order of `Config`."""

_NONE_SAYS_NOTHING = frozenset(spec.name for spec in SETTINGS if not spec.kind.optional)

POLICY_NAMES = frozenset(each.name for each in fields(Policies))
"""The settings that a single call may have otherwise."""
