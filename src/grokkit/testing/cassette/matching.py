"""Which recorded interaction answers a call, and, when none does, what the nearest one has otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from grokkit.testing.canonical import differences

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from grokkit.testing.cassette.interaction import Interaction, Request

CRITERIA = ("method", "host", "path", "query", "body")
_MOST_SHOWN = 12
USUAL = ("method", "path", "query", "body")


class Matcher(msgspec.Struct, frozen=True):
    """What of a request has to be the same: some of `CRITERIA`, less the fields that globs in `ignore` name."""

    match: tuple[str, ...] = USUAL
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unknown = set(self.match) - set(CRITERIA)
        if unknown:
            raise ValueError(f"match: no such criterion: {', '.join(sorted(unknown))}; there are {', '.join(CRITERIA)}")

    def differences(self, recorded: Request, asked: Request) -> list[str]:
        """What keeps one request from being the other: nothing when they match."""
        one, other = _canonical(recorded), _canonical(asked)
        return [
            f"{name} {line}".replace(" (the whole body)", "")
            if name in {"query", "body"}
            else line.replace("(the whole body)", name)
            for name in self.match
            for line in differences(one[name], other[name], ignore=self.ignore)
        ]

    def nearest(self, tape: Sequence[Interaction], asked: Request) -> tuple[int, list[str]] | None:
        """The place of the interaction with the fewest differences, and these."""
        tried = [(at, self.differences(interaction.request, asked)) for at, interaction in enumerate(tape)]
        return min(tried, key=lambda found: (_weight(found[1]), len(found[1])), default=None)


def explain(tape: Sequence[Interaction], asked: Request, matcher: Matcher, used: Collection[int]) -> list[str]:
    """Why a call cannot be answered from a cassette."""
    lines = [f"has no recording of {asked} that is left"]
    nearest = matcher.nearest(tape, asked)
    if nearest is None:
        lines.append("  it has no recording at all")
    elif not nearest[1]:
        same = [at for at, one in enumerate(tape) if not matcher.differences(one.request, asked)]
        lines.append(f"  it was recorded {_times(len(same))}, and is asked {_times(len(same) + 1)} now")
    else:
        at, found = nearest
        lines[0] = lines[0].removesuffix(" that is left")
        lines.append(f"  nearest: interaction {at + 1}, {tape[at].request}{', replayed already' if at in used else ''}")
        lines += [f"    {line}" for line in found[:_MOST_SHOWN]]
        lines += [f"    and {len(found) - _MOST_SHOWN} more"] if len(found) > _MOST_SHOWN else []
    return lines


def _canonical(request: Request) -> dict[str, object]:
    address = urlsplit(request.url)
    content: dict[str, object] = msgspec.to_builtins(request.body) if request.body is not msgspec.UNSET else {}
    body = next(iter(content.values()), None)
    return {
        "method": request.method,
        "host": address.netloc,
        "path": address.path,
        "query": request.query,
        "body": "".join(body) if isinstance(body, list) and "text" in content else body,
    }


def _weight(found: list[str]) -> int:
    return sum(2 if line.startswith("path") else line.startswith("method") for line in found)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
