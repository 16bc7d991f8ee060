"""Threads for sync tools: one for each that runs, used again, gone when idle, and none held over a fork."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading

import pytest

from grokkit.tools import running
from grokkit.tools.running import in_thread


async def test_as_many_run_at_once_as_are_asked_for() -> None:
    together = threading.Barrier(40, timeout=20)

    places = await asyncio.gather(*(in_thread("meet", together.wait) for _ in range(40)))

    assert sorted(places) == list(range(40))


async def test_a_thread_that_is_free_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_idle", [])
    first = await in_thread("one", threading.get_ident)
    while not running._idle:
        await asyncio.sleep(0)

    assert await in_thread("two", threading.get_ident) == first


async def test_a_thread_ends_when_nothing_came_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_idle", [])
    monkeypatch.setattr(running, "_IDLE_SECONDS", 0.01)

    thread = await in_thread("short", threading.current_thread)
    await asyncio.to_thread(thread.join, 20)

    assert not thread.is_alive()
    assert running._idle == []


HANGS = """
import asyncio, threading
from grokkit.tools import tool

@tool
def hangs() -> None:
    "Hangs."
    threading.Event().wait()

async def main():
    running = asyncio.create_task(hangs.run({}, key="k"))
    await asyncio.sleep(0)
    running.cancel()

asyncio.run(main())
print("over")
"""


def test_a_function_that_hangs_does_not_hold_up_the_exit() -> None:
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "over"


FORKS = """
import asyncio, os, warnings
warnings.simplefilter("ignore")
from grokkit.tools.running import in_thread

assert asyncio.run(in_thread("parent", lambda: 1)) == 1
child = os.fork()
if child == 0:
    os._exit(asyncio.run(in_thread("child", lambda: 7)))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_threads_of_its_own() -> None:
    done = subprocess.run([sys.executable, "-c", FORKS], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "7"
