"""Adding a turn costs the same at the ten thousandth as at the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.sessions.sqlite import SQLiteSessions
from grokkit.sessions.turn import Turn

if TYPE_CHECKING:
    from pathlib import Path


async def steps_of_an_append(store: SQLiteSessions, version: int) -> int:
    """How many steps SQLite's machine takes for it."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    await store._held.file.run(lambda connection: connection.set_progress_handler(count, 1))
    await store.append("s", [Turn(input=[{"role": "user", "content": "Hi"}])], expected=version)
    stop: Any = None
    await store._held.file.run(lambda connection: connection.set_progress_handler(stop, 0))
    return steps


async def test_an_append_takes_as_many_steps_after_ten_thousand_turns_as_after_ten(tmp_path: Path) -> None:
    store = SQLiteSessions(tmp_path / "chat.db")
    turns = [Turn(input=[{"role": "user", "content": "Hi"}]) for _ in range(10_000)]
    await store.append("s", turns[:10], expected=0)

    early = await steps_of_an_append(store, 10)
    await store.append("s", turns[11:], expected=11)
    late = await steps_of_an_append(store, 10_000)
    await store.aclose()

    assert 0 < late <= early * 1.1
