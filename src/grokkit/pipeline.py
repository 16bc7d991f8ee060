"""The order of the layers, written once, and the fold that makes one function of them."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Final

from grokkit.errors import ConfigInvalid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from grokkit.call import Call, Layer, Next, Reply
    from grokkit.config import Policies

ORDER: Final = (
    # one logical call
    "trace",
    "call layers",  # the user's own
    "audit",
    "cache",
    "coalesce",
    "budget",
    "deadline",
    "fallback",
    # the tries of one call
    "retry",
    # every single attempt
    "rate_limit",
    "circuit",
    "hedge",
    "attempt layers",  # the user's own, with `ring = "attempt"`
    "log",
    "auth",
)
"""Outermost first. A layer that is off is absent from the stack; below the last is the exchange with the transport."""


class Stacks:
    """The stacks of one client: one for each choice of layers that a call may ask for. A layer is made once."""

    def __init__(
        self,
        fixed: Mapping[str, Iterable[Layer]],
        on_demand: Mapping[str, Callable[[], Layer]],
        exchange: Next,
    ) -> None:
        """`fixed` are the layers that every call passes, `on_demand` makes those that policies switch on, by slot."""
        self._fixed = fixed
        self._on_demand = on_demand
        self._exchange = exchange
        self._by_choice: dict[frozenset[str], Stack] = {}

    def of(self, policies: Policies) -> Stack:
        """The stack for a call with these policies."""
        choice = switched_on(policies)
        stack = self._by_choice.get(choice)
        if stack is None:
            chosen = {slot: [make()] for slot, make in self._on_demand.items() if slot in choice}
            stack = self._by_choice[choice] = Stack(in_order({**self._fixed, **chosen}), self._exchange)
        return stack


def switched_on(policies: Policies) -> frozenset[str]:
    """The slots that these policies want filled.

    >>> from grokkit.config import Policies
    >>> sorted(switched_on(Policies()))
    ['circuit', 'rate_limit', 'retry']
    """
    wanted = {
        "cache": policies.cache.is_on,
        "coalesce": policies.coalesce,
        "fallback": policies.fallback.is_on,
        "retry": policies.retries.is_on,
        "rate_limit": policies.rate_limit.is_on,
        "circuit": policies.circuit.is_on,
        "hedge": policies.hedge.is_on,
    }
    return frozenset(slot for slot, on in wanted.items() if on)


class Stack:
    """The layers of one client, folded. `print(stack)` shows them, one a line, outermost first."""

    def __init__(self, layers: Iterable[Layer], exchange: Next) -> None:
        self.layers = tuple(layers)
        self._exchange = exchange
        handle: Next = exchange
        for layer in reversed(self.layers):
            handle = partial(layer, call_next=handle)
        self.send = handle
        """Sends a call down the stack, as calling the stack does."""

    def __call__(self, call: Call) -> Awaitable[Reply]:
        """Send a call down the stack."""
        return self.send(call)

    def __str__(self) -> str:
        return "\n".join(self._names())

    def __repr__(self) -> str:
        return f"<Stack {' > '.join(self._names())}>"

    def _names(self) -> list[str]:
        steps: list[object] = [*self.layers, self._exchange]
        return [repr(step) for step in steps]


def in_order(layers: Mapping[str, Iterable[Layer]]) -> list[Layer]:
    """The layers as `ORDER` has them, from a table by slot."""
    unknown = layers.keys() - set(ORDER)
    if unknown:
        raise ValueError(f"no such slot in the pipeline: {', '.join(sorted(unknown))}")
    return [layer for slot in ORDER for layer in layers.get(slot, ())]


def by_ring(layers: Iterable[Layer]) -> dict[str, list[Layer]]:
    """The user's own layers by slot: those with `ring = "attempt"` see every attempt, the others each call once.

    Raises `ConfigInvalid` for what can be no layer.
    """
    table: dict[str, list[Layer]] = {"call layers": [], "attempt layers": []}
    for layer in layers:
        _refuse_unfit(layer)
        table[f"{_ring(layer)} layers"].append(layer)
    return table


def _ring(layer: Layer) -> object:
    return getattr(layer, "ring", "call")


def _refuse_unfit(layer: Layer) -> None:
    found = hint = None
    if isinstance(layer, type):
        found, hint = f"the class {layer.__name__}", f"pass an instance: layers=[{layer.__name__}()]"
    elif not _takes_call_and_next(layer):
        found, hint = repr(layer), "write async def __call__(self, call, call_next)"
    elif _ring(layer) not in ("call", "attempt"):
        found, hint = f"{layer!r} with ring = {_ring(layer)!r}", 'ring is "call" or "attempt"'
    if found is not None:
        raise ConfigInvalid(f"found {found} among the layers, where it cannot work", hint=hint, param="layers")


def _takes_call_and_next(layer: Layer) -> bool:
    try:
        inspect.signature(layer).bind(None, call_next=None)
    except (TypeError, ValueError):
        return False
    return True
