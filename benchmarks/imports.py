"""Start-up: what an import costs, and a whole small program, each in fresh processes."""

from __future__ import annotations

import json
import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from processes import RunFailed, output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from environments import Peer

_IMPORT = """
import time
wall, cpu = time.perf_counter(), time.process_time()
import {module}
print([time.perf_counter() - wall, time.process_time() - cpu])
"""


@dataclass
class Startup:
    """Milliseconds of wall and CPU time, one of each a process."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def median_wall(self) -> float:
        return statistics.median(self.wall)

    @property
    def median_cpu(self) -> float:
        return statistics.median(self.cpu)


def measure_imports(peers: Sequence[Peer], rounds: int, core: int | None) -> tuple[dict[str, Startup], list[str]]:
    """What `import <library>` takes in a fresh interpreter, the interpreter's own start not counted."""

    def once(peer: Peer) -> tuple[float, float]:
        script = _IMPORT.format(module=peer.module)
        wall, cpu = json.loads(output(str(peer.python), "-I", "-c", script, core=core))
        return wall, cpu

    return _in_rounds(peers, rounds, once)


def measure_first_answers(
    peers: Sequence[Peer], urls: Mapping[str, str], rounds: int, core: int | None
) -> tuple[dict[str, Startup], list[str]]:
    """What a whole program takes that imports the library and makes one plain call."""

    def once(peer: Peer) -> tuple[float, float]:
        started = time.perf_counter()
        printed = output(str(peer.python), str(peer.script), "--once", urls[peer.name], core=core)
        wall, answer = time.perf_counter() - started, json.loads(printed)
        if "error" in answer:
            raise RunFailed(answer["error"])
        return wall, answer["process_cpu"]

    return _in_rounds(peers, rounds, once)


def _in_rounds(
    peers: Sequence[Peer], rounds: int, once: Callable[[Peer], tuple[float, float]]
) -> tuple[dict[str, Startup], list[str]]:
    results = {peer.name: Startup() for peer in peers}
    failures: list[str] = []
    for number in range(rounds + 1):
        for peer in [peer for peer in peers if peer.name in results]:
            try:
                wall, cpu = once(peer)
            except RunFailed as failure:
                failures.append(f"{peer.name}, start-up: {failure}")
                del results[peer.name]
                continue
            if number:  # the first compiles, and warms the disk cache
                results[peer.name].wall.append(1e3 * wall)
                results[peer.name].cpu.append(1e3 * cpu)
    return results, failures
