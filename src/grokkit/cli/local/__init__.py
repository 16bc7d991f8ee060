"""`grokkit local`: a small model on this machine."""

from __future__ import annotations

from grokkit.cli.group import LazyGroup

command = LazyGroup(
    "local",
    __name__,
    {
        "pull": "Fetch the weights of the small model (93 MB), once.",
        "serve": "Run a model for other programs, until Ctrl-C.",
        "status": "Show whether the weights are here and an engine runs.",
    },
    "A small model on this machine: no key, and no network after the first fetch.",
)
