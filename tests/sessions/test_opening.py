"""Which store a text names, and where sessions are when nothing is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grokkit.errors import ConfigInvalid, ExtraMissing
from grokkit.sessions.memory import MemorySessions
from grokkit.sessions.opening import default_file, open_sessions
from grokkit.sessions.postgres import PostgresSessions
from grokkit.sessions.redis import RedisSessions
from grokkit.sessions.sqlite import SQLiteSessions


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ("memory", MemorySessions),
        ("sqlite:///chat.db", SQLiteSessions),
        ("sqlite:////var/lib/chat.db", SQLiteSessions),
        ("redis://localhost:6379/0", RedisSessions),
        ("valkeys://localhost", RedisSessions),
        ("unix:///run/redis.sock", RedisSessions),
        ("postgresql://localhost/chat", PostgresSessions),
        ("postgres:///chat?host=/run/postgresql", PostgresSessions),
    ],
)
def test_a_text_names_a_store(where: str, kind: type) -> None:
    assert type(open_sessions(where)) is kind


@pytest.mark.parametrize("where", ["", "sqlite://", "sqlite:///", "chat.db", "mysql://me:secret@host/db"])
def test_another_text_is_refused_without_its_secrets(where: str) -> None:
    with pytest.raises(ConfigInvalid, match="no store of sessions") as caught:
        open_sessions(where)

    assert "secret" not in str(caught.value)


def test_the_user_s_own_file_is_where_the_desktop_keeps_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    assert default_file() == tmp_path / "grokkit" / "sessions.db"
    assert str(open_sessions()) == f"sqlite:///{tmp_path}/grokkit/sessions.db"


@pytest.mark.parametrize("named", ["", "relative/path"])
def test_a_data_home_that_is_no_path_from_the_root_does_not_count(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", named)

    assert default_file() == Path.home() / ".local" / "share" / "grokkit" / "sessions.db"


def test_a_file_without_a_name_is_refused() -> None:
    with pytest.raises(ConfigInvalid, match="needs a file"):
        SQLiteSessions("")


@pytest.mark.parametrize(
    ("missing", "where", "key", "extra"),
    [
        ("psycopg", "postgresql://localhost/chat", None, "postgres"),
        ("cryptography.exceptions", "memory", "passphrase:correct horse battery", "encryption"),
    ],
)
def test_a_store_whose_library_is_not_installed_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, missing: str, where: str, key: str | None, extra: str
) -> None:
    for name in [
        name for name in sys.modules if name.startswith(("grokkit.sessions.postgres", "grokkit.sessions.seal"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)

    with pytest.raises(ExtraMissing) as caught:
        open_sessions(where, key=key)

    assert caught.value.extra == extra
