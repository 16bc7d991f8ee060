"""`grokkit sessions`: conversations that were kept."""

from __future__ import annotations

from grokkit.cli.group import LazyGroup

command = LazyGroup(
    "sessions",
    __name__,
    {
        "list": "List them, the latest first.",
        "show": "Show what was said.",
        "resume": "Go on with one.",
        "search": "Find where words were said.",
        "describe": "Give one a title, or tags.",
        "export": "Write one to standard output.",
        "import": "Make one of what export wrote.",
        "delete": "Forget some for good.",
    },
    """Find, read and go on with conversations.

    `grokkit chat --session NAME` begins one. None of these commands but resume needs a key.
    """,
)
