"""What is raised by tools that live elsewhere: in an MCP server, behind an HTTP API."""

from __future__ import annotations

from typing import Unpack

from grokkit.errors import BadCall, Details, TryLater


class ToolFailed(BadCall):
    """The server ran the tool and says that it failed. The message is the server's, and fit for the model."""

    hint = "give the message to the model as the call's result: it can go on from there"


class ToolUnreachable(TryLater):
    """The server behind a tool did not start, is gone, or does not answer.

    `may_have_run` tells whether the call had been sent, so that its effect may have been made.
    """

    hint = "see that the server runs; the next call tries to reach it anew"

    def __init__(self, message: str, *, sent: bool = False, **details: Unpack[Details]) -> None:
        super().__init__(message, **details)
        self._ambiguous = sent
