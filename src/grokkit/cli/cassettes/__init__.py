"""`grokkit cassettes`: recordings of tests."""

from __future__ import annotations

from grokkit.cli.group import LazyGroup

command = LazyGroup(
    "cassettes",
    __name__,
    {"check": "Name what moved in the API since the recording."},
    "Recordings of tests: grokkit.testing.Cassette.",
)
