"""What is known of a model's limits: given by the policy, by the account's tier, or learned from the server.

A server tells its limits in two ways. The headers `x-ratelimit-limit-requests` and `-tokens` come with good replies;
which window they are about is written nowhere, and their sizes fit a minute. The text of a 429 names the window and
the figure, "Requests per Minute (actual/limit): 73/60": where it speaks, headers do not count.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from grokkit.config import RateLimit

WINDOWS = {"requests_per_second": 1.0, "requests_per_minute": 60.0, "tokens_per_minute": 60.0}
"""The names of limits, and their windows in seconds."""

KEPT = 6 * 3600.0
"""Seconds after which what was learned is forgotten: limits may have been raised."""

_HEADERS = {
    "x-ratelimit-limit-requests": "requests_per_minute",
    "x-ratelimit-limit-tokens": "tokens_per_minute",
}


class Limit(NamedTuple):
    """A limit, and who said so."""

    name: str
    value: float
    source: str
    """`given`, `tier`, `header` or `refusal`."""


class Learned(msgspec.Struct, frozen=True):
    """What the server told of one model: what the processes of a fleet tell one another."""

    headers: dict[str, float] = {}
    refusals: dict[str, float] = {}
    share: float = 1.0
    """How much of the limits is ours, as far as refusals tell: others may use the same key."""
    shrinks: int = 0
    """How often the share was made smaller: tells an old share from a new one."""

    def told(self, headers: Mapping[str, float], refusals: Mapping[str, float]) -> "Learned":
        """The same with what the server says now.

        >>> Learned().told({"requests_per_minute": 1200.0}, {}).figures()
        {'requests_per_minute': (1200.0, 'header')}
        """
        return msgspec.structs.replace(
            self, headers={**self.headers, **headers}, refusals={**self.refusals, **refusals}
        )

    def figures(self) -> dict[str, tuple[float, str]]:
        """Each limit by name, and whether a header or a refusal told it."""
        known = {name: (value, "header") for name, value in self.headers.items()}
        return known | {name: (value, "refusal") for name, value in self.refusals.items()}

    def encoded(self) -> bytes:
        """As it is kept in a store."""
        return _encode(self)

    @classmethod
    def decoded(cls, kept: bytes) -> "Learned":
        """What was kept in a store; nothing when it cannot be read, as a later version may have written it."""
        try:
            return _decode(kept)
        except msgspec.MsgspecError:
            return cls()


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Learned).decode


def told_by_headers(headers: Mapping[str, str]) -> dict[str, float]:
    """The limits in the headers of a reply.

    >>> told_by_headers({"x-ratelimit-limit-requests": "640", "x-ratelimit-limit-tokens": "14000000"})
    {'requests_per_minute': 640.0, 'tokens_per_minute': 14000000.0}
    """
    told = {name: _number(headers.get(header)) for header, name in _HEADERS.items()}
    return usable({name: value for name, value in told.items() if value is not None})


def usable(figures: Mapping[str, float]) -> dict[str, float]:
    """Those of some figures that are limits of a kind that is known, and can be kept."""
    return {name: float(value) for name, value in figures.items() if name in WINDOWS and 0 < value < math.inf}


def in_force(policy: "RateLimit", tier: Mapping[str, float], learned: Learned) -> tuple[Limit, ...]:
    """The limits that a call of this policy is held to: of each kind the smallest that is known."""
    told = learned.figures() if policy.mode == "auto" else {}
    candidates = (_smallest(name, getattr(policy, name), tier.get(name), told.get(name)) for name in WINDOWS)
    return tuple(limit for limit in candidates if limit is not None)


def _smallest(name: str, given: float | None, tier: float | None, told: tuple[float, str] | None) -> Limit | None:
    known = [
        Limit(name, value, source)
        for value, source in ((given, "given"), (tier, "tier"), told or (None, ""))
        if value is not None
    ]
    return min(known, key=lambda limit: limit.value, default=None)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
