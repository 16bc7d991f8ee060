"""What there is to read of one chat request: the files of grokkit that it runs through, and their lines.

    python benchmarks/lines.py            starts the stub itself
    python benchmarks/lines.py --json     {"files": 6, "lines": 1400, "entered": {"client.py": ...}}

A warm-up request goes first, so that what is built once (connections, the pipeline) is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grokkit

if TYPE_CHECKING:
    from types import FrameType

PACKAGE = Path(grokkit.__file__).resolve().parent
KEY = "xai-bench"
MODEL = "grok-4.20-0309-non-reasoning"
MESSAGES = [{"role": "user", "content": "Why is the sky blue?"}]
BUDGET_FILES, BUDGET_LINES = 6, 1500


@dataclass(frozen=True)
class Entered:
    """One file that a request runs through."""

    path: Path
    functions: frozenset[str]

    @property
    def name(self) -> str:
        return str(self.path.relative_to(PACKAGE))

    @property
    def lines(self) -> int:
        return len(self.path.read_text().splitlines())


async def trace(url: str) -> list[Entered]:
    """The files whose functions a chat request enters, in the order in which it reaches them."""
    functions: dict[Path, set[str]] = {}

    def note(frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(PACKAGE)) and code.co_name != "<module>":
            functions.setdefault(Path(code.co_filename), set()).add(code.co_qualname)

    async with grokkit.AsyncGrok(api_key=KEY, base_url=url) as grok:
        await grok.chat.create(MODEL, messages=MESSAGES)
        sys.setprofile(note)
        try:
            await grok.chat.create(MODEL, messages=MESSAGES)
        finally:
            sys.setprofile(None)
    return [Entered(path, frozenset(names)) for path, names in functions.items()]


async def trace_against_own_stub() -> list[Entered]:
    """The same, with a stub of our own."""
    from processes import start_stub

    stub = await start_stub(chunks=10, core=None)
    try:
        return await trace(f"{stub.announcement['url']}/v1")
    finally:
        await stub.stop()


def main() -> None:
    """Trace, and print what was found."""
    parser = argparse.ArgumentParser(description="the files and lines that one chat request runs through")
    parser.add_argument("--url", help="a base URL that answers; without it the stub is started")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    entered = asyncio.run(trace(options.url) if options.url else trace_against_own_stub())
    lines = sum(file.lines for file in entered)
    if options.json:
        found = {file.name: {"lines": file.lines, "functions": sorted(file.functions)} for file in entered}
        print(json.dumps({"files": len(entered), "lines": lines, "entered": found}, indent=1))
        return
    for file in entered:
        print(f"{file.lines:5}  {file.name:28} {', '.join(sorted(file.functions))}")
    print(f"{lines:5}  in {len(entered)} files; the budget is under {BUDGET_LINES} in {BUDGET_FILES}")


if __name__ == "__main__":
    main()
