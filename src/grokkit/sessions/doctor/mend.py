"""The doctor's round: each item by itself, what a compaction replaced, calls and results, reasoning left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.sessions.doctor.calls import paired
from grokkit.sessions.doctor.change import Change, Mended
from grokkit.sessions.doctor.results import CALL_OF
from grokkit.sessions.doctor.shape import shaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grokkit.sessions.doctor.change import Entry

_NOT_THE_MODELS = {*CALL_OF, "compaction"}


def mend(items: Iterable[object]) -> Mended:
    """A history that the Responses API accepts, and what had to be done for it. Nothing given is changed itself.

    Calls without a result get a marked one; results without a call are left out, as nobody asked for them and what a
    tool says must not become what the user says; a `call_id` that is there twice becomes two; reasoning has a
    `summary` and is followed by what it led to; empty messages are left out; a compaction comes first. Items of types
    that this version does not know stay as they are. A valid history comes back as it is.

    >>> call = {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"}
    >>> mended = mend([{"role": "user", "content": "Rain?"}, call])
    >>> print(mended.report)
    item 1 (function_call_output) added: the call had no result
    >>> mend(mended.items).changes
    ()
    """
    changes: list[Change] = []
    entries = shaped(items, changes)
    entries = _since_compaction(entries, changes)
    entries = paired(entries, changes)
    entries = _with_led_reasoning(entries, changes)
    changes.sort(key=lambda change: change.place)
    return Mended([entry.item for entry in entries], tuple(changes))


def _since_compaction(entries: Sequence[Entry], changes: list[Change]) -> list[Entry]:
    """What comes before the last compaction is in it."""
    last = max((position for position, entry in enumerate(entries) if entry.type == "compaction"), default=0)
    for entry in entries[:last]:
        why = "a later compaction holds it"
        changes.append(Change(place=entry.place, what="dropped", why=why, before=entry.item))
    return list(entries[last:])


def _with_led_reasoning(entries: Sequence[Entry], changes: list[Change]) -> list[Entry]:
    """Reasoning that something of the model's follows."""
    kept: list[Entry] = []
    leads = False
    for entry in reversed(entries):
        if entry.type != "reasoning":
            leads = _is_the_models(entry)
        elif not leads:
            why = "nothing followed from this reasoning"
            changes.append(Change(place=entry.place, what="dropped", why=why, before=entry.item))
            continue
        kept.append(entry)
    return kept[::-1]


def _is_the_models(entry: Entry) -> bool:
    if entry.type == "message":
        return bool(entry.item["role"] == "assistant")
    return entry.type not in _NOT_THE_MODELS
