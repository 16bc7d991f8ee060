"""The engine as a process: who shares it, who may use it, and how it ends."""

from __future__ import annotations

import asyncio
import http.client
import importlib.util
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from grokkit.errors import ConfigInvalid, ConnectionFailed, ExtraMissing, Misused, TimedOut
from grokkit.local import Engine, EngineFailed, Running, engine, find, publish, running, withdraw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.engine

LIMIT = 30


def process_of(handle: Engine) -> int:
    assert handle._shared is not None
    return handle._shared.process.pid


def ended(pid: int) -> bool:
    """Whether the process ends within the limit; one that is gone has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], LIMIT)[0])
    finally:
        os.close(descriptor)


def run(program: str, *arguments: object) -> subprocess.Popen[str]:
    """A Python process of its own in which every warning is an error."""
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(program), *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


class TestSharing:
    def test_equal_settings_share_one_engine_until_the_last_handle_closes(self, model_path: Path) -> None:
        first = engine.start(model_path, reuse=False, parallel=1)
        second = engine.start(str(model_path), reuse=False, parallel=1)
        pid = process_of(first)
        assert first.base_url == second.base_url

        alive = [second.alive]
        for handle in (first, second):
            handle.close()
            alive.append(second.alive)

        assert alive == [True, True, False]
        assert ended(pid)

    def test_closing_twice_lets_go_once(self, model_path: Path) -> None:
        first = engine.start(model_path, reuse=False, parallel=1)
        with engine.start(model_path, reuse=False, parallel=1) as second:
            for _ in range(2):
                first.close()

            assert second.alive

    def test_other_settings_have_an_engine_of_their_own(self, model_path: Path) -> None:
        with (
            engine.start(model_path, reuse=False, parallel=1) as one,
            engine.start(model_path, reuse=False, parallel=2) as two,
        ):
            assert one.base_url != two.base_url

    def test_threads_that_start_at_once_get_one_engine(self, model_path: Path) -> None:
        with ThreadPoolExecutor(8) as pool:
            handles = list(pool.map(lambda _: engine.start(model_path, reuse=False, parallel=1), range(8)))

        assert len({handle.base_url for handle in handles}) == 1
        for handle in handles:
            handle.close()

    def test_after_a_crash_the_next_start_gives_a_new_engine(self, model_path: Path) -> None:
        with engine.start(model_path, reuse=False, parallel=1) as crashed:
            os.kill(process_of(crashed), signal.SIGKILL)
            assert crashed.wait(LIMIT) == -signal.SIGKILL
            assert not crashed.alive

            with engine.start(model_path, reuse=False, parallel=1) as fresh:
                assert running.served(fresh.base_url) == [fresh.model]

    def test_a_closed_handle_says_so(self, model_path: Path) -> None:
        handle = engine.start(model_path, reuse=False, parallel=1)
        handle.close()

        with pytest.raises(Misused, match="closed"):
            _ = handle.base_url
        assert "closed" in repr(handle)


class TestStarting:
    async def test_a_start_in_a_thread_leaves_the_event_loop_free(self, model_path: Path) -> None:
        starting = asyncio.create_task(asyncio.to_thread(engine.start, model_path, reuse=False, parallel=1))
        turns = 0
        while not starting.done():
            await asyncio.sleep(0)
            turns += 1

        (await starting).close()
        assert turns > 100

    def test_it_listens_on_the_loopback_address_alone(self, shared_engine: Engine) -> None:
        port = int(shared_engine.base_url.split(":")[2].removesuffix("/v1"))

        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=LIMIT)

    def test_a_web_page_of_another_origin_may_not_read_it(self, shared_engine: Engine) -> None:
        connection = http.client.HTTPConnection(shared_engine.base_url.split("/")[2], timeout=LIMIT)
        connection.request("GET", "/v1/models", headers={"Origin": "http://elsewhere.example"})
        reply = connection.getresponse()
        reply.read()
        connection.close()

        assert reply.headers["Access-Control-Allow-Origin"] in {None, ""}

    def test_it_takes_the_port_that_is_asked_for(self, model_path: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            free = probe.getsockname()[1]

        with engine.start(model_path, port=free, parallel=1) as handle:
            assert handle.base_url == f"http://127.0.0.1:{free}/v1"

    def test_a_port_in_use_is_named(self, model_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]

            with pytest.raises(EngineFailed, match=f"port {port}: Address already in use"):
                engine.start(model_path, port=port)

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigInvalid, match="No such file"):
            engine.start(tmp_path / "none.gguf", reuse=False)

    def test_a_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigInvalid, match="Is a directory"):
            engine.start(tmp_path, reuse=False)

    def test_a_file_of_another_kind_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "model.gguf").write_bytes(b"PK\x03\x04 something else")

        with pytest.raises(ConfigInvalid, match="not a GGUF model"):
            engine.start(tmp_path / "model.gguf", reuse=False)

    def test_a_broken_model_is_refused_with_what_llama_said(self, model_path: Path, tmp_path: Path) -> None:
        with model_path.open("rb") as whole:
            (tmp_path / "cut.gguf").write_bytes(whole.read(5_000_000))

        with pytest.raises(EngineFailed, match="failed to load model"):
            engine.start(tmp_path / "cut.gguf", reuse=False)

    def test_a_start_that_takes_too_long_is_given_up(self, model_path: Path) -> None:
        with pytest.raises(TimedOut, match="within 0 s"):
            engine.start(model_path, reuse=False, ready_within=0.0, parallel=1)

    def test_without_weights_the_command_that_fetches_them_is_named(self, cache: Path) -> None:
        with pytest.raises(ConfigInvalid, match="weights") as caught:
            engine.start(cache=cache)

        assert "grokkit local pull" in str(caught.value)

    def test_without_the_library_the_extra_is_named(self, model_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

        with pytest.raises(ExtraMissing, match="xllamacpp") as caught:
            engine.start(model_path, reuse=False, parallel=1)

        assert "grokkit[local]" in str(caught.value)

    @pytest.mark.parametrize("wrong", [{"port": -1}, {"port": 70_000}, {"parallel": 0}, {"context_window": 0}])
    def test_numbers_that_cannot_be_are_refused(self, wrong: dict[str, int]) -> None:
        with pytest.raises(ConfigInvalid, match=next(iter(wrong))):
            engine.start(**wrong)  # type: ignore[arg-type]  # the names are those of integers

    def test_another_gguf_file_is_served_under_its_own_name(self, model_path: Path, tmp_path: Path) -> None:
        (tmp_path / "my-own.gguf").symlink_to(model_path)

        with engine.start(tmp_path / "my-own.gguf", reuse=False, parallel=1) as handle:
            assert running.served(handle.base_url) == [handle.model] == ["my-own"]


class TestReuse:
    @pytest.fixture
    def served(self, shared_engine: Engine, cache: Path) -> Iterator[Running]:
        described = shared_engine.describe()
        publish(described, cache)
        yield described
        withdraw(described, cache)

    def test_a_published_engine_of_the_same_model_is_used(self, served: Running, model_path: Path, cache: Path) -> None:
        with engine.start(model_path, cache=cache) as handle:
            assert handle.base_url == served.base_url
            assert not handle.owned

    def test_closing_a_handle_on_it_leaves_it_running(self, served: Running, model_path: Path, cache: Path) -> None:
        engine.start(model_path, cache=cache).close()

        assert find(cache) == served

    def test_one_of_another_model_is_not_used(self, served: Running, model_path: Path, cache: Path) -> None:
        other = cache / "other.gguf"
        other.write_bytes(model_path.read_bytes())

        with engine.start(other, cache=cache, parallel=1) as handle:
            assert handle.base_url != served.base_url

    def test_it_is_not_used_when_a_new_one_is_asked_for(self, served: Running, model_path: Path, cache: Path) -> None:
        with engine.start(model_path, cache=cache, reuse=False, parallel=1) as handle:
            assert handle.base_url != served.base_url

    def test_the_record_of_a_dead_process_is_ignored(self, cache: Path) -> None:
        with subprocess.Popen([sys.executable, "-c", ""]) as dead:
            dead.wait()

        publish(Running(dead.pid, "http://127.0.0.1:9/v1", "m", "m.gguf"), cache)

        assert find(cache) is None

    def test_the_record_of_a_server_that_does_not_answer_is_ignored(self, cache: Path) -> None:
        publish(Running(os.getpid(), "http://127.0.0.1:9/v1", "m", "m.gguf"), cache)

        assert find(cache) is None

    def test_the_record_of_a_server_that_serves_something_else_is_ignored(
        self, shared_engine: Engine, cache: Path
    ) -> None:
        publish(Running(os.getpid(), shared_engine.base_url, "another", "another.gguf"), cache)

        assert find(cache) is None

    def test_a_record_that_cannot_be_read_is_ignored(self, cache: Path) -> None:
        cache.mkdir()
        running.state_file(cache).write_bytes(b"{half")

        assert find(cache) is None

    def test_withdrawing_leaves_the_record_of_a_newer_engine(self, served: Running, cache: Path) -> None:
        newer = Running(1, "http://127.0.0.1:9/v1", "m", "m.gguf")
        publish(newer, cache)

        withdraw(served, cache)

        assert running.state_file(cache).exists()

    def test_the_variable_names_the_server_to_use(self, shared_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GROKKIT_LOCAL_URL", shared_engine.base_url + "/")

        with engine.start() as handle:
            assert (handle.base_url, handle.model) == (shared_engine.base_url, shared_engine.model)
            assert not handle.owned

    def test_a_named_server_that_does_not_answer_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GROKKIT_LOCAL_URL", "http://127.0.0.1:9/v1")

        with pytest.raises(ConnectionFailed, match="no engine answers"):
            engine.start()

    @pytest.mark.parametrize("url", ["127.0.0.1:8080", "https://x/v1", "http://", "http://h:port/v1"])
    def test_a_named_server_that_is_no_url_is_an_error(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setenv("GROKKIT_LOCAL_URL", url)

        with pytest.raises(ConfigInvalid, match="not the URL"):
            engine.start()


START = """
import os, signal, sys, threading, urllib.request
from grokkit.local import start

handle = start(sys.argv[1], reuse=False, parallel=2)

def endless():
    body = b'{"messages":[{"role":"user","content":"Tell a story"}],"stream":true,"ignore_eos":true}'
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(handle.base_url + "/chat/completions", body, headers)
    with urllib.request.urlopen(request) as reply:
        reply.readline()
        flowing.set()
        for line in reply:
            pass

flowing = threading.Event()
print(handle._shared.process.pid, flush=True)
"""


class TestEnding:
    @pytest.mark.parametrize(
        ("last_lines", "status"),
        [
            ("", 0),
            ("sys.exit(3)", 3),
            ("handle.close(); handle.close()", 0),
            ("threading.Thread(target=endless, daemon=True).start(); flowing.wait()", 0),
            ("threading.Thread(target=endless, daemon=True).start(); flowing.wait(); handle.close()", 0),
            ("raise SystemExit", 0),
        ],
    )
    def test_a_program_ends_with_its_own_status_in_silence_and_its_engine_with_it(
        self, model_path: Path, last_lines: str, status: int
    ) -> None:
        hook = "threading.excepthook = lambda _: None\n"  # a reader in flight may see its connection end

        with run(START + hook + last_lines, model_path) as program:
            out, said = program.communicate(timeout=LIMIT)

        assert (program.returncode, said) == (status, "")
        assert ended(int(out))

    def test_ctrl_c_ends_the_program_as_usual_and_the_engine_with_it(self, model_path: Path) -> None:
        with run(START + "threading.Event().wait()", model_path) as program:
            assert program.stdout is not None
            pid = int(program.stdout.readline())

            program.send_signal(signal.SIGINT)
            _, said = program.communicate(timeout=LIMIT)

        assert program.returncode == -signal.SIGINT
        assert "KeyboardInterrupt" in said
        assert ended(pid)

    def test_ctrl_c_for_the_whole_terminal_leaves_the_engine_to_its_owner(self, model_path: Path) -> None:
        with engine.start(model_path, reuse=False, parallel=1) as handle:
            assert os.getpgid(process_of(handle)) != os.getpgid(0)

    @pytest.mark.parametrize("deed", [signal.SIGKILL, signal.SIGTERM])
    def test_an_engine_does_not_outlive_a_killed_owner(self, model_path: Path, deed: signal.Signals) -> None:
        with run(START + "threading.Event().wait()", model_path) as program:
            assert program.stdout is not None
            pid = int(program.stdout.readline())

            program.send_signal(deed)
            program.communicate(timeout=LIMIT)

        assert ended(pid)

    def test_a_forked_child_has_an_engine_of_its_own_and_leaves_the_parent_s(self, model_path: Path) -> None:
        forking = START + textwrap.dedent("""
            from grokkit.errors import Misused
            child = os.fork()
            if child == 0:
                try:
                    handle.base_url
                except Misused:
                    pass
                else:
                    sys.exit(1)
                assert not handle.alive
                handle.close()
                with start(sys.argv[1], reuse=False, parallel=2) as own:
                    assert own._shared.process.pid != handle._shared.process.pid
                sys.exit(7)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
            assert handle.alive
            """)

        with run(forking, model_path) as program:
            out, said = program.communicate(timeout=LIMIT)

        assert (program.returncode, said) == (0, "")
        assert ended(int(out))

    def test_a_child_that_outlives_its_parent_does_not_keep_the_engine(self, model_path: Path) -> None:
        forking = START + textwrap.dedent("""
            if os.fork() == 0:
                print(os.getpid(), flush=True)
                os.read(0, 1)  # until the test lets it go
            os._exit(0)
            """)

        with run(forking, model_path) as program:
            assert program.stdout is not None
            engine_pid, child_pid = int(program.stdout.readline()), int(program.stdout.readline())
            program.wait(LIMIT)

            assert ended(engine_pid)
            os.kill(child_pid, 0)

    def test_llama_writes_nothing_to_the_terminal(self, model_path: Path) -> None:
        asking = START + "\nreply = urllib.request.urlopen(handle.base_url + '/models'); reply.read(); reply.close()"

        with run(asking, model_path) as program:
            out, said = program.communicate(timeout=LIMIT)

        assert said == ""
        assert out.strip().isdigit()

    def test_with_log_llama_writes_to_standard_error(self, model_path: Path) -> None:
        with run(START.replace("parallel=2", "parallel=1, log=True"), model_path) as program:
            _, said = program.communicate(timeout=LIMIT)

        assert "loading model" in said

    def test_threads_may_close_while_others_start(self, model_path: Path) -> None:
        def use(_: int) -> bool:
            with engine.start(model_path, reuse=False, parallel=1) as handle:
                return running.served(handle.base_url) == [handle.model]

        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(use, range(8)))
