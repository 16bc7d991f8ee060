"""Callers in a storm: what an outage, errors, a rate limit, a stalled peer or an empty account do to each client.

    python benchmarks/storm.py                        # 200 callers for 60 s through each: 25 minutes
    python benchmarks/storm.py --only a,c --seconds 20

The simulator runs in a process on one core, the callers in another process on another core.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import platform
import sys
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from processes import LineProcess, RunFailed, cores
from storms.clients import CLIENTS
from storms.figures import Figures, figures
from storms.promises import promises
from storms.table import promise_table, storm_table
from storms.weather import KINDS, Storm

if TYPE_CHECKING:
    from collections.abc import Sequence

OURS = "grokkit"
START = 0.5
PATIENCE = 12
"""Times a call's limit that the last calls may take to end: six tries and the waits between them."""


async def weather(storm: Storm, client: str) -> Figures:
    """One client through one storm. Raises RunFailed."""
    client_core, server_core = cores()
    upstream = await LineProcess.start("simulator", sys.executable, "-m", "storms.upstream", core=server_core)
    try:
        url, key = upstream.announcement["url"], upstream.announcement["key"]
        command = (sys.executable, "-m", "storms.callers", client, url, key, str(storm.limit))
        callers = await LineProcess.start(client, *command, core=client_core)
        try:
            begin: dict[str, object] = {"storm": storm.as_command(), "at": time.monotonic() + START}
            await upstream.ask(begin)
            calls = await callers.ask(begin, wait=storm.seconds + PATIENCE * storm.limit + 30)
            return figures(storm, calls, await upstream.ask({"report": True}))
        finally:
            await callers.stop()
    finally:
        await upstream.stop()


async def run(options: argparse.Namespace) -> dict[str, dict[str, Figures]]:
    """Every storm, each client in turn; tables are printed as they come."""
    print(conditions(options), flush=True)
    found: dict[str, dict[str, Figures]] = {}
    for kind in options.only:
        storm = Storm(kind, options.seconds, options.callers)
        found[kind] = await through(storm, options.clients)
        print(f"\n{storm_table(storm, found[kind])}", flush=True)
    return found


async def through(storm: Storm, clients: Sequence[str]) -> dict[str, Figures]:
    """Each client through one storm; whatever cannot be measured is said and left out."""
    found: dict[str, Figures] = {}
    for client in clients:
        try:
            found[client] = await weather(storm, client)
        except RunFailed as error:
            print(f"\nFAILED  {storm.kind}, {client}: {error}", file=sys.stderr, flush=True)
    return found


def conditions(options: argparse.Namespace) -> str:
    """What was run where."""
    pinned = "callers and simulator on a core each" if cores()[0] is not None else "cores not kept apart"
    return (
        f"{options.callers} callers, {options.seconds:g} s; Python {platform.python_version()}, "
        f"grokkit {version('grokkit')}, openai {version('openai')}; {pinned}"
    )


def as_json(options: argparse.Namespace, found: dict[str, dict[str, Figures]]) -> dict[str, Any]:
    """The report to keep and compare."""
    ours = {kind: clients[OURS] for kind, clients in found.items() if OURS in clients}
    return {
        "conditions": conditions(options),
        "storms": {
            kind: {client: _finite(asdict(each) | {"per_call": each.per_call}) for client, each in clients.items()}
            for kind, clients in found.items()
        },
        "promises": [promise._asdict() | {"kept": promise.kept} for promise in promises(ours)],
    }


def _finite(fields: dict[str, Any]) -> dict[str, Any]:
    endless = {name for name, value in fields.items() if isinstance(value, float) and math.isinf(value)}
    return {name: None if name in endless else value for name, value in fields.items()}


def one_of(known: Sequence[str]) -> Any:
    """A list of names with commas in between, of those that there are."""

    def read(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",")]
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is not one of {', '.join(known)}")
        return names

    return read


def read_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="how long each storm lasts")
    parser.add_argument("--callers", type=int, default=200)
    parser.add_argument("--only", type=one_of(list(KINDS)), default=list(KINDS), help="kinds of storm: a,c")
    parser.add_argument("--clients", type=one_of(list(CLIENTS)), default=list(CLIENTS), help="grokkit,openai")
    parser.add_argument("--json", type=Path, help="keep the figures in this file")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a promise is missed")
    return parser.parse_args(arguments)


def main() -> int:
    options = read_arguments()
    found = asyncio.run(run(options))
    made = list(promises({kind: clients[OURS] for kind, clients in found.items() if OURS in clients}))
    if made:
        print(f"\n{promise_table(made)}")
    if options.json:
        options.json.write_text(json.dumps(as_json(options, found), indent=2) + "\n")
    failed = any(set(options.clients) - set(clients) for clients in found.values())
    missed = options.check and not all(promise.kept for promise in made)
    return 1 if failed or missed else 0


if __name__ == "__main__":
    sys.exit(main())
