"""Two processes that write one session at the same time: no turn is lost, and each one's own order stays."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from grokkit.sessions.opening import open_sessions

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 1_000

WRITER = """
    import asyncio, sys
    from grokkit.sessions.opening import open_sessions
    from grokkit.sessions.store import SessionConflict
    from grokkit.sessions.turn import Turn

    where, who, count = sys.argv[1], sys.argv[2], int(sys.argv[3])

    async def main():
        store = open_sessions(where)
        version = len(await store.load("s"))
        print("ready", flush=True)
        sys.stdin.readline()
        for number in range(count):
            turn = Turn(input=[{"role": "user", "content": f"{who} {number}"}], created=float(number))
            while True:
                try:
                    version = await store.append("s", [turn], expected=version)
                    break
                except SessionConflict as conflict:
                    version = conflict.version
        await store.aclose()

    asyncio.run(main())
"""


@pytest.fixture(params=["sqlite", "redis", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store that several processes share."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/chat.db"
    if request.param == "postgres":
        database: str = request.getfixturevalue("common_postgres").database()
        return database
    url: str = request.getfixturevalue("common_redis").url
    return url


async def start(where: str, who: str) -> asyncio.subprocess.Process:
    """A process that is ready to write."""
    arguments = (sys.executable, "-c", textwrap.dedent(WRITER), where, who, str(COUNT))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def test_two_processes_that_write_one_session_lose_no_turn(where: str) -> None:
    writers = [await start(where, who) for who in ("one", "two")]

    await asyncio.gather(*(writer.communicate(b"go\n") for writer in writers))
    store = open_sessions(where)
    turns = [turn.said.split() for turn in await store.load("s")]
    info = await store.info("s")
    await store.delete("s")
    await store.aclose()

    assert [writer.returncode for writer in writers] == [0, 0]
    assert len(turns) == 2 * COUNT
    assert info is not None
    assert info.version == 2 * COUNT
    for name in ("one", "two"):
        assert [int(number) for who, number in turns if who == name] == list(range(COUNT))
