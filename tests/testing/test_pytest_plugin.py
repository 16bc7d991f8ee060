"""The pytest plugin in real runs of pytest: fixtures, checks at the end, real calls, what a failure shows."""

from __future__ import annotations

import importlib.util

import pytest

pytest_plugins = ["pytester"]

SETTINGS = """
[pytest]
asyncio_default_fixture_loop_scope = function
filterwarnings = error
addopts = --strict-markers --strict-config -p no:cacheprovider -p no:schemathesis -p no:hypothesispytest
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Somebody's project: warnings are errors, and there is no key."""
    for name in ("CI", "XAI_API_KEY", "GROKKIT_BASE_URL", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    pytester.makeini(SETTINGS)
    return pytester


def run(project: pytest.Pytester, *arguments: str, **outcomes: int) -> str:
    """Run the project's tests in a process of their own; what pytest printed."""
    done = project.runpytest_subprocess(*arguments)
    done.assert_outcomes(**outcomes)
    return done.stdout.str() + done.stderr.str()


def test_clients_call_a_simulator_that_tests_can_script(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        def test_unscripted(grok):
            assert "391" in grok.ask("What is 17*23?").text

        def test_scripted(grok, grok_sim):
            grok_sim.on(last="weather").reply("Rainy.")

            assert grok.ask("the weather?").text == "Rainy."
            assert [call.path for call in grok_sim.calls] == ["/v1/responses"]
            assert not grok_sim.serving

        async def loop_free(async_grok):
            return (await async_grok.ask("What is 17*23?")).text

        def test_asynchronous(async_grok):
            import asyncio

            assert "391" in asyncio.run(loop_free(async_grok))

        def test_served(grok_sim):
            with grok_sim, grok_sim.grok() as grok:
                assert "391" in grok.ask("What is 17*23?").text
        """
    )

    run(project, passed=4)


def test_a_simulator_is_seeded_by_the_test_or_as_asked(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        seeds = []

        @pytest.mark.parametrize("again", [1, 2])
        def test_by_name(grok_sim, again):
            seeds.append(grok_sim.seed)
            print("seed", grok_sim.seed)

        def test_they_differ():
            assert len(set(seeds)) == 2

        @pytest.mark.grok_sim(seed=7, pace=50.0)
        def test_by_marker(grok_sim):
            assert (grok_sim.seed, grok_sim.pace) == (7, 50.0)
        """
    )

    first, second = ([line for line in run(project, "-s", passed=4).splitlines() if "seed" in line] for _ in range(2))
    fixed = run(project, "-s", "-k", "by_name", "--grok-seed", "3", passed=2, deselected=2)

    assert first == second
    assert fixed.count("seed 3") == 2


def test_the_clock_is_shared_by_what_waits_on_it(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from grokkit.errors import DeadlineExceeded

        def test_simulator(grok, grok_sim, grok_clock):
            grok_sim.on().reply("late", delay=300)
            with grok_clock.rushing():
                assert grok.ask("Hi").text == "late"
            assert grok_clock.now() >= 1300

        def test_mock(grok, grok_mock, grok_clock):
            grok_mock.on().reply("late", delay=300)
            with grok_clock.rushing(), pytest.raises(DeadlineExceeded):
                grok.ask("Hi", timeout=60)
        """
    )

    run(project, passed=2)


def test_a_mock_is_what_clients_call_and_is_verified_at_the_end(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        def test_good(grok, grok_mock):
            grok_mock.on(path="/responses").reply("Hello!")
            assert grok.ask("Hi").text == "Hello!"

        def test_not_called(grok_mock):
            grok_mock.on(path="/responses", model="grok-4.7").reply("Hello!")

        def test_unexpected_and_swallowed(grok, grok_mock):
            try:
                grok.models.list()
            except Exception:
                pass
            except AssertionError:
                pass

        def test_its_own_failure_comes_first(grok_mock):
            grok_mock.on(path="/responses").reply("Hello!")
            assert 1 == 2
        """
    )

    told = run(project, passed=1, failed=3)

    assert "any method /responses with model='grok-4.7': expected once, called 0 times" in told
    assert "something unexpected was called" in told
    assert "no route for <GET /v1/models>" in told
    assert told.count("\nnot everything expected was called") == 1


def test_a_client_cannot_call_two_of_them(project: pytest.Pytester) -> None:
    project.makepyfile("def test_both(grok_sim, grok_mock, grok): pass")

    told = run(project, errors=1)

    assert "the test asks for grok_mock and grok_sim, and grok can call one of them only" in told
    assert "transport=grok_mock" in told


def test_markers_with_options_that_do_not_exist_are_told(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.mark.grok_sim(sead=7)
        def test_simulator(grok_sim): pass

        @pytest.mark.grok_sim(7)
        def test_position(grok_sim): pass

        @pytest.mark.grok_cassette(mode="sometimes")
        def test_mode(grok_cassette): pass

        @pytest.mark.grok_cassette(ignored=["/user"])
        def test_cassette(grok_cassette): pass
        """
    )

    told = run(project, errors=4)

    assert "@pytest.mark.grok_sim takes the options of Simulator" in told
    assert "'sead'" in told
    assert "@pytest.mark.grok_sim takes options by name, not (7,)" in told
    assert "mode='sometimes': there is 'once', 'new', 'none', 'all'" in told
    assert "'ignored'" in told


def test_a_failure_shows_what_was_called_without_secrets(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        def test_stream(grok, grok_sim):
            grok_sim.on(last="weather").reply(tool_calls=[("weather", {"city": "Oslo"})])
            with grok.stream("the weather? my key is xai-" + "ab12" * 6) as stream:
                for _ in stream: pass
            assert stream.result.text == "Rainy."

        @pytest.mark.grok_sim(pace=1)
        def test_left_early(grok, grok_clock):
            with grok_clock.rushing(), grok.stream("tell me a long story") as stream:
                next(stream)
            assert False

        def test_error(grok, grok_sim):
            grok_sim.on().reply(error="capacity", retry_after=2)
            grok.ask("Hi")

        def test_cut(grok, grok_sim):
            from grokkit.testing import Fault

            grok_sim.on().reply("a long answer", fault=Fault(cut_at_byte=900))
            grok.ask("Hi")

        def test_over_a_socket(grok_sim):
            with grok_sim, grok_sim.grok() as grok:
                grok.ask("Hi there")
            assert False

        def test_mock(grok, grok_mock):
            grok_mock.on().reply(json={"data": [], "api_key": "very secret"})
            grok.models.list()
            assert False

        def test_good(grok):
            grok.ask("nothing to see")
        """
    )

    told = run(project, failed=6, passed=1)

    assert "grokkit calls" in told
    assert "1. POST /v1/responses (grok-4.7) -> 200" in told
    assert 'asked: {"model": "grok-4.7", "input": "the weather? my key is xai-***"' in told
    assert "events (10): response.created, response.in_progress" in told
    assert 'called: weather({"city":"Oslo"})' in told
    assert '"cost_in_usd_ticks"' in told
    assert "answered by: on(last='weather')" in told
    assert "200, not read to its end" in told
    assert "-> 429" in told
    assert 'replied: {"code": "resource-exhausted"' in told
    assert "fault: Fault(cut_at_byte=900)" in told
    assert "then: ConnectionLost: the simulator closed the connection" in told
    assert "-  <POST /v1/responses (grok-4.7) -> 200>" in told
    assert "1. GET /v1/models -> 200" in told
    assert "xai-ab12ab12" not in told
    assert "very secret" not in [line for line in told.splitlines() if line.startswith("   replied")][-1]
    assert "nothing to see" not in told


def test_real_calls_are_refused(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from grokkit import Grok
        from grokkit.errors import ConnectionFailed
        from grokkit.testing import RealCallRefused

        def test_somewhere_else():
            with pytest.raises(RealCallRefused, match="POST https://api.x.ai/v1/responses"):
                Grok(api_key="test", base_url="https://api.x.ai/v1").ask("Hi")

        def test_this_machine():
            with pytest.raises(ConnectionFailed):
                Grok(api_key="test", base_url="http://127.0.0.1:9/v1", retries=0).ask("Hi")

        def test_a_mistake():
            Grok(api_key="xai-0123456789abcdef", base_url="https://api.x.ai/v1").ask("Hi")
        """
    )

    told = run(project, passed=2, failed=1)

    assert "a real call was about to be made: POST https://api.x.ai/v1/responses" in told
    assert "mark the test grok_live and run pytest with --grok-allow-live" in told
    assert "0123456789" not in told.partition("short test summary")[2]


HOST = """
    import pytest
    from grokkit import Grok
    from grokkit.errors import GrokError

    def test_somewhere():
        with pytest.raises(GrokError):
            Grok(api_key="test", base_url="http://grok.example.test:9/v1", retries=0).ask("Hi")
"""


def test_a_host_of_ones_own_can_be_allowed(project: pytest.Pytester) -> None:
    project.makepyfile(HOST)

    run(project, failed=1)
    run(project, "--grok-allow-host=*.example.test", passed=1)
    project.makeini(f"{SETTINGS}\ngrok_allow_hosts = *.example.test")
    run(project, passed=1)


def test_a_live_test_runs_only_when_that_is_allowed(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from grokkit import Grok
        from grokkit.errors import GrokError
        from grokkit.testing import RealCallRefused

        @pytest.mark.grok_live
        def test_live():
            with pytest.raises(GrokError):
                Grok(api_key="test", base_url="http://grok.example.test:9/v1", retries=0).ask("Hi")

        def test_not_live():
            with pytest.raises(RealCallRefused):
                Grok(api_key="test", base_url="http://grok.example.test:9/v1").ask("Hi")
        """
    )

    told = run(project, "-rs", passed=1, skipped=1)
    run(project, "--grok-allow-live", passed=2)

    assert "it makes real calls: run it with --grok-allow-live" in told


ASYNCHRONOUS = """
    import pytest
    {mark}
    async def test_asks(async_grok, grok_sim):
        grok_sim.on().reply("Hello!")
        assert (await async_grok.ask("Hi")).text == "Hello!"
        async with async_grok.stream("Hi") as stream:
            assert [text async for text in stream.text()]

    {mark}
    async def test_turns_the_clock(async_grok, grok_sim, grok_clock):
        grok_sim.on().reply("Hello!", delay=300)
        async with grok_clock.rushing():
            assert (await async_grok.ask("Hi")).text == "Hello!"

    {mark}
    async def test_mocks(async_grok, grok_mock):
        grok_mock.on().reply("Hello!")
        assert (await async_grok.ask("Hi")).text == "Hello!"
"""


@pytest.mark.parametrize(
    ("mark", "arguments"),
    [
        ("", ["-o", "asyncio_mode=auto"]),
        ("@pytest.mark.asyncio", ["-o", "asyncio_mode=strict"]),
        ("@pytest.mark.anyio", ["-p", "no:asyncio", "-o", "filterwarnings=error", "-k", "asyncio"]),
    ],
    ids=["asyncio-auto", "asyncio-strict", "anyio"],
)
def test_asynchronous_tests_run_under_each_plugin(project: pytest.Pytester, mark: str, arguments: list[str]) -> None:
    if "no:asyncio" in arguments:
        pytest.importorskip("anyio")
        project.makeini(SETTINGS.replace("asyncio_default_fixture_loop_scope = function", ""))
        project.makeconftest("import pytest\n@pytest.fixture\ndef anyio_backend(): return 'asyncio'")
        arguments = [*arguments[:-2]]
    project.makepyfile(ASYNCHRONOUS.format(mark=mark))

    run(project, *arguments, passed=3)


@pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist is not installed")
def test_tests_run_on_several_processes(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(8))
        def test_served(grok_sim, number):
            with grok_sim, grok_sim.grok() as grok:
                assert str(number + 1) in grok.ask(f"What is {number}+1?").text

        def test_real():
            from grokkit import Grok
            from grokkit.testing import RealCallRefused

            with pytest.raises(RealCallRefused):
                Grok(api_key="test").ask("Hi")
        """
    )

    run(project, "-n", "2", passed=9)


def test_it_can_be_left_out(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        def test_nothing_is_loaded(request):
            import sys

            assert not [name for name in sys.modules if name.startswith("grokkit")]

        def test_no_fixture(grok): pass
        """
    )

    told = run(project, "-p", "no:grokkit", passed=1, errors=1)

    assert "fixture 'grok' not found" in told


def test_a_run_that_uses_none_of_it_loads_nothing_heavy(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        def test_nothing():
            pass

        def test_what_is_loaded(request):
            import sys

            ours = {name for name in sys.modules if name.startswith("grokkit")}
            assert ours <= {
                "grokkit", "grokkit._lazy", "grokkit.testing", "grokkit.testing.real_calls", "grokkit.transport",
                "grokkit.transport.guard", "grokkit.testing.pytest_plugin", "grokkit.testing.pytest_plugin.notes",
            }
            assert not {"aiohttp", "msgspec", "starlette", "uvicorn", "click", "rich"} & set(sys.modules)
        """
    )

    run(project, passed=2)


def test_markers_and_fixtures_are_described(project: pytest.Pytester) -> None:
    markers = project.runpytest_subprocess("--markers").stdout.str()
    fixtures = project.runpytest_subprocess("--fixtures").stdout.str()

    for marker in ("grok_live", "grok_cassette", "grok_sim"):
        assert f"@pytest.mark.{marker}" in markers
    for fixture in ("grok", "async_grok", "grok_sim", "grok_mock", "grok_cassette", "grok_clock"):
        assert f"\n{fixture} -- " in fixtures
    assert "_grok_notes" not in fixtures
