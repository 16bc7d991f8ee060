"""Warnings become notes on standard error, kept back until they do not tear an answer apart."""

from __future__ import annotations

from grokkit.cli.say import say
from grokkit.masking import mask_keys

_held: list[str] = []


def hold(message: Warning | str, category: type[Warning], *place: object, **more: object) -> None:
    """Take the place of `warnings.showwarning`."""
    _held.append(mask_keys(str(message)))


def tell() -> None:
    """Say what was held back."""
    while _held:
        say(f"grokkit: note: {_held.pop(0)}", color="yellow")
