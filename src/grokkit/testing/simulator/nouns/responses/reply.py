"""A reply of the Responses API: the object, and the frames of its stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.nouns.responses.events import Event, Manner, Phases, event, in_turns, numbered
from grokkit.testing.simulator.nouns.responses.item_events import phases
from grokkit.testing.simulator.nouns.responses.output import is_item
from grokkit.testing.simulator.visit import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grokkit.testing.simulator.nouns.responses.habits import Habits
    from grokkit.testing.simulator.nouns.responses.inputs import Item

_IN_ORDER = {"message", "reasoning", "function_call"}


class ResponsesReply(msgspec.Struct, frozen=True, kw_only=True):
    """All that a reply says."""

    begun: dict[str, Any]
    """The response while it is made."""
    whole: dict[str, Any]
    """The response."""
    items: list[Item]
    """What is told of: the output, and the listings of MCP servers between."""
    manner: Manner
    habits: Habits
    doom_loop_check: bool = False

    @property
    def failed(self) -> bool:
        """Whether the response failed."""
        return bool(self.whole["status"] == "failed")

    def frames(self) -> Iterator[Frame]:
        """The stream: life-cycle, items, the end, `[DONE]`."""
        yield from numbered(self._events())
        if self.habits.closing_done:
            yield Frame(b"[DONE]")

    def _events(self) -> Iterator[Event]:
        yield event("created", response=self.begun)
        yield event("in_progress", response=self.begun)
        yield from self._item_events()
        if self.doom_loop_check:
            yield event("doom_loop_check")
        yield self._last()

    def _item_events(self) -> Iterator[Event]:
        for run in self._runs():
            if len(run) > 1 and self.habits.parallel_server_tools:
                for told in run:
                    yield from told.opening
                for told in run:
                    yield from told.closing
            else:
                for told in run:
                    yield from told.opening
                    yield from told.closing

    def _runs(self) -> Iterator[list[Phases]]:
        """The items in order, each with its neighbours that may happen at the same time."""
        waiting: list[Phases] = []
        calling: list[Phases] = []
        index = 0
        for item in self.items:
            told = phases(item, index, self.manner)
            index += is_item(item)
            if item["type"] not in _IN_ORDER:
                waiting.append(told)
                continue
            yield waiting
            waiting = []
            if item["type"] == "function_call" and self.habits.interleaved_functions:
                calling.append(told)
                continue
            yield from _interleaved(calling)
            calling = []
            yield [told]
        yield waiting
        yield from _interleaved(calling)

    def _last(self) -> Event:
        status = self.whole["status"]
        if status == "failed" and self.habits.nested_errors:
            return Event(msgspec.json.encode({"type": "error", **self.whole["error"], "param": None})[1:])
        whole = {**self.whole, "output": []} if self.habits.empty_output else self.whole
        alias = status == "completed" and self.habits.terminal_alias
        return event("done" if alias else status, response=whole)


def _interleaved(calling: Sequence[Phases]) -> Iterator[list[Phases]]:
    if calling:
        yield [Phases(in_turns([told.opening for told in calling]))]
