"""The cassette of a test: recorded once from a server, replayed without it, and kept only when the test passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grokkit.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["pytester"]

SETTINGS = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
addopts = --strict-markers --strict-config -p no:cacheprovider -p no:schemathesis -p no:hypothesispytest
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, server: Simulator) -> pytest.Pytester:
    """A project whose settings lead to a server that counts its calls."""
    for name in ("CI", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XAI_API_KEY", server.key)
    monkeypatch.setenv("GROKKIT_BASE_URL", server.base_url)
    pytester.makeini(SETTINGS)
    server.reset()
    return pytester


def run(project: pytest.Pytester, *arguments: str, **outcomes: int) -> str:
    done = project.runpytest_subprocess(*arguments)
    done.assert_outcomes(**outcomes)
    return done.stdout.str() + done.stderr.str()


def cassettes(project: pytest.Pytester) -> list[str]:
    """The files there are, below the folder of cassettes."""
    folder = project.path / "cassettes"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


ASKS = """
    import pytest

    def test_blocking(grok, grok_cassette):
        assert "391" in grok.ask("What is 17*23?").text

    async def test_asynchronous(async_grok, grok_cassette):
        async with async_grok.stream("What is 17*23?") as stream:
            assert "391" in "".join([text async for text in stream.text()])

    class TestGroup:
        @pytest.mark.parametrize("number", [1, 2])
        def test_with_parameters(self, grok, grok_cassette, number):
            assert str(number + 1) in grok.ask(f"What is {number}+1?").text
"""


def test_a_test_records_once_and_is_replayed_without_server_or_key(
    project: pytest.Pytester, server: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.makepyfile(test_asks=ASKS)

    run(project, passed=4)
    recorded = len(server.calls)
    monkeypatch.delenv("XAI_API_KEY")
    monkeypatch.setenv("GROKKIT_BASE_URL", "http://127.0.0.1:9/v1")
    run(project, passed=4)

    assert recorded == len(server.calls) == 4
    assert cassettes(project) == [
        "test_asks/TestGroup.test_with_parameters-1.json",
        "test_asks/TestGroup.test_with_parameters-2.json",
        "test_asks/test_asynchronous.json",
        "test_asks/test_blocking.json",
    ]
    assert server.key not in (project.path / "cassettes/test_asks/test_blocking.json").read_text()


def test_nothing_is_recorded_in_continuous_integration(
    project: pytest.Pytester, server: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    project.makepyfile("def test_asks(grok, grok_cassette): grok.ask('Hi')")

    told = run(project, failed=1)

    assert "CassetteMismatch" in told
    assert server.calls == []
    assert cassettes(project) == []


def test_the_command_line_says_how_to_record_whatever_markers_say(project: pytest.Pytester, server: Simulator) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.mark.grok_cassette(mode="none")
        def test_asks(grok, grok_cassette):
            assert "391" in grok.ask("What is 17*23?").text
        """
    )

    run(project, failed=1)
    run(project, "--grok-record=all", passed=1)
    run(project, passed=1)

    assert len(server.calls) == 1


def test_a_failing_test_leaves_no_new_cassette(project: pytest.Pytester, server: Simulator) -> None:
    project.makepyfile(
        """
        def test_fails(grok, grok_cassette):
            grok.ask("Hi")
            assert grok_cassette.path.exists()
            assert False
        """
    )

    told = run(project, failed=1)

    assert len(server.calls) == 1
    assert not (project.path / "cassettes").exists()
    assert "1. POST /v1/responses (grok-4.7) -> 200" in told


def test_a_failing_test_leaves_the_cassette_that_was_there(project: pytest.Pytester) -> None:
    path = project.path / "cassettes" / "test_it" / "test_asks.json"
    project.makepyfile(test_it="def test_asks(grok, grok_cassette): grok.ask('Hi')")
    run(project, passed=1)
    before = path.read_bytes()

    project.makepyfile(test_it="def test_asks(grok, grok_cassette):\n    grok.ask('Ho')\n    assert False")
    run(project, "--grok-record=all", failed=1)

    assert path.read_bytes() == before


def test_a_call_that_is_not_recorded_is_told_with_what_was_called(project: pytest.Pytester) -> None:
    project.makepyfile(test_it="def test_asks(grok, grok_cassette): grok.ask('Hi')")
    run(project, passed=1)
    project.makepyfile(test_it="def test_asks(grok, grok_cassette): grok.ask('Ho')")

    told = run(project, failed=1)

    assert "recorded 'Hi', asked 'Ho'" in told
    assert "1. POST /v1/responses (grok-4.7) -> no reply" in told


def test_tests_can_share_a_cassette_and_its_options(project: pytest.Pytester, server: Simulator) -> None:
    project.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.grok_cassette(path="shared/hello.json", ignore=["/user"], repeat=True)

        @pytest.mark.parametrize("user", ["a", "b"])
        def test_asks(grok, grok_cassette, user):
            assert grok.ask("Hi", user=user).text
        """
    )

    run(project, passed=2)

    assert len(server.calls) == 1
    assert (project.path / "shared" / "hello.json").exists()


def test_a_cassette_may_call_elsewhere_where_other_calls_are_refused(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROKKIT_BASE_URL", "http://grok.example.test:9/v1")
    project.makepyfile(
        """
        import pytest
        from grokkit import Grok
        from grokkit.errors import ConnectionFailed
        from grokkit.testing import RealCallRefused

        def test_records(grok, grok_cassette):
            with pytest.raises(ConnectionFailed):
                grok.ask("Hi", timeout=10)

        def test_calls():
            with pytest.raises(RealCallRefused):
                Grok().ask("Hi")
        """
    )

    run(project, passed=2)
