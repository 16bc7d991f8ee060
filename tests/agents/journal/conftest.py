"""Every journal, the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grokkit.agents.journal import MemoryJournal
from grokkit.agents.journal.sqlite import SQLiteJournal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from grokkit.agents.journal import Journal


@pytest.fixture(params=["memory", "sqlite"])
async def another(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Callable[[], Journal]]:
    """How to come by one more journal over the same runs, as another process has it."""
    memory = MemoryJournal()
    made: list[Journal] = []

    def one_more() -> Journal:
        made.append(memory if request.param == "memory" else SQLiteJournal(tmp_path / "below" / "runs.db"))
        return made[-1]

    yield one_more
    for journal in made:
        await journal.aclose()


@pytest.fixture
def journal(another: Callable[[], Journal]) -> Journal:
    """Each kind of journal, empty."""
    return another()
