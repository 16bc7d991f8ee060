"""What a store has of a turn, and what is said when it is none."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from grokkit.sessions import TurnUnreadable, open_sessions
from grokkit.sessions.entries import read, read_all, written
from grokkit.sessions.turn import Turn

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_written_is_read() -> None:
    turns = [Turn(input=[{"role": "user", "content": "Hi ☂"}]), Turn(kind="rewind", upto=1)]

    assert read_all(map(written, turns), "s", 0) == turns


def test_what_a_later_version_adds_to_a_turn_is_passed_over() -> None:
    assert read(b'{"id": "a", "mood": "good"}', "s", 1) == Turn(id="a")


@pytest.mark.parametrize(
    "entry", [b"\x00\xff", b'{"model": "\xff"}', b'{"kind": "branch"}', b""], ids=["octets", "utf8", "kind", "empty"]
)
def test_an_entry_that_is_no_turn_is_told_by_its_place(entry: bytes) -> None:
    with pytest.raises(TurnUnreadable, match="turn 7 of session 's' cannot be read"):
        read_all([written(Turn()), entry], "s", 5)


async def test_a_file_of_which_one_turn_is_damaged_says_which(tmp_path: Path) -> None:
    store = open_sessions(f"sqlite:///{tmp_path}/chat.db")
    for name in ("good", "bad"):
        await store.append(name, [Turn(input=[{"role": "user", "content": "Hi"}], created=1.0)], expected=0)
    await store.aclose()
    with closing(sqlite3.connect(tmp_path / "chat.db")) as file, file:
        file.execute("UPDATE grokkit_session_turns SET turn = x'00' WHERE session = 2")

    with pytest.raises(TurnUnreadable, match="turn 1 of session 'bad'"):
        await store.load("bad")
    with pytest.raises(TurnUnreadable, match="turn 1 of session 'bad'"):
        await store.search("hi")
    assert [turn.said for turn in await store.load("good")] == ["Hi"]
    await store.aclose()
