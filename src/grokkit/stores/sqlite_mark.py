"""The mark of a SQLite file: that it is grokkit's, and of which version its tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from grokkit.errors import ConfigInvalid

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

VERSION: Final = 1
"""Of all tables in a file together; one more with every change that an older grokkit would not understand."""

_OURS = int.from_bytes(b"grkt", "big")
_OTHERS = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'grokkit_*' AND name NOT GLOB 'sqlite_*'"


def mark(connection: sqlite3.Connection, path: Path) -> None:
    """Mark a file that is new, or has our tables and no others. Belongs in the transaction that makes the tables.

    Where an unmarked file has the tables of another program, its `user_version` is that program's, and stays as it is.
    Raises `ConfigInvalid` for what is marked by another program, or by a newer version, and writes nothing to it.
    """
    application, version = _read(connection)
    if application not in {0, _OURS}:
        raise ConfigInvalid(
            f"{path} belongs to another program: its application_id is {application & 0xFFFFFFFF:#010x}",
            hint="name a file that is new or a store's",
        )
    if not application and connection.execute(_OTHERS).fetchone():
        return
    if version > VERSION:
        raise ConfigInvalid(
            f"{path} was written by a newer grokkit: its tables are of version {version}, this one knows {VERSION}",
            hint="upgrade grokkit, or name another file",
        )
    if (application, version) != (_OURS, VERSION):
        connection.execute(f"PRAGMA application_id = {_OURS}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _read(connection: sqlite3.Connection) -> tuple[int, int]:
    asked = "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version"
    application, version = connection.execute(asked).fetchone()
    return application, version
