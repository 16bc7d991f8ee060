"""Names that are not known, refused with the known one that was probably meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from grokkit.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Iterable


def unknown_name(what: str, name: str, known: Iterable[str]) -> Misused:
    """The error for a name that is none.

    >>> print(unknown_name("fault", "stal_at_event", ["stall_at_event"]).message)
    there is no fault named 'stal_at_event'; did you mean 'stall_at_event'?
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    return Misused(f"there is no {what} named {name!r}{meant}", hint=f"known are: {', '.join(names)}")


def check_names(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise `Misused` for the first name that is not known."""
    names = set(known)
    for name in given:
        if name not in names:
            raise unknown_name(what, name, names)
