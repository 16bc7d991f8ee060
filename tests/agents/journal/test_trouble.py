"""What is the file's own: full disks, locks, directories that may not be written, forks, two who resume at once."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.agents.approval import Decision
from grokkit.agents.execution import Execution
from grokkit.agents.journal import RunRecord, RunTaken
from grokkit.agents.journal.sqlite import SQLiteJournal
from grokkit.agents.results import JournalUnavailable
from grokkit.clock import SystemClock
from grokkit.errors import ConfigInvalid
from grokkit.tools import Tool, tool
from grokkit.wire.events import ToolCall

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PAY = ToolCall(id="c1", name="pay", arguments="{}")


def run(script: str, *arguments: object) -> str:
    """What a script in an interpreter of its own prints."""
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[SQLiteJournal]:
    made = SQLiteJournal(path, timeout=0.05)
    yield made
    await made.aclose()


def paying(paid: list[str]) -> Tool[..., Any]:
    @tool(effects="destructive")
    async def pay() -> str:
        """Pay."""
        paid.append("paid")
        return "paid"

    return pay


def executing(journal: SQLiteJournal, record: RunRecord, pay: Tool[..., Any]) -> Execution:
    return Execution([pay], journal=journal, claim=record.claim, known=record.calls, clock=SystemClock())


async def test_every_write_is_on_the_disk_before_it_counts(journal: SQLiteJournal) -> None:
    await journal.begin(RunRecord(id="r"))

    def settings(connection: sqlite3.Connection) -> list[Any]:
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]

    assert await journal._file.run(settings) == ["wal", 2]


async def test_nothing_is_done_while_the_journal_is_locked(path: Path, journal: SQLiteJournal) -> None:
    record, paid = RunRecord(id="r"), list[str]()
    await journal.begin(record)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(JournalUnavailable, match=r"pay was not called, nothing was done: .* has been locked"):
        await executing(journal, record, paying(paid)).run([PAY], turn=1)
    seen = await journal.load("r")
    other.execute("COMMIT")
    other.close()

    assert (paid, seen.calls) == ([], [])
    [result] = (await executing(journal, record, paying(paid)).run([PAY], turn=1)).results
    assert (result.status, paid) == ("done", ["paid"])


async def test_what_was_done_while_the_journal_became_locked_is_not_done_again(
    path: Path, journal: SQLiteJournal
) -> None:
    record = RunRecord(id="r")
    await journal.begin(record)
    other = sqlite3.connect(path, isolation_level=None)
    paid: list[str] = []

    @tool(effects="destructive")
    async def pay() -> str:
        """Pay, while somebody locks the file."""
        other.execute("BEGIN IMMEDIATE")
        paid.append("paid")
        return "paid"

    with pytest.raises(JournalUnavailable, match="what came of pay could not be written down") as caught:
        await executing(journal, record, pay).run([PAY], turn=1)
    other.execute("COMMIT")
    other.close()
    taken = await journal.claim("r")
    again = executing(journal, taken, paying(paid))
    waiting = await again.run([PAY], turn=1)
    told = {result.call.id: Decision.result(result.output) for result in caught.value.results}
    done = await again.run([PAY], turn=1, decisions=told)

    assert [request.reason for request in waiting.pending] == ["unknown"]
    assert [result.output for result in done.results] == ["paid"]
    assert paid == ["paid"]


FULL = """
    import asyncio, resource, sys
    from grokkit.agents.execution import Execution
    from grokkit.agents.journal import RunRecord
    from grokkit.agents.journal.sqlite import SQLiteJournal
    from grokkit.agents.results import JournalUnavailable
    from grokkit.clock import SystemClock
    from grokkit.tools import tool
    from grokkit.wire.events import ToolCall

    paid = []

    @tool(effects="destructive")
    def pay(note: str) -> str:
        '''Pay.'''
        paid.append(note)
        return "paid"

    async def main():
        journal, record = SQLiteJournal(sys.argv[1]), RunRecord(id="r")
        await journal.begin(record)
        execution = Execution([pay], journal=journal, claim=record.claim, clock=SystemClock())
        large = ToolCall(id="c", name="pay", arguments='{"note": "' + "x" * 1_000_000 + '"}')
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        try:
            await execution.run([large], turn=1)
        except JournalUnavailable as error:
            print(error)
        assert not paid
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert not (await journal.load("r")).calls
        [result] = (await execution.run([large], turn=1)).results
        assert (result.output, len(paid)) == ("paid", 1)
        await journal.aclose()

    asyncio.run(main())
"""


def test_nothing_is_done_while_the_disk_is_full(path: Path) -> None:
    said = run(FULL, path)

    assert "pay was not called, nothing was done" in said
    assert "runs.db cannot be written now" in said


def test_a_directory_that_may_not_be_written_is_said_before_the_run_begins(tmp_path: Path) -> None:
    place = tmp_path / "closed"
    place.mkdir()
    script = """
        import asyncio, os, sys
        from grokkit.agents.journal import RunRecord
        from grokkit.agents.journal.sqlite import SQLiteJournal
        from grokkit.errors import ConfigInvalid

        if os.geteuid() == 0:
            os.setuid(65534)
        try:
            asyncio.run(SQLiteJournal(sys.argv[1]).begin(RunRecord(id="r")))
        except ConfigInvalid as error:
            print(error)
    """
    for folder in (place, *place.parents[:-2]):
        folder.chmod(0o755)
    place.chmod(0o555)

    said = run(script, place / "runs.db")

    assert "runs.db cannot be used as a store: Permission denied" in said
    assert "try: name a file that this program may write" in said


async def test_a_file_that_may_not_be_written_any_more_lets_nothing_be_done(journal: SQLiteJournal) -> None:
    record, paid = RunRecord(id="r"), list[str]()
    await journal.begin(record)
    await journal._file.run(lambda connection: connection.execute("PRAGMA query_only = ON"))

    with pytest.raises(JournalUnavailable, match="nothing was done"):
        await executing(journal, record, paying(paid)).run([PAY], turn=1)
    assert paid == []


async def test_a_file_that_is_no_journal_is_said(path: Path) -> None:
    path.write_bytes(b"this is a text, and longer than a page header of SQLite would be" * 20)

    with pytest.raises(ConfigInvalid, match="file is not a database"):
        await SQLiteJournal(path).begin(RunRecord(id="r"))


FORK = """
    import asyncio, os, sys
    from grokkit.agents.journal import RunRecord, RunTaken
    from grokkit.agents.journal.sqlite import SQLiteJournal

    journal = SQLiteJournal(sys.argv[1])
    asyncio.run(journal.begin(RunRecord(id="r")))
    child = os.fork()
    if child == 0:
        taken = asyncio.run(journal.claim("r"))
        asyncio.run(journal.finish(taken.claim, "paused"))
        os._exit(0 if taken.epoch == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    async def parent():
        try:
            await journal.finish(RunRecord(id="r").claim, "done")
        except RunTaken as error:
            print(error.message)
        print((await journal.load("r")).status)
        await journal.aclose()

    asyncio.run(parent())
"""


def test_a_forked_child_has_a_journal_of_its_own_and_may_take_the_run_over(path: Path) -> None:
    assert run(FORK, path) == "the run 'r' was taken over by another runner\npaused\n"


RACER = """
    import asyncio, json, os, sys
    from grokkit.agents.approval import Decision
    from grokkit.agents.execution import Execution
    from grokkit.agents.journal import RunTaken
    from grokkit.agents.journal.sqlite import SQLiteJournal
    from grokkit.clock import SystemClock
    from grokkit.tools import ToolContext, tool
    from grokkit.wire.events import ToolCall

    path, world = sys.argv[1], sys.argv[2]

    @tool(effects="destructive")
    def pay(context: ToolContext) -> str:
        '''Pay.'''
        file = os.open(world, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{context.key}\\n".encode())
        os.close(file)
        return "paid"

    async def resume(journal, run):
        taken = await journal.claim(run)
        execution = Execution(
            [pay], journal=journal, claim=taken.claim, known=taken.calls, clock=SystemClock(), approve="destructive"
        )
        calls = [ToolCall(id=f"c{n}", name="pay", arguments="{}") for n in range(3)]
        try:
            done = await execution.run(calls, turn=1, decisions={call.id: Decision.approve() for call in calls})
        except RunTaken:
            return "taken"
        return "unknown" if done.pending else "done"

    async def main():
        journal = SQLiteJournal(path)
        print("ready", flush=True)
        for run in sys.stdin:
            print(await resume(journal, run.strip()), flush=True)
        await journal.aclose()

    asyncio.run(main())
"""


async def test_two_processes_that_resume_one_run_with_the_same_approval_do_nothing_twice(
    path: Path, tmp_path: Path
) -> None:
    journal, world = SQLiteJournal(path), tmp_path / "world"
    pipe = asyncio.subprocess.PIPE
    code = (sys.executable, "-W", "error", "-c", textwrap.dedent(RACER), str(path), str(world))
    racers = [await asyncio.create_subprocess_exec(*code, stdin=pipe, stdout=pipe) for _ in range(2)]
    assert [await line(racer) for racer in racers] == ["ready", "ready"]

    outcomes = []
    for number in range(20):
        record = RunRecord(id=f"run-{number}")
        await journal.begin(record)
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write(f"{record.id}\n".encode())
        outcomes += [await line(racer) for racer in racers]
    await asyncio.gather(*(racer.communicate(b"") for racer in racers))
    await journal.aclose()

    keys = world.read_text().split()
    assert len(keys) == len(set(keys))
    assert set(outcomes) <= {"done", "taken", "unknown"}
    assert [racer.returncode for racer in racers] == [0, 0]


async def line(process: asyncio.subprocess.Process) -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def test_an_older_runner_does_nothing_once_the_run_was_taken(path: Path, journal: SQLiteJournal) -> None:
    record, paid = RunRecord(id="r"), list[str]()
    await journal.begin(record)
    other = SQLiteJournal(path)
    await other.claim("r")
    await other.aclose()

    with pytest.raises(RunTaken):
        await executing(journal, record, paying(paid)).run([PAY], turn=1)
    assert paid == []
