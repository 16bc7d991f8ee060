"""From limits to quotas: what a store is asked for, so that a server's own count is never run into.

A server counts calls when they arrive, we when they leave: `PADDING` is what the way there may differ by from one call
to the next, so that two calls a second apart here are not in the same second there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.layers.rate_limit.limits import WINDOWS
from grokkit.stores.store import Quota

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grokkit.layers.rate_limit.limits import Limit

PADDING = 0.025
_MINUTE = 60.0
_SHORT = 10.0
"""Seconds in which a share is kept: were it kept in the whole minute, what was sent before would count against it."""


def quotas_of(prefix: str, limits: Iterable[Limit], *, burst: float, share: float = 1.0) -> list[Quota]:
    """The quotas that keep these limits, of which only a share is ours.

    >>> from grokkit.layers.rate_limit.limits import Limit
    >>> quotas_of("grok-4.7", [Limit("requests_per_minute", 60.0, "given")], burst=0.25)
    [Quota(key='grok-4.7/requests_per_minute', limit=60.0, window=60.025, depth=15.0)]
    """
    quotas = []
    for limit in limits:
        key, window, value = f"{prefix}/{limit.name}", WINDOWS[limit.name], limit.value
        if window < _MINUTE:
            quotas.append(_quota(key, value, window, burst * value))
            if share < 1.0:
                quotas.append(_quota(key, max(1.0, value * _MINUTE * share), _MINUTE, burst * value))
        else:
            quotas.append(_quota(key, value, window, burst * value))
            if share < 1.0:
                paced = value * share * _SHORT / window
                quotas.append(_quota(key, paced, _SHORT, paced))
    return quotas


def _quota(key: str, limit: float, window: float, depth: float) -> Quota:
    """A limit below one is one in a longer window: more than all of it is never taken."""
    if limit < 1.0:
        window, limit = window / limit, 1.0
    return Quota(key=key, limit=limit, window=window + PADDING, depth=max(1.0, depth))


def rate_of(quotas: Iterable[Quota]) -> float | None:
    """Units a second that the tightest of some quotas lets pass in the long run; None for none."""
    return min((quota.limit / quota.window for quota in quotas), default=None)


def name_of(quota: Quota) -> str:
    """The name of the limit that a quota keeps."""
    return quota.key.rpartition("/")[2]
