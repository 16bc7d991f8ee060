"""The policies as settings: each comes apart into its parts, and has a short form."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import cast

from . import policies
from .kinds import Kind, seconds_from_text
from .policies import Policy
from .unfit import Unfit, found

_OFF = ("off", "none", "false", "no")
_ON = ("on", "true", "yes")


class PolicyGroup:
    """A setting that holds one policy: itself, a table of its parts, `off`, or the short form of its own."""

    optional = False

    def __init__(
        self,
        policy: type[Policy],
        takes: str,
        off: Mapping[str, object],
        short: Callable[[object], Mapping[str, object]],
    ) -> None:
        self.takes = takes
        self._policy = policy
        self._off = off
        self._short = short
        self._parts = {each.name: each for each in fields(policy)}
        self.names = tuple(self._parts)

    def split(self, value: object) -> Mapping[str, object]:
        """The parts that a value sets: all of them for a policy, those named for a table."""
        if isinstance(value, self._policy):
            return self.every_part(value)
        if isinstance(value, Mapping):
            return cast("Mapping[str, object]", value)
        if value is False or (isinstance(value, str) and value.strip().lower() in _OFF):
            return self._off
        if value is True or (isinstance(value, str) and value.strip().lower() in _ON):
            return self.every_part(self._policy())
        try:
            return self._short(value)
        except (TypeError, ValueError):
            raise Unfit(f"takes {self.takes}; found {found(value)}") from None

    def every_part(self, value: object) -> Mapping[str, object]:
        """All parts of a policy."""
        return {name: getattr(value, name) for name in self.names}

    def part(self, name: str) -> Kind:
        """What one part takes."""
        return cast("Kind", self._parts[name].metadata["kind"])

    def about(self, name: str) -> str:
        """One line about a part."""
        return cast("str", self._parts[name].metadata["about"])

    def join(self, parts: Mapping[str, object]) -> Policy:
        """The policy of these parts."""
        return self._policy(**parts)

    def from_text(self, text: str) -> object:
        """A number where the text is one."""
        return seconds_from_text(text)


def _number(part: str) -> Callable[[object], Mapping[str, object]]:
    def short(value: object) -> Mapping[str, object]:
        if not isinstance(value, int | float):
            raise TypeError(value)
        return {part: int(value) if float(value).is_integer() else value}

    return short


def _mode(value: object) -> Mapping[str, object]:
    if not isinstance(value, str):
        raise TypeError(value)
    return {"mode": value}


def _targets(value: object) -> Mapping[str, object]:
    return {"to": value}


class _Targets(PolicyGroup):
    def from_text(self, text: str) -> object:
        return text if text.strip().lower() in _OFF else [name.strip() for name in text.split(",") if name.strip()]


class _Kept(PolicyGroup):
    """`cache`: to name a store switches it on; what names none leaves the one that is set elsewhere."""

    def split(self, value: object) -> Mapping[str, object]:
        if value is True or (isinstance(value, str) and value.strip().lower() in _ON):
            return {"enabled": True}
        parts = super().split(value)
        if isinstance(value, policies.Cache) and value.store is None:
            return {name: part for name, part in parts.items() if name != "store"}
        return {"enabled": True, **parts} if parts.get("store") else parts

    def from_text(self, text: str) -> object:
        """A number where the text is one."""
        try:
            return float(text)
        except ValueError:
            return text.strip()


def _ttl_or_store(value: object) -> Mapping[str, object]:
    return {"enabled": True, "ttl" if isinstance(value, int | float) else "store": value}


CACHE = _Kept(
    policies.Cache,
    "`memory`, a URL, a store, seconds to keep answers, `off`, or a table",
    {"enabled": False},
    _ttl_or_store,
)
RETRIES = PolicyGroup(policies.Retry, "a number of retries, or a table", {"max": 0}, _number("max"))
RATE_LIMIT = PolicyGroup(policies.RateLimit, "`auto`, `fixed`, `off`, or a table", {"mode": "off"}, _mode)
CIRCUIT = PolicyGroup(
    policies.Circuit,
    "a rate of failures, `off`, or a table",
    {"failure_rate": None, "slow_after": None},
    _number("failure_rate"),
)
HEDGE = PolicyGroup(
    policies.Hedge, "a percentile, `off`, or a table", {"percentile": None, "after": None}, _number("percentile")
)
FALLBACK = _Targets(policies.Fallback, "a list of models, `off`, or a table", {"to": ()}, _targets)
