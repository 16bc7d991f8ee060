"""What every method takes besides its subject, and how a call is made of both."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import timedelta

    from grokkit.config import Cache, Circuit, Fallback, Hedge, RateLimit, Retry, Timeouts
    from grokkit.stores import Store


class CallOptions(TypedDict, total=False):
    """How one call is to be made. What is not given is as the client has it."""

    timeout: float | timedelta | Timeouts | Mapping[str, Any] | None
    """A number of seconds for the whole call, or `Timeouts`."""
    retries: int | Retry | Mapping[str, Any] | None
    rate_limit: str | RateLimit | Mapping[str, Any] | None
    circuit: str | float | Circuit | Mapping[str, Any] | None
    hedge: str | float | Hedge | Mapping[str, Any] | None
    fallback: Sequence[Any] | Fallback | Mapping[str, Any] | None
    cache: bool | float | str | Store | Cache | Mapping[str, Any] | None
    """`True`, `False`, seconds to keep the answer, a store or its URL, or `Cache`: when an answer is given again."""
    coalesce: bool
    tenant: str | None
    """On whose behalf: what tenants do stays apart, and they share a queue fairly."""
    priority: Literal["high", "normal", "low"]
    extra_headers: Mapping[str, str]
    extra_body: Mapping[str, Any]
    """Fields of the request body that grokkit has no name for."""
    extra_query: Mapping[str, str]


OPTION_NAMES = frozenset(CallOptions.__annotations__)


def split(method: str, given: Mapping[str, Any], known: AbstractSet[str]) -> tuple[dict[str, Any], CallOptions]:
    """The request's fields and the call's options among keyword arguments.

    Raises `TypeError`, as Python does, for a name that is neither; it names the nearest that is.
    """
    if not given:
        return {}, {}
    fields = {name: value for name, value in given.items() if name not in OPTION_NAMES}
    for name in fields:
        if name not in known:
            raise TypeError(_unknown(method, name, [*known, *OPTION_NAMES]))
    options = {name: value for name, value in given.items() if name in OPTION_NAMES}
    return fields, cast("CallOptions", options)


def only(method: str, given: CallOptions) -> CallOptions:
    """The options of a call that takes nothing else. Raises `TypeError` as `split` does."""
    return split(method, given, frozenset())[1]


def _unknown(method: str, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    remedy = (
        f"did you mean {near[0]!r}?" if near else f"fields grokkit has no name for go in extra_body={{{name!r}: ...}}"
    )
    return f"{method}() got an unexpected keyword argument {name!r}: {remedy}"
