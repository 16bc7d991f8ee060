"""Journals by name."""

from __future__ import annotations

import pytest

from grokkit.agents.journal import open_journal
from grokkit.agents.journal.sqlite import SQLiteJournal
from grokkit.errors import ConfigInvalid


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        (None, "memory"),
        ("memory", "memory"),
        ("memory://", "memory"),
        ("sqlite:///runs.db", "sqlite:///runs.db"),
        ("sqlite:////var/runs.db", "sqlite:////var/runs.db"),
    ],
)
def test_a_journal_is_opened_by_name(named: str | None, shown: str) -> None:
    assert repr(open_journal(named)) == shown


@pytest.mark.parametrize("named", ["", "sqlite://", "sqlite:///", "redis://host:6379", "runs.db"])
def test_a_name_of_no_journal_is_refused_with_those_that_there_are(named: str) -> None:
    with pytest.raises(ConfigInvalid, match="no journal is named") as caught:
        open_journal(named)

    assert "sqlite:///runs.db" in str(caught.value)


def test_no_password_is_shown() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        open_journal("postgres://me:hunter2@host/db")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("nothing", ["", ":memory:"])
def test_a_journal_without_a_file_is_refused(nothing: str) -> None:
    with pytest.raises(ConfigInvalid, match="needs a file"):
        SQLiteJournal(nothing)
