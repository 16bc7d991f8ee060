"""What there is to read of one chat request: the files of a library that it runs through, and their lines.

    python benchmarks/lines.py            grokkit, file by file
    python benchmarks/lines.py openai     a peer, the same way

A function counts when the request enters it, a file when it holds such a function. A warm-up request goes first, so
that what is built once (connections, the pipeline) is not counted. HTTP libraries below are nobody's own lines.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from environments import PEERS, Peer, prepare
from processes import RunFailed, output, start_grpc_stub, start_stub

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class EnteredFile:
    """One file that a request runs through, and the lines of each function it enters there."""

    path: Path
    functions: Mapping[str, int]

    @property
    def lines(self) -> int:
        return len(self.path.read_text().splitlines())


@dataclass(frozen=True)
class Reading:
    """What one chat request asks of its reader."""

    package: Path
    entered: tuple[EnteredFile, ...]

    @property
    def files(self) -> int:
        return len(self.entered)

    @property
    def lines(self) -> int:
        return sum(file.lines for file in self.entered)

    @property
    def function_lines(self) -> int:
        """The lines of the functions alone, nested ones counted with the one around them."""
        return sum(
            lines
            for file in self.entered
            for name, lines in file.functions.items()
            if name.split(".<locals>")[0] == name or name.split(".<locals>")[0] not in file.functions
        )


def trace(peer: Peer, url: str) -> Reading:
    """The files of the peer that a chat request runs through, in the order it reaches them. Raises RunFailed."""
    where = f"import pathlib, {peer.module}; print(pathlib.Path({peer.module}.__file__).resolve().parent)"
    package = Path(output(str(peer.python), "-I", "-c", where).strip())
    answer = json.loads(output(str(peer.python), str(peer.script), "--trace", str(package), url))
    if "error" in answer:
        raise RunFailed(f"{peer.name}: {answer['error']}")
    entered = (EnteredFile(Path(path), functions) for path, functions in answer["entered"].items())
    return Reading(package, tuple(entered))


async def trace_against_own_stub(peer: Peer) -> Reading:
    """The same, with a stub of our own."""
    stub = await (
        start_grpc_stub(peer.python, 10, None) if peer.name == "xai-sdk" else start_stub(chunks=10, core=None)
    )
    try:
        url = stub.announcement["url"]
        return await asyncio.to_thread(trace, peer, url if peer.name == "xai-sdk" else f"{url}/v1")
    finally:
        await stub.stop()


def main() -> None:
    """Trace, and print what was found."""
    parser = argparse.ArgumentParser(description="the files and lines that one chat request runs through")
    names = [peer.name for peer in PEERS]
    parser.add_argument("peer", nargs="?", default="grokkit", choices=names)
    name = parser.parse_args().peer
    peer = next(peer for peer in PEERS if peer.name == name)
    try:
        prepare(peer)
        reading = asyncio.run(trace_against_own_stub(peer))
    except RunFailed as failure:
        sys.exit(str(failure))
    for file in reading.entered:
        print(f"{file.lines:6}  {file.path.relative_to(reading.package)!s:28} {', '.join(file.functions)}")
    print(f"{reading.lines:6}  lines in {reading.files} files, {reading.function_lines} in the functions entered")


if __name__ == "__main__":
    main()
