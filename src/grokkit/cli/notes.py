"""Warnings and the log become notes on standard error, kept back until they do not tear an answer apart."""

from __future__ import annotations

import logging

from grokkit.cli.say import say
from grokkit.masking import mask_keys

_held: list[str] = []


def hold(message: Warning | str, category: type[Warning], *place: object, **more: object) -> None:
    """Take the place of `warnings.showwarning`."""
    _held.append(mask_keys(str(message)))


class Log(logging.Handler):
    """Holds the lines of the log back as well."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line for later."""
        _held.append(mask_keys(record.getMessage()))


def tell() -> None:
    """Say what was held back."""
    while _held:
        say(f"grokkit: note: {_held.pop(0)}", color="yellow")
