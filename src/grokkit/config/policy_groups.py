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
    hint: str | None = None
    """What to say to who gave something else."""

    def __init__(
        self,
        policy: type[Policy],
        takes: str,
        off: Mapping[str, object],
        short: Callable[[object], Mapping[str, object]],
        on: Policy | None,
    ) -> None:
        self.takes = takes
        self._on = on
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
        if _is_off(value):
            return self._off
        if self._on is not None and _is_on(value):
            return self.every_part(self._on)
        try:
            return self._short(value)
        except (TypeError, ValueError):
            raise Unfit(f"takes {self.takes}; found {found(value)}", hint=self.hint) from None

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


def _is_off(value: object) -> bool:
    """False, 0 and their words, which are the same for every policy."""
    return value.strip().lower() in _OFF if isinstance(value, str) else isinstance(value, int | float) and not value


def _is_on(value: object) -> bool:
    return value.strip().lower() in _ON if isinstance(value, str) else value is True


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
    if isinstance(value, int | float) or _is_on(value):
        raise TypeError(value)
    return {"to": value}


class _Targets(PolicyGroup):
    hint = 'name who is asked: fallback=["grok-4.3"]'

    def from_text(self, text: str) -> object:
        """Names with commas between; a number is none."""
        value = seconds_from_text(text)
        if isinstance(value, float) or _is_off(text) or _is_on(text):
            return value
        return [name.strip() for name in text.split(",") if name.strip()]


class _Kept(PolicyGroup):
    """`cache`: to name a store switches it on; what names none leaves the one that is set elsewhere."""

    def split(self, value: object) -> Mapping[str, object]:
        if _is_on(value):
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
    policies.Cache(),
)
RETRIES = PolicyGroup(policies.Retry, "a number of retries, or a table", {"max": 0}, _number("max"), policies.Retry())
RATE_LIMIT = PolicyGroup(
    policies.RateLimit, "`auto`, `fixed`, `off`, or a table", {"mode": "off"}, _mode, policies.RateLimit()
)
CIRCUIT = PolicyGroup(
    policies.Circuit,
    "a rate of failures, `off`, or a table",
    {"failure_rate": None, "slow_after": None},
    _number("failure_rate"),
    policies.Circuit(),
)
HEDGE = PolicyGroup(
    policies.Hedge,
    "a percentile, `on` (0.95), `off`, or a table",
    {"percentile": None, "after": None},
    _number("percentile"),
    policies.Hedge(percentile=0.95),
)
FALLBACK = _Targets(policies.Fallback, "a list of models, `off`, or a table", {"to": ()}, _targets, None)
