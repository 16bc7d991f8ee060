"""Servers that start slowly, say nothing, are killed, change; and who may close them, from where."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.errors import Misused
from grokkit.tools import Registry, ToolUnreachable
from grokkit.tools.mcp_client import mcp_tools

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from grokkit.tools.mcp_client import McpServer

    Toolbox = Callable[..., McpServer]
    Call = Callable[..., Coroutine[Any, Any, str]]
    Pipe = Callable[[str], Path]

SILENT = "import pathlib, os, sys; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); sys.stdin.read()"
COMPLAINING = "import sys; print('no such drawer: password=hunter2', file=sys.stderr); sys.exit(2)"


def lives(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def others() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def test_a_server_that_starts_slowly_is_waited_for(toolbox_command: list[str], pipe: Pipe) -> None:
    gate = pipe("gate")
    server = mcp_tools(command=toolbox_command, env={"TOOLBOX_WAITS_FOR": str(gate)})

    opening = asyncio.create_task(server.aopen())
    await asyncio.to_thread(gate.write_text, "go on")  # returns when the program has come to wait for it
    await opening

    assert server.tools
    await server.aclose()


async def test_a_server_that_never_answers_is_given_up_and_ended(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    server = mcp_tools(command=[sys.executable, "-c", SILENT, str(told)], name="mute", start_limit=1.5)

    with pytest.raises(ToolUnreachable, match=r"the MCP server mute was not ready within 1\.5 s") as caught:
        await server.aopen()

    assert not caught.value.may_have_run
    assert not lives(int(told.read_text()))
    assert others() == set()


async def test_an_address_that_never_answers_is_given_up() -> None:
    async def never(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

    writers: list[asyncio.StreamWriter] = []
    listening = await asyncio.start_server(never, "127.0.0.1")
    port = listening.sockets[0].getsockname()[1]

    with pytest.raises(ToolUnreachable, match="was not ready within"):
        await mcp_tools(url=f"http://127.0.0.1:{port}/mcp", start_limit=0.3).aopen()

    for writer in writers:
        writer.close()
    listening.close()
    await listening.wait_closed()


async def test_the_last_words_of_a_program_that_does_not_start_are_told_without_secrets() -> None:
    with pytest.raises(ToolUnreachable) as caught:
        await mcp_tools(command=[sys.executable, "-c", COMPLAINING], name="broken").aopen()

    assert "the MCP server broken ended before it was ready" in caught.value.message
    assert "no such drawer: password=***" in caught.value.message


async def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(ToolUnreachable, match="there is no program or folder no-such-program"):
        await mcp_tools(command="no-such-program --quiet").aopen()


async def test_an_address_where_nobody_listens_is_told(web: Any) -> None:
    web.kill()

    with pytest.raises(ToolUnreachable, match="cannot be opened: ConnectError"):
        await mcp_tools(url=web.url).aopen()


async def test_opening_that_is_cancelled_leaves_nothing_behind(tmp_path: Path, pipe: Pipe) -> None:
    told = pipe("pid")
    server = mcp_tools(command=[sys.executable, "-c", SILENT, str(told)])
    opening = asyncio.create_task(server.aopen())
    pid = int(await asyncio.to_thread(told.read_text))

    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening

    assert not lives(pid)
    assert others() == set()


async def test_a_server_killed_during_a_call_fails_that_call_and_serves_the_next(
    toolbox_command: list[str], call: Call, pipe: Pipe, tmp_path: Path
) -> None:
    began = pipe("began")
    async with mcp_tools(command=toolbox_command, name="tools") as server:
        pid = int(await call(server, "pid"))
        hanging = asyncio.create_task(call(server, "hang", began=str(began), ended=str(tmp_path / "ended")))
        await asyncio.to_thread(began.read_text)

        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ToolUnreachable, match="the MCP server tools went away while hang ran") as caught:
            await hanging

        assert caught.value.may_have_run
        assert int(await call(server, "pid")) != pid


async def test_a_server_that_ends_itself_leaves_its_last_words(toolbox_command: list[str], call: Call) -> None:
    async with mcp_tools(command=toolbox_command) as server:
        with pytest.raises(ToolUnreachable, match="the floor gives way"):
            await call(server, "die")


async def test_a_program_killed_between_two_calls_costs_no_call(toolbox_command: list[str], call: Call) -> None:
    async with mcp_tools(command=toolbox_command) as server:
        pid = int(await call(server, "pid"))
        os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(until, lambda: not server.connected)

        assert int(await call(server, "pid")) != pid


async def test_many_calls_after_a_loss_start_one_server(toolbox_command: list[str], call: Call) -> None:
    async with mcp_tools(command=toolbox_command) as server:
        pid = int(await call(server, "pid"))
        os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(until, lambda: not server.connected)

        assert len(set(await asyncio.gather(*(call(server, "pid") for _ in range(8))))) == 1
        assert server.connected


async def test_a_web_server_killed_during_a_call_fails_that_call_and_serves_again_when_it_is_back(
    web: Any, call: Call, pipe: Pipe, tmp_path: Path
) -> None:
    began = pipe("began")
    async with mcp_tools(url=web.url) as server:
        hanging = asyncio.create_task(call(server, "hang", began=str(began), ended=str(tmp_path / "ended")))
        await asyncio.to_thread(began.read_text)

        web.kill()
        with pytest.raises(ToolUnreachable) as caught:
            await hanging
        assert caught.value.may_have_run
        with pytest.raises(ToolUnreachable):
            await call(server, "add", a=1)

        web.start()
        assert await call(server, "add", a=1) == "2"


async def test_a_call_that_takes_too_long_is_given_up_and_stopped_at_the_server(
    toolbox: Toolbox, call: Call, pipe: Pipe, tmp_path: Path
) -> None:
    began, ended = pipe("began"), tmp_path / "ended"
    async with toolbox(time_limit=0.5, name="slow") as server:
        [hang] = [each for each in server.tools if each.name == "hang"]
        assert hang.time_limit == 0.5
        hanging = asyncio.create_task(call(server, "hang", began=str(began), ended=str(ended)))
        await asyncio.to_thread(began.read_text)

        with pytest.raises(ToolUnreachable, match=r"the MCP server slow did not answer hang within 0\.5 s") as caught:
            await hanging

        assert caught.value.may_have_run
        await asyncio.to_thread(until, ended.exists)
        assert await call(server, "add", a=1) == "2"


async def test_a_call_that_is_cancelled_is_stopped_at_the_server_and_others_go_on(
    toolbox: Toolbox, call: Call, pipe: Pipe, tmp_path: Path
) -> None:
    began, ended = pipe("began"), tmp_path / "ended"
    async with toolbox() as server:
        hanging = asyncio.create_task(call(server, "hang", began=str(began), ended=str(ended)))
        await asyncio.to_thread(began.read_text)

        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging

        await asyncio.to_thread(until, ended.exists)
        assert await call(server, "add", a=1) == "2"


async def test_a_server_is_closed_from_another_task_than_the_one_that_opened_it(
    toolbox: Toolbox, call: Call, pipe: Pipe, tmp_path: Path
) -> None:
    began = pipe("began")
    server = toolbox()
    await asyncio.create_task(server.aopen())
    hanging = asyncio.create_task(call(server, "hang", began=str(began), ended=str(tmp_path / "ended")))
    await asyncio.to_thread(began.read_text)

    await asyncio.create_task(server.aclose())

    with pytest.raises(ToolUnreachable, match="went away while hang ran"):
        await hanging
    with pytest.raises(Misused, match="is not open"):
        await call(server, "add", a=1)
    assert others() == set()
    await server.aclose()


async def test_closing_is_done_by_the_task_that_opened_even_when_the_closer_is_cancelled(
    toolbox_command: list[str], call: Call
) -> None:
    server = mcp_tools(command=toolbox_command)
    await server.aopen()
    pid = int(await call(server, "pid"))

    closing = asyncio.create_task(server.aclose())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing

    await asyncio.to_thread(until, lambda: not lives(pid))


async def test_a_changed_list_is_asked_for_and_told(toolbox: Toolbox, call: Call) -> None:
    changed = asyncio.Event()
    async with toolbox(on_change=lambda _: changed.set()) as server:
        registry = Registry(server)

        await call(server, "learn", name="zeta")
        await asyncio.wait_for(changed.wait(), 20)

        assert "toolbox__zeta" not in registry
        assert registry.refresh().names()[-1] == "toolbox__zeta"
        assert await registry["toolbox__zeta"].run({"a": 4}, key="k") == "5"


@pytest.mark.filterwarnings("ignore::grokkit.tools.ToolsLeftOut")
async def test_servers_of_earlier_protocols_tell_of_changes_too(old: McpServer, call: Call) -> None:
    async with old:
        await call(old, "add")
        await asyncio.to_thread(until, lambda: len(old.tools) == 2)


async def test_the_list_is_asked_for_on_request(toolbox: Toolbox) -> None:
    async with toolbox() as server:
        before = server.tools
        await server.refresh()

        assert [each.name for each in server.tools] == [each.name for each in before]


def test_a_server_serves_one_event_loop_after_the_other(toolbox: Toolbox, call: Call) -> None:
    server = toolbox()

    async def use() -> str:
        async with server:
            return await call(server, "add", a=1)

    assert [asyncio.run(use()), asyncio.run(use())] == ["2", "2"]


def test_a_server_opened_without_a_loop_serves_any_loop_and_thread(toolbox: Toolbox, call: Call) -> None:
    with toolbox() as server:
        given: list[str] = []
        threads = [
            threading.Thread(target=lambda: given.append(asyncio.run(call(server, "add", a=1)))) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert given == ["2"] * 4


def test_a_call_from_another_loop_can_be_cancelled(toolbox: Toolbox, call: Call, pipe: Pipe, tmp_path: Path) -> None:
    began, ended = pipe("began"), tmp_path / "ended"

    async def cancel() -> None:
        hanging = asyncio.create_task(call(server, "hang", began=str(began), ended=str(ended)))
        await asyncio.to_thread(began.read_text)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging

    with toolbox() as server:
        asyncio.run(cancel())
        until(ended.exists)
        assert asyncio.run(call(server, "add", a=1)) == "2"


def test_a_server_whose_loop_has_ended_is_gone_and_says_so(toolbox_command: list[str], call: Call) -> None:
    server = mcp_tools(command=toolbox_command)

    async def open_it() -> int:
        await server.aopen()
        return int(await call(server, "pid"))

    pid = asyncio.run(open_it())

    assert not lives(pid)
    with pytest.raises(Misused, match="was opened in an event loop"):
        asyncio.run(call(server, "add", a=1))
    server.close()


def until(happened: Callable[[], bool]) -> None:
    """Wait for what another process does, and nobody tells."""
    deadline = threading.Event()
    for _ in range(2_000):
        if happened():
            return
        deadline.wait(0.01)
    raise AssertionError("it never happened")
