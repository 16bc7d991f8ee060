"""What is SQLite's own: the file, its mode, its locks, full disks, forks."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.errors import ConfigInvalid
from grokkit.stores import Quota, StoreUnavailable, Take
from grokkit.stores.sqlite import SQLiteStore
from grokkit.stores.sqlite_mark import VERSION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SQLiteStore]:
    made = SQLiteStore(path)
    yield made
    await made.aclose()


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


async def test_the_file_and_its_directory_are_its_owner_s_only(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "state.db"
    store = SQLiteStore(path)
    before = path.parent.exists()

    await store.set("k", b"v")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    await store.aclose()

    assert not before
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_what_has_run_out_is_cleared_from_the_file(path: Path) -> None:
    now = [1000.0]
    store = SQLiteStore(path, lambda: now[0])
    for i in range(300):
        await store.set(f"k{i}", b"v", ttl=10)
    await store.set("stays", b"v")

    now[0] += 20
    for _ in range(300):
        await store.increment("n", 1)
    await store.aclose()

    with sqlite3.connect(path) as connection:
        left = connection.execute("SELECT key FROM grokkit_kept ORDER BY key").fetchall()
    connection.close()
    assert left == [("n",), ("stays",)]


async def test_values_that_were_not_used_for_longest_make_room(path: Path) -> None:
    now = [1000.0]
    store = SQLiteStore(path, lambda: now[0], max_bytes=400_000)
    await store.increment("counted", 1)
    for number in range(500):
        now[0] += 1
        await store.set(f"k{number}", bytes(2_000))
        if not number % 40:
            assert await store.get("k0") is not None

    left = [number for number in range(500) if await store.get(f"k{number}") is not None]
    counted = await store.increment("counted", 1)
    await store.aclose()

    assert left[0] == 0
    assert left[1:] == list(range(left[1], 500))
    assert 100 < len(left) < 300
    assert counted == 2.0


async def test_a_file_that_is_no_database_is_said(path: Path) -> None:
    path.write_bytes(b"this is a text, and longer than a page header of SQLite would be" * 20)

    with pytest.raises(ConfigInvalid, match=r"state.db cannot be used as a store: file is not a database"):
        await SQLiteStore(path).get("k")


async def test_a_directory_in_the_place_of_the_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="cannot be used as a store: Is a directory"):
        await SQLiteStore(tmp_path).get("k")


async def test_a_file_in_the_place_of_a_directory_is_said(path: Path) -> None:
    path.write_text("")

    with pytest.raises(ConfigInvalid, match="cannot be used as a store"):
        await SQLiteStore(path / "below.db").set("k", b"v")


@pytest.mark.parametrize("nothing", ["", ":memory:"])
def test_a_store_without_a_file_is_refused(nothing: str) -> None:
    with pytest.raises(ConfigInvalid, match="needs a file"):
        SQLiteStore(nothing)


async def test_a_database_that_cannot_be_written_is_said(path: Path, store: SQLiteStore) -> None:
    await store.set("k", b"v")

    def forbid(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA query_only = ON")

    await store._file.run(forbid)

    with pytest.raises(ConfigInvalid, match="cannot be used as a store: attempt to write a readonly database"):
        await store.set("k", b"w")
    await store.set("k", b"w")  # a new connection may again
    assert await store.get("k") == b"w"


FULL = """
    import asyncio, resource, sys
    from grokkit.stores import StoreUnavailable
    from grokkit.stores.sqlite import SQLiteStore

    async def main():
        store = SQLiteStore(sys.argv[1])
        await store.set("small", b"v")
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        try:
            await store.set("large", bytes(1_000_000))
        except StoreUnavailable as error:
            print(error)
        assert await store.get("large") is None
        assert await store.get("small") == b"v"
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await store.set("large", bytes(1_000_000))
        await store.aclose()

    asyncio.run(main())
"""


def test_a_full_disk_is_said_and_nothing_is_lost(path: Path) -> None:
    said = run(FULL, path)

    assert "state.db cannot be written now" in said
    assert "try: make room on its disk" in said


async def test_a_file_that_stays_locked_is_unavailable_after_the_timeout(path: Path) -> None:
    store = SQLiteStore(path, timeout=0.05)
    await store.set("k", b"v")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable, match=r"locked by another process for more than 0\.05 s"):
        await store.set("k", b"w")
    read = await store.get("k")
    other.execute("COMMIT")
    other.close()
    await store.set("k", b"w")

    assert read == b"v"
    assert await store.get("k") == b"w"
    await store.aclose()


async def test_the_loop_goes_on_while_the_file_is_locked(path: Path, store: SQLiteStore) -> None:
    await store.set("k", b"v")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    writing = asyncio.create_task(store.set("k", b"w"))
    for _ in range(100):
        await asyncio.sleep(0)
    waiting = not writing.done()
    other.execute("COMMIT")
    other.close()
    await writing

    assert waiting


async def test_a_closed_store_leaves_neither_thread_nor_file_open(path: Path, store: SQLiteStore) -> None:
    before = set(threading.enumerate())
    await store.set("k", b"v")

    await store.aclose()

    assert not set(threading.enumerate()) - before
    assert [file.name for file in path.parent.iterdir()] == ["state.db"]  # the last one out clears up
    assert str(path) not in {str(link.resolve()) for link in Path("/proc/self/fd").iterdir()}


async def test_a_dropped_store_lets_go_of_its_file(path: Path) -> None:
    store = SQLiteStore(path)
    await store.set("k", b"v")

    del store
    gc.collect()

    assert str(path) not in {str(link.resolve()) for link in Path("/proc/self/fd").iterdir()}


def test_several_threads_with_loops_of_their_own_share_a_store(path: Path) -> None:
    store = SQLiteStore(path)

    def count() -> None:
        async def main() -> None:
            for _ in range(50):
                await store.increment("n", 1)

        asyncio.run(main())

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    async def total() -> float | None:
        try:
            return await store.increment("n", 0)
        finally:
            await store.aclose()

    assert asyncio.run(total()) == 200.0


async def test_a_second_store_of_a_file_leaves_the_first_its_locks(path: Path) -> None:
    first, second = SQLiteStore(path), SQLiteStore(path)
    await first.set("k", b"v")
    await second.get("k")

    seen = [run(LOOK, path)]
    await first.set("k", b"w")
    seen.append(run(LOOK, path))
    await first.aclose()
    await second.aclose()

    assert seen == ["b'v'\n", "b'w'\n"]


LOOK = """
    import asyncio, sys
    from grokkit.stores.sqlite import SQLiteStore

    async def main():
        store = SQLiteStore(sys.argv[1])
        print(await store.get("k"))
        await store.aclose()

    asyncio.run(main())
"""


async def test_a_link_to_a_file_that_is_not_there_makes_it_for_its_owner_only(tmp_path: Path) -> None:
    link, path = tmp_path / "link.db", tmp_path / "state.db"
    link.symlink_to(path)
    store = SQLiteStore(link)

    await store.set("k", b"v")
    await store.aclose()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


FORBIDDEN = """
    import asyncio, os, sys
    from grokkit.errors import ConfigInvalid
    from grokkit.stores.sqlite import SQLiteStore

    if os.geteuid() == 0:
        os.setuid(65534)
    try:
        asyncio.run(SQLiteStore(sys.argv[1]).get("k"))
    except ConfigInvalid as error:
        print(error)
"""


async def test_a_file_that_may_be_read_only_is_said(path: Path, store: SQLiteStore) -> None:
    await store.set("k", b"v")
    await store.aclose()
    for folder in [*path.parents][:-2]:
        folder.chmod(0o755)
    path.chmod(0o444)

    assert "state.db cannot be used as a store: Permission denied" in run(FORBIDDEN, path)


FORK = """
    import asyncio, os, sys, threading
    from grokkit.stores.sqlite import SQLiteStore

    store = SQLiteStore(sys.argv[1])

    async def main():
        await store.increment("n", 1)
        for i in range(20):
            asking = [asyncio.create_task(store.increment("n", 1)) for _ in range(5)]
            await asyncio.sleep(0)
            child = os.fork()
            if child == 0:
                def ask():
                    async def both():
                        await store.increment("m", 1)
                        await store.aclose()
                    asyncio.run(both())
                    os._exit(0)
                threading.Thread(target=ask).start()
                threading.Event().wait(30)
                os._exit(1)
            await asyncio.gather(*asking)
            assert os.waitpid(child, 0)[1] == 0
        print(await store.increment("n", 0), await store.increment("m", 0))
        await store.aclose()

    asyncio.run(main())
"""


def test_a_forked_child_opens_the_file_for_itself(path: Path) -> None:
    assert run(FORK, path) == "101.0 20.0\n"


OUTLIVED = """
    import asyncio, os, sys
    from grokkit.stores.sqlite import SQLiteStore

    store = SQLiteStore(sys.argv[1])
    written, told = os.pipe()

    async def write_and_close(value):
        await store.set("k", value)
        await store.aclose()

    async def write_before_and_after():
        await store.set("k", b"before")
        os.write(told, b"1")
        os.read(go_on, 1)
        await write_and_close(b"after")

    asyncio.run(store.set("k", b"parent"))
    go_on, let_go = os.pipe()
    child = os.fork()
    if child == 0:
        asyncio.run(write_before_and_after())
        os._exit(0)
    os.read(written, 1)
    asyncio.run(store.get("k"))
    asyncio.run(store.aclose())
    os.write(let_go, b"1")
    assert os.waitpid(child, 0)[1] == 0
    print(asyncio.run(store.get("k")))
    asyncio.run(store.aclose())
"""


def test_what_a_child_writes_after_its_parent_has_closed_the_file_is_there(path: Path) -> None:
    assert run(OUTLIVED, path) == "b'after'\n"


LEFT_OPEN = """
    import asyncio, sys
    from grokkit.stores.sqlite import SQLiteStore

    store = SQLiteStore(sys.argv[1])
    print(asyncio.run(store.increment("n", 1)))
"""


def test_a_program_that_never_closes_ends_without_a_word(path: Path) -> None:
    assert [run(LEFT_OPEN, path), run(LEFT_OPEN, path)] == ["1.0\n", "2.0\n"]


async def test_a_clock_that_is_put_back_does_not_stop_a_quota_for_long(path: Path) -> None:
    now = [1_760_000_000.0]
    store = SQLiteStore(path, lambda: now[0])
    quota = Take(Quota(key="k", limit=60, window=60, depth=60), 60)
    await store.take([quota])

    now[0] -= 3600
    taken = await store.take([quota])
    now[0] += taken.wait

    assert taken.wait <= 61.001
    assert (await store.take([quota])).wait == 0.0
    await store.aclose()


def test_its_name_is_its_url(path: Path) -> None:
    assert repr(SQLiteStore(path)) == f"sqlite:///{path}"
    assert repr(SQLiteStore("state.db")) == "sqlite:///state.db"


async def test_processes_that_make_the_file_at_the_same_time_do_not_trip(path: Path) -> None:
    script = """
        import asyncio, sys
        from grokkit.stores.sqlite import SQLiteStore
        store = SQLiteStore(sys.argv[1], timeout=20)
        sys.stdin.read()
        asyncio.run(store.increment("n", 1))
    """
    processes: list[Any] = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", textwrap.dedent(script), str(path), stdin=asyncio.subprocess.PIPE
        )
        for _ in range(4)
    ]
    for process in processes:
        process.stdin.close()

    ended = [await process.wait() for process in processes]

    assert ended == [0, 0, 0, 0]
    store = SQLiteStore(path)
    assert await store.increment("n", 0) == 4.0
    await store.aclose()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    connection.close()
