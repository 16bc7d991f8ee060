"""What the model, and who runs the program, read of calls that gave no proper result."""

from __future__ import annotations

import difflib
import traceback
from typing import TYPE_CHECKING

from grokkit.errors import GrokError
from grokkit.masking import mask_keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grokkit.tools import Effects

_LONGEST = 500
_MOST_NAMES = 30


def no_such_tool(name: str, names: Iterable[str]) -> str:
    """That there is no such tool, and what there is.

    >>> no_such_tool("wether", ["weather", "clock"])
    "there is no tool named 'wether': did you mean 'weather'? There are: clock, weather"
    """
    known = sorted(names)
    near = difflib.get_close_matches(name, known, 1, 0.6)
    guess = f": did you mean {near[0]!r}?" if near else "."
    more = ", ..." if len(known) > _MOST_NAMES else ""
    there = f"There are: {', '.join(known[:_MOST_NAMES])}{more}" if known else "There are none"
    return f"there is no tool named {name[:64]!r}{guess} {there}"


def used_twice(call_id: str) -> str:
    """That an id was given to two different calls."""
    return f"the call id {call_id!r} is that of another call in this turn: this one was not made; make it again"


def failed(name: str, error: BaseException) -> str:
    """That the tool raised, and what, with no credential in it.

    >>> failed("pay", ValueError("no such account"))
    'pay failed: ValueError: no such account'
    """
    return f"{name} failed: {_told(error)}"


def unencodable(name: str, error: GrokError) -> str:
    """That the tool ran, and its result is nothing that can be sent."""
    return f"{name} ran to its end, but {error.message}"


def timed_out(name: str, seconds: float | None, effects: Effects) -> str:
    """That the tool took too long, and what that means.

    >>> timed_out("pay", 10, "destructive")
    'pay timed out after 10 s. It may have taken effect all the same: find out before you call it again'
    """
    said = f"{name} timed out after {seconds:g} s" if seconds is not None else f"{name} timed out"
    if effects != "destructive":
        return said
    return f"{said}. It may have taken effect all the same: find out before you call it again"


def declined(name: str, reason: str, *, unknown: bool = False) -> str:
    """That the call was not allowed.

    >>> declined("pay", "too expensive")
    'pay was not run, it was declined: too expensive'
    """
    because = f": {reason}" if reason else ""
    if unknown:
        return f"{name} was begun and cut off, and may have taken effect; it was not run again{because}"
    return f"{name} was not run, it was declined{because}"


def cut_off(name: str) -> str:
    """That the run ended while the tool was at work."""
    return f"{name} was cut off: it may have taken effect"


def readable(text: str, longest: int | None) -> str:
    """The text without what no request can carry, and no longer than that.

    >>> readable("a \\udce9 b", None), readable("0123456789", 4)
    ('a ? b', '0123\\n(cut: these are the first 4 of 10 characters)')
    """
    sendable = text if text.isascii() else text.encode("utf-8", "replace").decode()
    if longest is None or len(sendable) <= longest:
        return sendable
    return f"{sendable[:longest]}\n(cut: these are the first {longest:,} of {len(sendable):,} characters)"


def changed(arguments: str, output: str) -> str:
    """The output, and that other arguments than the model's led to it."""
    return f"(run with changed arguments: {arguments})\n{output}"


def located(error: BaseException) -> str:
    """What was raised and where, for the reader of logs."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name})" if frames else ""
    return _told(error) + where


def _told(error: BaseException) -> str:
    try:
        text = error.message if isinstance(error, GrokError) else str(error)
    except Exception:  # noqa: BLE001 - an error whose text is an error has none
        text = ""
    text = readable(mask_keys(text), None)
    short = text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
    return f"{type(error).__name__}: {short}" if short else type(error).__name__
