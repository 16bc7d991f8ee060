"""The order of the layers, written once, and the fold that makes one function of them."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Final

from grokkit.errors import ConfigInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from grokkit.call import Call, Layer, Next, Reply

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


class Stack:
    """The layers of one client, folded. `print(stack)` shows them, one a line, outermost first."""

    def __init__(self, layers: Iterable[Layer], exchange: Next) -> None:
        self.layers = tuple(layers)
        self._exchange = exchange
        handle: Next = exchange
        for layer in reversed(self.layers):
            handle = partial(layer, call_next=handle)
        self._handle = handle

    async def __call__(self, call: Call) -> Reply:
        """Send a call down the stack."""
        return await self._handle(call)

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
