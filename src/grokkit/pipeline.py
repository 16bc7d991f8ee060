"""The order of the layers, written once, and the fold that makes one function of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

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
    """The user's own layers by slot: those with `ring = "attempt"` see every attempt, the others each call once."""
    table: dict[str, list[Layer]] = {"call layers": [], "attempt layers": []}
    for layer in layers:
        table[f"{getattr(layer, 'ring', 'call')} layers"].append(layer)
    return table
