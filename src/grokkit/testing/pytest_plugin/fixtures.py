"""What the fixtures give: a simulator and a mock whose exchanges are kept, and clients that call them."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.client import AsyncGrok
from grokkit.testing.mock import MockTransport
from grokkit.testing.simulator import Simulator
from grokkit.testing.simulator.memory import SimulatorTransport

if TYPE_CHECKING:
    from grokkit.call import Call, Reply
    from grokkit.client import ClientOptions
    from grokkit.clock import Clock
    from grokkit.testing.cassette import Cassette
    from grokkit.testing.pytest_plugin.exchanges import Exchanges
    from grokkit.testing.pytest_plugin.notes import Notes

_KEY = "xai-a-key-that-no-server-knows"


class _WatchedMock(MockTransport):
    exchanges: Exchanges

    async def send(self, call: Call) -> Reply:
        return await self.exchanges.watch(call, super().send)


class _WatchedWay(SimulatorTransport):
    exchanges: Exchanges

    async def send(self, call: Call) -> Reply:
        return await self.exchanges.watch(call, super().send)


class _WatchedSimulator(Simulator):
    exchanges: Exchanges

    def transport(self) -> SimulatorTransport:
        way = _WatchedWay(self)
        way.exchanges = self.exchanges
        return way


def simulator(request: pytest.FixtureRequest, notes: Notes) -> Simulator:
    """See `grok_sim`."""
    fixed = request.config.getoption("--grok-seed")
    options: dict[str, Any] = {
        "seed": zlib.crc32(request.node.nodeid.encode()) if fixed is None else fixed,
        "clock": clock(request),
        **marked(request, "grok_sim"),
    }
    try:
        made = _WatchedSimulator(**options)
    except TypeError as error:
        pytest.fail(f"@pytest.mark.grok_sim takes the options of Simulator: {error}", pytrace=False)
    made.exchanges = notes.exchanges
    notes.exchanges.simulator = made
    return made


def mock(request: pytest.FixtureRequest, notes: Notes) -> MockTransport:
    """See `grok_mock`."""
    made = _WatchedMock(clock=clock(request))
    made.exchanges = notes.exchanges
    notes.checks.append(made.verify)
    return made


def client_options(request: pytest.FixtureRequest) -> ClientOptions:
    """The settings of a client that calls what the test asks for: the mock, the cassette, else the simulator.

    It makes each call once and at once, so that what a test scripts reaches the code under test.
    """
    asked = [name for name in ("grok_mock", "grok_cassette", "grok_sim") if name in request.fixturenames]
    if len(asked) > 1:
        pytest.fail(
            f"the test asks for {' and '.join(asked)}, and {request.fixturename} can call one of them only\n"
            f"try: make the clients in the test: Grok(api_key='test', transport={asked[0]})",
            pytrace=False,
        )
    answering: Any = request.getfixturevalue(asked[0] if asked else "grok_sim")
    waits = clock(request)
    options: ClientOptions = {"retries": 0, "rate_limit": "off", "circuit": "off"}
    if waits is not None:
        options["clock"] = waits
    if isinstance(answering, Simulator):
        return {**_simulator_options(answering), **options}
    if isinstance(answering, MockTransport):
        return {"api_key": _KEY, "trust_env": False, "transport": answering, **options}
    return {**options, **_cassette_options(answering)}


def _simulator_options(answering: Simulator) -> ClientOptions:
    options: ClientOptions = {"base_url": answering.base_url, "api_key": answering.key, "trust_env": False}
    return options if answering.serving else {**options, "transport": answering.transport()}


def clock(request: pytest.FixtureRequest) -> Clock | None:
    """The turnable clock, if the test asks for one."""
    found: Clock | None = request.getfixturevalue("grok_clock") if "grok_clock" in request.fixturenames else None
    return found


def marked(request: pytest.FixtureRequest, name: str) -> dict[str, Any]:
    """The options of a marker, nearest last."""
    options: dict[str, Any] = {}
    for marker in reversed([*request.node.iter_markers(name)]):
        if marker.args:
            pytest.fail(f"@pytest.mark.{name} takes options by name, not {marker.args!r}", pytrace=False)
        options |= marker.kwargs
    return options


def _cassette_options(cassette: Cassette) -> ClientOptions:
    """The user's own settings, with a key where a replay needs none."""
    options: ClientOptions = {"transport": cassette}
    replays = cassette.path.exists() and cassette.mode in {"once", "none"}
    if replays and AsyncGrok(**options).config.api_key is None:
        options["api_key"] = _KEY
    return options
