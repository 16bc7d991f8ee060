"""The ways to show an answer while it arrives: plain text, Markdown on a terminal, or the events as JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol, Self

from grokkit.cli.say import harmless, is_terminal, plain_wanted
from grokkit.wire.events import ReasoningDelta, ServerToolProgress, TextDelta

if TYPE_CHECKING:
    from typing import TextIO

    from grokkit.cli.chat.live_markdown import LiveMarkdown
    from grokkit.wire.answer import Answer
    from grokkit.wire.events import StreamEvent


class Display(Protocol):
    """Shows one answer, in a `with` block."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(self, *error: object) -> None:
        """Finish what is shown, also when the answer broke off."""
        ...

    def event(self, event: StreamEvent) -> None:
        """Show one more event."""
        ...


class PlainText:
    """The text as it comes; on a terminal without control characters."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._clean = harmless if is_terminal(out) else str
        self._last = "\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if not self._last.endswith("\n") and not isinstance(error[1], BrokenPipeError):
            self._write("\n")

    def event(self, event: StreamEvent) -> None:
        """Write the text of a piece of text."""
        if isinstance(event, TextDelta):
            self._write(self._clean(event.text))

    def _write(self, text: str) -> None:
        self._last = text or self._last  # first, as a Ctrl-C may come while it is written
        self._out.write(text)
        self._out.flush()


class MarkdownText:
    """The text as Markdown, and before it what happens meanwhile."""

    def __init__(self, live: LiveMarkdown) -> None:
        self._live = live

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.__exit__(*error)

    def event(self, event: StreamEvent) -> None:
        """Add a piece of text, or say what the model is doing."""
        if isinstance(event, TextDelta):
            self._live.add(event.text)
        elif isinstance(event, ReasoningDelta):
            self._live.status("thinking")
        elif isinstance(event, ServerToolProgress):
            self._live.status(event.tool.removesuffix("_call").replace("_", " "))


class JSONLines:
    """Every event as the server sent it, one a line."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._last: bytes | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return

    def event(self, event: StreamEvent) -> None:
        """Write the event's frame; two events of one frame share a line."""
        import msgspec

        if event.frame is not self._last:
            self._last = event.frame
            self._out.write(msgspec.json.format(event.frame, indent=-1).decode() + "\n")
            self._out.flush()


def display(*, plain: bool, as_json: bool = False) -> Display:
    """The one that suits standard output and the options."""
    out = sys.stdout
    if as_json:
        return JSONLines(out)
    if plain or not is_terminal(out) or _is_dumb():
        return PlainText(out)
    from grokkit.cli.chat.live_markdown import LiveMarkdown

    return MarkdownText(LiveMarkdown(out, no_color=plain_wanted()))


def show_whole(answer: Answer, *, plain: bool, as_json: bool) -> None:
    """Show an answer that came in one piece."""
    if as_json:
        from grokkit.cli.documents import print_json

        print_json(answer.raw)
        return
    with display(plain=plain) as shown:
        shown.event(TextDelta(b"", answer.text))


def _is_dumb() -> bool:
    import os

    return os.environ.get("TERM", "dumb") == "dumb"
