"""How much is told beside the result: `-v` more, `-vv` everything, tracebacks and the log included."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

import click

from grokkit.cli import notes

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")

DEBUG = "GROKKIT_DEBUG"
TRACEBACKS = 2


class Verbosity:
    """What one run was told: it starts at 0 and is set when the options are read."""

    def __init__(self) -> None:
        self.level = 0

    @property
    def tracebacks(self) -> bool:
        """Whether errors are shown with the way to them."""
        return self.level >= TRACEBACKS or os.environ.get(DEBUG, "0") not in ("", "0")

    def set(self, level: int) -> None:
        """Take what `-v` says; with `-vv` also let the log be heard."""
        self.level = level
        if self.tracebacks:
            import logging

            logger = logging.getLogger("grokkit")
            logger.setLevel(logging.INFO)
            logger.addHandler(notes.Log())


def _set(ctx: click.Context, _: click.Parameter, level: int) -> int:
    ctx.ensure_object(Verbosity).set(level)
    return level


def verbose_option(about: str = "More details; -vv shows tracebacks and the log.") -> Callable[[F], F]:
    """The option `-v`, which can be repeated."""
    return click.option("-v", "--verbose", count=True, callback=_set, is_eager=True, expose_value=False, help=about)
