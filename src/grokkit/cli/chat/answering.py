"""One question and its answer: sent, shown while it arrives, timed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grokkit.wire.events import TextDelta

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit import Answer, Stream
    from grokkit.cli.chat.display import Display


class Stopped(Exception):
    """The person pressed Ctrl-C; `text` is what had arrived of the answer."""

    def __init__(self, text: str) -> None:
        super().__init__("stopped")
        self.text = text


@dataclass(frozen=True, kw_only=True)
class Answered:
    """An answer and its times in seconds."""

    answer: Answer
    elapsed: float
    time_to_output: float | None = None


def stream(asked: Stream, display: Display) -> Answered:
    """Show the answer as it arrives. Raises `Stopped` on Ctrl-C, and what a stream raises."""
    began = time.monotonic()
    pieces: list[str] = []
    try:
        with display, asked as arriving:
            for event in arriving:
                if isinstance(event, TextDelta):
                    pieces.append(event.text)
                display.event(event)
    except KeyboardInterrupt as interrupt:
        raise Stopped("".join(pieces)) from interrupt
    return Answered(answer=asked.result, elapsed=time.monotonic() - began, time_to_output=asked.time_to_output)


def whole(ask: Callable[[], Answer]) -> Answered:
    """Wait for the whole answer."""
    began = time.monotonic()
    answer = ask()
    return Answered(answer=answer, elapsed=time.monotonic() - began)
