"""The command `grokkit`. Nothing is imported before it is known which command is meant."""

from __future__ import annotations

import sys
from importlib.util import find_spec

NEEDED = ("click", "rich")
INTERRUPTED = 130


def main() -> int:
    """Run the command that `sys.argv` names and give its exit status: docs/cli.md lists them."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        words = " and ".join(missing)
        print(f"grokkit: the command line needs {words}, not installed here", file=sys.stderr)
        print("try: pip install 'grokkit[cli]'", file=sys.stderr)
        return 1
    try:
        from grokkit.cli.run import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return INTERRUPTED
