"""What one client has of its own, and the clients derived from it share: the layers that end with it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from grokkit.call import Layer
    from grokkit.layers.cache import AnswerCache
    from grokkit.layers.shared import Shared
    from grokkit.telemetry.events import Event, Hook
    from grokkit.wire.usage import Prices


class Own:
    """The layers of one client, each made when it is first asked for."""

    def __init__(
        self,
        shared: Shared,
        hooks: Sequence[Hook],
        told: Callable[[Event], object],
        prices: Callable[[str], Prices | None],
    ) -> None:
        """`hooks` hear of calls that are made in the background, `told` of all else that is no call's."""
        self._shared = shared
        self._hooks = hooks
        self._told = told
        self._prices = prices

    @cached_property
    def answer_cache(self) -> AnswerCache:
        """The layer `cache`."""
        from grokkit.layers.cache import AnswerCache, Places

        places = Places(self._shared.answers, self._shared.clock, self._told)
        return AnswerCache(places, self._shared.clock, hooks=self._hooks, prices=self._prices)

    def by_slot(self) -> Mapping[str, Callable[[], Layer]]:
        """How to come by each, by its slot in the order."""
        return {"cache": lambda: self.answer_cache}

    async def aclose(self) -> None:
        """End what was made."""
        if "answer_cache" in vars(self):
            await self.answer_cache.aclose()
