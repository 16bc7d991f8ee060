"""`make bench`: import time, plain call and per-chunk client CPU, ours against our peers', in one run.

The exit code is 0 when everything could be measured. A missed budget is printed; with `--check` it makes the
exit code 1 too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from environments import CACHE_PEERS, PEERS, TOOL_PEERS, EnvironmentFailed, Peer, prepare
from imports import measure_first_answers, measure_imports
from lines import trace
from processes import LineProcess, RunFailed, cores, start_grpc_stub, start_stub
from report import Run, as_json, as_text
from scenarios import CACHE, CACHE_STREAM, PLAIN, STREAM, TOOLS, Effort, Expected, Scenario, Stand, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

FULL = Effort(rounds=5, seconds=0.3, imports=9, first_answers=5, chunks=2000)
QUICK = Effort(rounds=3, seconds=0.1, imports=7, first_answers=2, chunks=1000)
STARTED = time.perf_counter()
PARTS = ("import", "plain", "stream", "lines")
MORE = {"tools": TOOL_PEERS, "cache": CACHE_PEERS}
"""Parts that are measured when they are asked for, with peers of their own."""
CALLS = {"plain": PLAIN, "stream": STREAM, "tools": TOOLS, "cache": CACHE + CACHE_STREAM}
NAMES = list(dict.fromkeys(peer.name for peers in (PEERS, *MORE.values()) for peer in peers))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="measure grokkit against its peers, as ratios in one run")
    parser.add_argument("--only", choices=(*PARTS, *MORE), action="append", help="measure this (can be repeated)")
    parser.add_argument("--peers", metavar="A,B", help=f"measure these, of {','.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there too")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a budget is missed")
    parser.add_argument("--refresh", action="store_true", help="make the environments again, with today's versions")
    return parser.parse_args()


def main() -> int:
    """Measure, print, and say by the exit code whether it worked."""
    options = arguments()
    wanted = options.peers.split(",") if options.peers else NAMES
    if unknown := set(wanted) - set(NAMES):
        print(f"no such peer: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    run = Run(_conditions())
    effort, parts = QUICK if options.quick else FULL, options.only or PARTS
    if usual := [part for part in PARTS if part in parts]:
        peers = _prepared([peer for peer in PEERS if peer.name in wanted], run, refresh=options.refresh)
        asyncio.run(_measure(run, peers, usual, effort))
    for part in (part for part in MORE if part in parts):
        peers = _prepared([peer for peer in MORE[part] if peer.name in wanted], run, refresh=options.refresh)
        asyncio.run(_measure(run, peers, [part], effort))
    print(as_text(run))
    if options.json:
        options.json.write_text(json.dumps(as_json(run), indent=1) + "\n")
    missed = options.check and not all(verdict.passed for verdict in run.verdicts())
    return 1 if run.failures or missed else 0


def _conditions() -> dict[str, object]:
    client, stub = cores()
    apart = f"clients on core {client}, stubs on core {stub}" if client is not None else "not pinned"
    if client is None:
        print("processes cannot be pinned to two cores here: figures will be noisier", file=sys.stderr)
    return {"Python": platform.python_version(), "on": f"{os.cpu_count()} cores", "with": apart}


def _prepared(peers: Sequence[Peer], run: Run, *, refresh: bool) -> list[Peer]:
    ready = []
    for peer in peers:
        try:
            prepare(peer, refresh=refresh)
        except EnvironmentFailed as failure:
            run.failures.append(f"{peer.name} could not be installed: {failure}")
        else:
            ready.append(peer)
    return ready


async def _measure(run: Run, peers: Sequence[Peer], parts: Sequence[str], effort: Effort) -> None:
    client_core, stub_core = cores()
    async with AsyncExitStack() as stack:
        stub = await start_stub(effort.chunks, stub_core)
        stack.push_async_callback(stub.stop)
        base = stub.announcement["url"]
        urls = {peer.name: f"{base}/v1" for peer in peers}
        for peer in peers:
            if peer.name == "xai-sdk":
                grpc_stub = await start_grpc_stub(peer.python, effort.chunks, stub_core)
                stack.push_async_callback(grpc_stub.stop)
                urls[peer.name] = grpc_stub.announcement["url"]
        if "import" in parts:
            _measure_startup(run, peers, urls, effort, client_core)
        if scenarios := [scenario for part in parts for scenario in CALLS.get(part, ())]:
            stands = await _stands(run, peers, urls, stack)
            await _measure_calls(run, scenarios, stands, stub, effort)
        if "lines" in parts:
            _count_lines(run, peers, urls)


def _measure_startup(run: Run, peers: Sequence[Peer], urls: dict[str, str], effort: Effort, core: int | None) -> None:
    _say("import time")
    run.imports, failures = measure_imports(peers, effort.imports, core)
    run.failures.extend(failures)
    _say("time to a first answer")
    run.first_answers, failures = measure_first_answers(peers, urls, effort.first_answers, core)
    run.failures.extend(failures)


async def _stands(run: Run, peers: Sequence[Peer], urls: dict[str, str], stack: AsyncExitStack) -> dict[str, Stand]:
    stands = {}
    for peer in peers:
        try:
            process = await LineProcess.start(peer.name, peer.python, peer.script, *peer.arguments, core=cores()[0])
        except RunFailed as failure:
            run.failures.append(str(failure))
            continue
        stack.push_async_callback(process.stop)
        if (version := process.announcement["version"]) and not peer.environment:
            run.versions[peer.name] = version
        stands[peer.name] = Stand(process, urls[peer.name])
    return stands


async def _measure_calls(
    run: Run, scenarios: Sequence[Scenario], stands: dict[str, Stand], stub: LineProcess, effort: Effort
) -> None:
    facts = stub.announcement
    expected = Expected(facts["plain_characters"], facts["stream_characters"], facts["chunks"])
    for scenario in scenarios:
        _say(scenario.name)
        run.results[scenario.name], failures = await measure(scenario, stands, expected, effort)
        run.failures.extend(failures)


def _count_lines(run: Run, peers: Sequence[Peer], urls: dict[str, str]) -> None:
    _say("lines of one chat request")
    for peer in peers:
        if peer.name == "aiohttp":
            continue
        try:
            run.reading[peer.name] = trace(peer, urls[peer.name])
        except RunFailed as failure:
            run.failures.append(f"{peer.name}, lines: {failure}")


def _say(what: str) -> None:
    print(f"{time.perf_counter() - STARTED:4.0f} s  measuring {what}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
