"""One simulator process on one core, streaming to very many at once: how late is it itself?

    python benchmarks/simulator.py --streams 1000 --pace 20 --seconds 10

The simulator runs on one core, the clients (one process, no HTTP library) on another. What is measured:

- lag of events: in the simulator, the moment an event is handed to its connection, against the moment it was due;
- lag of the loop: in the simulator, how late a timer rings that rings every ten milliseconds;
- seen by clients: how much later an event arrives than the pace says, counted from the reply's first byte.

The first has the budget. All events count, those while the streams are being opened too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from processes import LineProcess, cores, on_core

from grokkit.testing.simulator import Simulator
from grokkit.testing.simulator.lag import Lag

if TYPE_CHECKING:
    from collections.abc import Sequence

BUDGET = 0.050
RAMP = 2.0
PROBE = 0.010
DIALECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Go on"}]}),
    "responses": ("/v1/responses", {"input": "Go on"}),
}


@dataclass(frozen=True)
class Load:
    """What is asked of the simulator."""

    streams: int
    pace: float
    seconds: float
    dialect: str

    @property
    def tokens(self) -> int:
        """The length of each reply."""
        return round(self.pace * self.seconds)


class Served:
    """The simulator's side: what it measures of itself."""

    def __init__(self, load: Load) -> None:
        self.simulator = Simulator(pace=load.pace)
        self.simulator.on().reply(pieces=[" go"] * load.tokens)
        self.loop_lag = Lag()

    async def watch_loop(self) -> None:
        """Measure the loop's lag until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + PROBE, loop.time())
            await asyncio.sleep(due - loop.time())
            self.loop_lag.add(loop.time() - due)

    def figures(self) -> dict[str, Any]:
        """Everything measured so far."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "events": self.simulator.lag.count,
            "finished": sum(seen.finished for seen in self.simulator.calls),
            "event_lag": quantiles(self.simulator.lag),
            "loop_lag": quantiles(self.loop_lag),
            "cpu": used.ru_utime + used.ru_stime,
            "memory": used.ru_maxrss / 1024,
        }


def quantiles(lag: Lag) -> list[float]:
    """p50, p99 and the maximum, in seconds."""
    return [lag.quantile(0.5), lag.quantile(0.99), lag.quantile(1.0)]


async def serve(load: Load) -> None:
    """Serve, and answer each line of standard input with the figures so far; end with the input."""
    served = Served(load)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with served.simulator as simulator:
        print(json.dumps({"url": simulator.base_url, "key": simulator.key}), flush=True)
        probe = asyncio.ensure_future(served.watch_loop())
        while await lines.readline():
            print(json.dumps(served.figures()), flush=True)
        probe.cancel()


@dataclass
class Clients:
    """All the clients, and what they saw."""

    load: Load
    open: int = 0
    most: int = 0
    ended: int = 0
    failed: int = 0
    lag: Lag = field(default_factory=Lag)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def left(self, *, whole: bool) -> None:
        """One stream has ended."""
        self.open -= 1
        self.ended += 1
        self.failed += not whole
        if self.ended == self.load.streams:
            self.done.set()


class Client(asyncio.Protocol):
    """One connection with one stream: counts events by their ends, and notes when they came."""

    def __init__(self, clients: Clients, request: bytes) -> None:
        self._clients = clients
        self._request = request
        self._began = 0.0
        self._events = 0
        self._tail = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._transport.write(self._request)
        self._clients.open += 1
        self._clients.most = max(self._clients.most, self._clients.open)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        load = self._clients.load
        self._events += data.count(b" go")
        if not self._began:
            self._began = now - self._events / load.pace
        elif self._events < load.tokens:
            self._clients.lag.add(now - self._began - self._events / load.pace)
        self._tail = self._tail[-8:] + data[-16:]
        if self._tail.endswith(b"0\r\n\r\n"):
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._clients.left(whole=exc is None and self._events >= self._clients.load.tokens)


async def ask_all(load: Load, url: str, key: str) -> Clients:
    """Open every stream, evenly over the ramp, and read them to their ends."""
    loop = asyncio.get_running_loop()
    clients = Clients(load)
    address = urlsplit(url)
    host, port = address.hostname or "", address.port or 0
    request = written_request(load, address.netloc, key)
    began = loop.time()
    for number in range(load.streams):
        await asyncio.sleep(max(0.0, began + RAMP * number / load.streams - loop.time()))
        await loop.create_connection(lambda: Client(clients, request), host, port)
    async with asyncio.timeout(load.seconds * 5 + 30):
        await clients.done.wait()
    return clients


def written_request(load: Load, host: str, key: str) -> bytes:
    """The request of every client, as bytes."""
    path, body = DIALECTS[load.dialect]
    content = json.dumps({"model": "grok-4.7", "stream": True, **body}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def measure(load: Load) -> tuple[Clients, dict[str, Any]]:
    """The clients' view and the simulator's."""
    client_core, server_core = cores()
    command = (sys.executable, __file__, "--serve", *arguments_of(load))
    server = await LineProcess.start("simulator", *command, core=server_core)
    try:
        with on_core(client_core):
            clients = await ask_all(load, server.announcement["url"], server.announcement["key"])
        return clients, await server.ask({"report": True})
    finally:
        await server.stop()


def arguments_of(load: Load) -> list[str]:
    """The same load as arguments."""
    named = {"--streams": load.streams, "--pace": load.pace, "--seconds": load.seconds, "--dialect": load.dialect}
    return [str(part) for pair in named.items() for part in pair]


def report(load: Load, clients: Clients, figures: dict[str, Any]) -> bool:
    """Print the table; whether the budget is met."""
    seconds = load.seconds + RAMP
    print(f"{load.streams} streams of {load.dialect}, {load.pace:g} tokens a second each, {load.seconds:g} s")
    print(f"at once {clients.most}, whole {clients.ended - clients.failed}, events {figures['events']}", end=", ")
    print(f"simulator {figures['cpu'] / seconds:.0%} of a core, {figures['memory']:.0f} MB\n")
    print(f"{'ms':<18}{'p50':>8}{'p99':>8}{'max':>8}")
    rows = {"lag of events": figures["event_lag"], "lag of the loop": figures["loop_lag"]}
    for name, row in (rows | {"seen by clients": quantiles(clients.lag)}).items():
        print(f"{name:<18}" + "".join(f"{value * 1000:8.1f}" for value in row))
    p99 = figures["event_lag"][1]
    passed = p99 < BUDGET and clients.failed == 0 and clients.most == load.streams
    print(f"\n{'PASS' if passed else 'MISS'}  lag of events at p99: {p99 * 1000:.1f} ms (< {BUDGET * 1000:.0f} ms)")
    return passed


def read_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--pace", type=float, default=20.0, help="tokens a second of each")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each streams")
    parser.add_argument("--dialect", choices=DIALECTS, default="chat")
    parser.add_argument("--check", action="store_true", help="exit with 1 when the budget is missed")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main() -> int:
    options = read_arguments()
    load = Load(streams=options.streams, pace=options.pace, seconds=options.seconds, dialect=options.dialect)
    if options.serve:
        run(serve(load))
        return 0
    clients, figures = run(measure(load))
    return 0 if report(load, clients, figures) or not options.check else 1


def run(work: Any) -> Any:
    """Run on uvloop where there is one, as the simulator does on its own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


if __name__ == "__main__":
    sys.exit(main())
