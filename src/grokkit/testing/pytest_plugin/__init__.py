"""The pytest plugin: fixtures for clients that call nobody, and no real call by mistake.

It is registered by being installed (`-p no:grokkit` leaves it out), and loads nothing of grokkit until a fixture
is asked for.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from grokkit.testing.pytest_plugin.notes import NOTES, Notes
from grokkit.testing.real_calls import no_real_calls
from grokkit.transport.guard import guard

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from grokkit import AsyncGrok, Grok
    from grokkit.testing import Cassette, MockTransport, Simulator, TurnableClock

_LIVE = pytest.StashKey[bool]()
_MARKERS = (
    "grok_live: makes real calls; skipped unless --grok-allow-live is given",
    "grok_cassette(mode=..., path=..., **options): how grok_cassette records, its file, options of Cassette",
    "grok_sim(**options): options of Simulator for the fixture grok_sim, such as seed= and as_of=",
)
_REMEDY = (
    "use the fixtures grok, grok_mock or grok_cassette; or, if the call is meant, mark the test grok_live and run "
    "pytest with --grok-allow-live (a host of yours: --grok-allow-host)"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the plugin."""
    group = parser.getgroup("grokkit", "Grok: what tests may call")
    group.addoption(
        "--grok-record",
        choices=("once", "new", "none", "all"),
        help="how grok_cassette records, whatever markers say; else `none` where CI is set, and `once` elsewhere",
    )
    group.addoption("--grok-allow-live", action="store_true", help="run tests marked grok_live: they make real calls")
    group.addoption(
        "--grok-allow-host", action="append", default=[], metavar="GLOB", help="a host that every test may call"
    )
    group.addoption("--grok-seed", type=int, help="the seed of grok_sim; else each test has its own, made of its name")
    parser.addini("grok_allow_hosts", "hosts that every test may call, as globs", type="linelist", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Forbid real calls from now to the end."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    hosts: list[str] = config.getini("grok_allow_hosts") + config.getoption("--grok-allow-host", default=[])
    forbidding = ExitStack()
    forbidding.enter_context(no_real_calls(allow=hosts, remedy=_REMEDY))
    config.add_cleanup(forbidding.close)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip tests that make real calls, unless that is allowed."""
    for item in items:
        if item.get_closest_marker("grok_live") is None:
            continue
        if config.getoption("--grok-allow-live"):
            item.stash[_LIVE] = True
        else:
            item.add_marker(pytest.mark.skip(reason="it makes real calls: run it with --grok-allow-live"))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test make real calls that is marked so and allowed to."""
    if _LIVE not in item.stash:
        return (yield)
    with guard.set(None):
        return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Check at the end of a test what is to be checked then."""
    outcome = yield
    if (notes := item.stash.get(NOTES, None)) is not None:
        notes.check()
    return outcome


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a failure what was called."""
    report = yield
    if (notes := item.stash.get(NOTES, None)) is not None:
        notes.take(report)
    return report


@pytest.fixture
def _grok_notes(request: pytest.FixtureRequest) -> Notes:
    from grokkit.testing.pytest_plugin.exchanges import Exchanges

    notes = request.node.stash[NOTES] = Notes(Exchanges())
    return notes


@pytest.fixture
def grok_clock() -> TurnableClock:
    """A `TurnableClock`. The other fixtures wait on it when a test asks for it."""
    from grokkit.testing.clock import TurnableClock

    return TurnableClock()


@pytest.fixture
def grok_sim(request: pytest.FixtureRequest, _grok_notes: Notes) -> Simulator:
    """A `Simulator` of the test's own, seeded by the test's name. `with grok_sim:` serves it on a port."""
    from grokkit.testing.pytest_plugin import fixtures

    return fixtures.simulator(request, _grok_notes)


@pytest.fixture
def grok_mock(request: pytest.FixtureRequest, _grok_notes: Notes) -> MockTransport:
    """A `MockTransport`; at the end of the test, nothing unexpected was called and everything expected was."""
    from grokkit.testing.pytest_plugin import fixtures

    return fixtures.mock(request, _grok_notes)


@pytest.fixture
def grok_cassette(request: pytest.FixtureRequest, _grok_notes: Notes) -> Iterator[Cassette]:
    """A `Cassette` of the test's own: cassettes/<module>/<test>.json beside the test's file."""
    from grokkit.testing.pytest_plugin import cassettes

    yield from cassettes.cassette(request, _grok_notes)


@pytest.fixture
def grok(request: pytest.FixtureRequest) -> Grok:
    """A `Grok` that calls the simulator, or the mock or cassette that the test asks for besides.

    It makes each call once: `with_options(retries=4, rate_limit="auto", circuit=0.5)` gives one that does not.
    """
    from grokkit.sync import Grok
    from grokkit.testing.pytest_plugin import fixtures

    return Grok(**fixtures.client_options(request))


@pytest.fixture
def async_grok(request: pytest.FixtureRequest) -> AsyncGrok:
    """An `AsyncGrok` that calls the simulator, or the mock or cassette that the test asks for besides.

    It makes each call once: `with_options(retries=4, rate_limit="auto", circuit=0.5)` gives one that does not.
    """
    from grokkit.client import AsyncGrok
    from grokkit.testing.pytest_plugin import fixtures

    return AsyncGrok(**fixtures.client_options(request))
