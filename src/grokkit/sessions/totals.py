"""What a session has consumed, as whole numbers that a store can add to: usages and counters are one another's sum."""

from collections.abc import Iterable, Mapping

import msgspec

from grokkit.sessions.turn import Turn
from grokkit.wire.usage import Usage

_COUNTS = tuple(field.name for field in msgspec.structs.fields(Usage) if field.type is int)
_COST, _UNPRICED, _ESTIMATED, _TOOL = "cost_ticks", "unpriced", "estimated", "tool:"


def counters(turns: Iterable[Turn]) -> dict[str, int]:
    """What these turns add, by counter; turns that were copied from elsewhere add nothing.

    >>> counters([Turn(usage=Usage(input_tokens=7, total_tokens=7, cost_ticks=30))])
    {'input_tokens': 7, 'total_tokens': 7, 'cost_ticks': 30}
    """
    sums: dict[str, int] = {}
    for turn in turns:
        if turn.usage is not None and not turn.copied:
            for name, amount in _counters(turn.usage):
                sums[name] = sums.get(name, 0) + amount
    return {name: amount for name, amount in sums.items() if amount}


def _counters(usage: Usage) -> Iterable[tuple[str, int]]:
    yield from ((name, getattr(usage, name)) for name in _COUNTS)
    yield from ((_TOOL + name, count) for name, count in usage.server_side_tools.items())
    yield (_COST, usage.cost_ticks or 0)
    yield (_UNPRICED, int(usage.cost_ticks is None and usage != Usage()))
    yield (_ESTIMATED, int(usage.estimated))


def usage_of(sums: Mapping[str, int]) -> Usage:
    """The usage that counters tell; its cost is unknown as soon as one turn's is.

    >>> usage_of({"input_tokens": 7, "cost_ticks": 30, "unpriced": 1}).cost_ticks is None
    True
    """
    return Usage(
        **{name: sums.get(name, 0) for name in _COUNTS},
        cost_ticks=None if sums.get(_UNPRICED) or not sums else sums.get(_COST, 0),
        estimated=bool(sums.get(_ESTIMATED)),
        server_side_tools={name.removeprefix(_TOOL): count for name, count in sums.items() if name.startswith(_TOOL)},
    )
