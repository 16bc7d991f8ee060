"""Adding a turn to a session of ten thousand turns, against adding one to a session of a hundred.

    python benchmarks/sessions.py                  # --stores sqlite,postgres --turns 10000 --rounds 15 --check

The long session is made turn by turn, as it would be. Then, round by round, turns are added to a new session of a
hundred turns and to the long one, turn about, so that a slow moment of the machine falls on both. What counts is the
ratio of the two within a round: the table has the median of the rounds, and the budget is held against it.

`sealed` is SQLite with a key. Redis and PostgreSQL are servers of the benchmark's own, on a loopback, that wait for no
disk.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grokkit.sessions import MemorySessions, SessionStore, Turn, new_key, open_sessions
from grokkit.wire.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BUDGET = 1.25
SHORT = 100
IN_A_ROUND = 40
TESTS = Path(__file__).resolve().parent.parent / "tests"


@dataclass(frozen=True)
class Growth:
    """What was measured of one store, in seconds for each turn."""

    store: str
    short: float
    long: float
    ratio: float
    spread: float

    @property
    def kept(self) -> bool:
        return self.ratio <= BUDGET


class NotHere(Exception):
    """There is no such server on this machine; the message says what to install."""


def turn() -> Turn:
    """One as they are: a question, an answer of some sentences, what it took."""
    answer = {"role": "assistant", "content": "It rains, and will go on to rain. " * 24}
    usage = Usage(input_tokens=900, output_tokens=200, total_tokens=1100, cost_ticks=30_000_000)
    asked = {"role": "user", "content": "How is the weather in Oslo? " * 7}
    return Turn(input=[asked], output=[answer], usage=usage, created=time.time(), model="grok-4.7")


@contextlib.contextmanager
def sqlite() -> Iterator[SessionStore]:
    with tempfile.TemporaryDirectory() as directory:
        yield open_sessions(f"sqlite:///{directory}/chat.db")


@contextlib.contextmanager
def sealed_sqlite() -> Iterator[SessionStore]:
    with tempfile.TemporaryDirectory() as directory:
        yield open_sessions(f"sqlite:///{directory}/chat.db", key=new_key())


@contextlib.contextmanager
def redis() -> Iterator[SessionStore]:
    from redis_server import BINARY, WHY_NOT, RedisServer

    if BINARY is None:
        raise NotHere(WHY_NOT)
    with tempfile.TemporaryDirectory() as directory:
        server = RedisServer(Path(directory))
        server.start()
        try:
            yield open_sessions(server.url)
        finally:
            server.kill()


@contextlib.contextmanager
def postgres() -> Iterator[SessionStore]:
    from postgres_server import PostgresServer, why_not

    if (reason := why_not()) is not None:
        raise NotHere(reason)
    server = PostgresServer()
    try:
        server.start()
        yield open_sessions(server.database())
    finally:
        server.remove()


STORES: dict[str, Callable[[], contextlib.AbstractContextManager[SessionStore]]] = {
    "memory": lambda: contextlib.nullcontext(MemorySessions()),
    "sqlite": sqlite,
    "sealed": sealed_sqlite,
    "redis": redis,
    "postgres": postgres,
}


async def add(store: SessionStore, name: str, version: int, count: int) -> list[float]:
    """Add so many turns, one by one; the seconds that each took."""
    seconds = []
    for at in range(version, version + count):
        one = turn()
        began = time.perf_counter()
        await store.append(name, [one], expected=at)
        seconds.append(time.perf_counter() - began)
    return seconds


async def measure(name: str, store: SessionStore, turns: int, rounds: int) -> Growth:
    """The medians of the rounds."""
    try:
        await add(store, "long", 0, turns)
        pairs = []
        for number in range(rounds):
            fresh = f"short {number}"
            await store.append(fresh, [turn() for _ in range(SHORT)], expected=0)
            pairs.append(await both(store, fresh, turns + number * IN_A_ROUND))
        ratios = sorted(long / short for short, long in pairs)
        return Growth(
            store=name,
            short=statistics.median(short for short, _ in pairs),
            long=statistics.median(long for _, long in pairs),
            ratio=statistics.median(ratios),
            spread=(ratios[-1] - ratios[0]) / 2,
        )
    finally:
        await store.aclose()


async def both(store: SessionStore, fresh: str, version: int) -> tuple[float, float]:
    """One round: turn about, a turn to the short one and a turn to the long one."""
    short, long = [], []
    for at in range(IN_A_ROUND):
        short += await add(store, fresh, SHORT + at, 1)
        long += await add(store, "long", version + at, 1)
    return statistics.median(short), statistics.median(long)


def report(results: Sequence[Growth], turns: int) -> bool:
    """Print the table; whether the budget is kept."""
    print(f"microseconds to add a turn{f'at {SHORT:,}':>14}{f'at {turns:,}':>12}{'ratio':>16}   budget")
    for one in results:
        ratio = f"{one.ratio:.2f} +- {one.spread:.2f}"
        verdict = "KEPT" if one.kept else "MISSED"
        print(f"{one.store:<26}{one.short * 1e6:>14.0f}{one.long * 1e6:>12.0f}{ratio:>16}   <= {BUDGET} {verdict}")
    return all(one.kept for one in results)


def read_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--stores", default=",".join(STORES))
    parser.add_argument("--turns", type=int, default=10_000, help="length of the long session")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--check", action="store_true", help="exit with 1 when the budget is missed")
    return parser.parse_args(arguments)


def main() -> int:
    options = read_arguments()
    sys.path.insert(0, str(TESTS))
    results = []
    for name in options.stores.split(","):
        try:
            with STORES[name]() as store:
                results.append(asyncio.run(measure(name, store, options.turns, options.rounds)))
        except NotHere as reason:
            print(f"{name}: {reason}", file=sys.stderr)
    return 0 if report(results, options.turns) or not options.check else 1


if __name__ == "__main__":
    sys.exit(main())
