"""Calls and their results together: each call has one result, after it; each result one call; no id is used twice."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from grokkit.sessions.doctor.change import Change, Entry
from grokkit.sessions.doctor.results import CALL_OF, RESULT_OF, synthetic

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grokkit.sessions.doctor.change import Item

_ASKING = ("user", "system", "developer")


class _Pairs:
    """Which result belongs to which call, by their positions."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self.result_of: dict[int, int] = {}
        self.lost: list[int] = []
        """Results that belong to no call before them."""
        self._open: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        self._find()
        self._find_later()

    @property
    def unanswered(self) -> list[int]:
        """The calls that have no result."""
        return sorted(position for calls in self._open.values() for position, _ in calls)

    def _find(self) -> None:
        turn = 0
        for position, entry in enumerate(self._entries):
            if entry.type in RESULT_OF:
                self._open[entry.type, entry.item["call_id"]].append((position, turn))
            elif entry.type in CALL_OF:
                self._answer(position, turn)
            elif entry.type == "message" and entry.item["role"] in _ASKING:
                turn += 1

    def _answer(self, position: int, turn: int) -> None:
        """The first open call of this turn; else the last one of earlier turns."""
        entry = self._entries[position]
        calls = self._open[CALL_OF[entry.type], entry.item["call_id"]]
        if not calls:
            self.lost.append(position)
            return
        call = next((call for call in calls if call[1] == turn), calls[-1])
        calls.remove(call)
        self.result_of[call[0]] = position

    def _find_later(self) -> None:
        """Results that came before their calls."""
        still_lost = []
        for position in self.lost:
            entry = self._entries[position]
            calls = self._open[CALL_OF[entry.type], entry.item["call_id"]]
            if calls:
                self.result_of[calls.pop(0)[0]] = position
            else:
                still_lost.append(position)
        self.lost = still_lost


def paired(entries: Sequence[Entry], changes: list[Change]) -> list[Entry]:
    """The same items with all calls answered, right after their group where the answer is new or came too early."""
    pairs = _Pairs(entries)
    dropped = {*pairs.lost, *_repeated(entries, pairs.unanswered)}
    _tell_dropped(entries, pairs, dropped, changes)
    renamed = _renamed(entries, pairs, dropped, changes)
    late: dict[int, Entry] = {}
    for call in (position for position, entry in enumerate(entries) if entry.type in RESULT_OF):
        if call not in dropped and (result := _late(entries, pairs, renamed, call, changes)) is not None:
            late[call] = result
    early = {result for call, result in pairs.result_of.items() if result < call}
    kept = [position for position in range(len(entries)) if position not in dropped and position not in early]
    return list(_in_order(kept, renamed, late))


def _in_order(kept: Iterable[int], entries: Sequence[Entry], late: dict[int, Entry]) -> Iterable[Entry]:
    due: list[Entry] = []
    for position in kept:
        entry = entries[position]
        if entry.type not in RESULT_OF:
            yield from due
            due = []
        elif position in late:
            due.append(late[position])
        yield entry
    yield from due


def _late(
    entries: Sequence[Entry], pairs: _Pairs, renamed: Sequence[Entry], call: int, changes: list[Change]
) -> Entry | None:
    """The result that has to be put after a call, if any."""
    result = pairs.result_of.get(call)
    if result is None:
        item = synthetic(renamed[call].item)
        place = entries[call].place
        changes.append(Change(place=place, what="added", why="the call had no result", after=item))
        return Entry(place, item)
    if result > call:
        return None
    entry = renamed[result]
    why = "the result came before its call"
    changes.append(Change(place=entry.place, what="moved", why=why, before=entries[result].item, after=entry.item))
    return entry


def _repeated(entries: Sequence[Entry], unanswered: Iterable[int]) -> list[int]:
    """Calls without a result that are there a second time, word for word."""
    return [
        position
        for position in unanswered
        if any(other.item == entries[position].item for other in entries[:position] if other.type in RESULT_OF)
    ]


def _tell_dropped(entries: Sequence[Entry], pairs: _Pairs, dropped: set[int], changes: list[Change]) -> None:
    answered = {entries[result].item["call_id"] for result in pairs.result_of.values()}
    for position in sorted(dropped):
        entry = entries[position]
        if entry.type in RESULT_OF:
            why = "the same call is there before"
        elif entry.item["call_id"] in answered:
            why = "the call has a result already"
        else:
            why = "no call asked for this result"
        changes.append(Change(place=entry.place, what="dropped", why=why, before=entry.item))


def _renamed(entries: Sequence[Entry], pairs: _Pairs, dropped: set[int], changes: list[Change]) -> list[Entry]:
    """All items, with a name of its own for each call but the first of a name."""
    whole = list(entries)
    taken = {entry.item["call_id"] for entry in entries if entry.type in RESULT_OF}
    seen: set[str] = set()
    for position, entry in enumerate(entries):
        if entry.type not in RESULT_OF or position in dropped:
            continue
        name = entry.item["call_id"]
        if name in seen:
            name = _free(name, taken)
            for one in (position, pairs.result_of.get(position)):
                if one is not None:
                    whole[one] = _named(entries[one], name, changes)
        seen.add(name)
        taken.add(name)
    return whole


def _named(entry: Entry, name: str, changes: list[Change]) -> Entry:
    item: Item = {**entry.item, "call_id": name}
    why = "an earlier call has the same call_id"
    changes.append(Change(place=entry.place, what="changed", why=why, before=entry.item, after=item))
    return Entry(entry.place, item)


def _free(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
