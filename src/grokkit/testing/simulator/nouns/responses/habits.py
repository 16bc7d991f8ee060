"""What servers of this API do differently from each other, for tests that want a client to bear it."""

from __future__ import annotations


class Habits:
    """How Responses are streamed: `sim.state(Habits).empty_output = True`. The defaults are the documented ways.

    >>> from grokkit.testing.simulator import Simulator
    >>> sim = Simulator()
    >>> sim.state(Habits).terminal_alias = True
    >>> sim.reset()
    >>> sim.state(Habits).terminal_alias
    False
    """

    def __init__(self) -> None:
        self.closing_done = True
        """Whether a stream ends with `data: [DONE]`."""
        self.empty_output = False
        """Whether the last event carries a response without its output, as was seen in August 2026."""
        self.terminal_alias = False
        """Whether the last event is called `response.done` instead of `response.completed`."""
        self.parallel_server_tools = False
        """Whether the server's tools run at the same time, so that their events interleave by `output_index`."""
        self.interleaved_functions = False
        """Whether parallel function calls that are streamed in fragments take turns."""
        self.nested_errors = False
        """Whether a failure in mid-stream is `{"type": "error"}` instead of `response.failed`."""
