"""Stores by their names, and what opening and importing them loads."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from grokkit.errors import ConfigInvalid
from grokkit.stores import MemoryStore, open_store
from grokkit.stores.redis import RedisStore
from grokkit.stores.sqlite import SQLiteStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("where", "kind", "name"),
    [
        ("memory", MemoryStore, "memory"),
        ("memory://", MemoryStore, "memory"),
        ("sqlite:///state.db", SQLiteStore, "sqlite:///state.db"),
        ("sqlite:///below/state.db", SQLiteStore, "sqlite:///below/state.db"),
        ("sqlite:////var/lib/state.db", SQLiteStore, "sqlite:////var/lib/state.db"),
        ("redis://:pass@host:6379/1", RedisStore, "redis://host:6379/1"),
        ("rediss://host", RedisStore, "rediss://host"),
        ("valkey://host", RedisStore, "valkey://host"),
        ("redis+cluster://host", RedisStore, "redis+cluster://host"),
        ("unix:///run/redis.sock?db=1", RedisStore, "unix:///run/redis.sock"),
    ],
)
def test_a_store_is_named_by_its_url(where: str, kind: type, name: str) -> None:
    store = open_store(where)

    assert isinstance(store, kind)
    assert repr(store) == name


@pytest.mark.parametrize(
    "where",
    ["", "sqlite", "sqlite://", "sqlite:///", "sqlite://state.db", "redis://", "postgres://host/db", "state.db"],
)
def test_any_other_name_is_refused_and_told_what_there_is(where: str) -> None:
    with pytest.raises(ConfigInvalid, match="no store is named") as refused:
        open_store(where)

    assert 'there are "memory", "sqlite:///state.db"' in str(refused.value)


def test_no_password_is_shown_of_a_name_that_is_none() -> None:
    with pytest.raises(ConfigInvalid) as refused:
        open_store("postgres://me:s3cret@host/db")

    assert "s3cret" not in str(refused.value) + repr(refused.value)


def test_nothing_is_made_before_the_first_use(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/state.db")

    assert list(tmp_path.iterdir()) == []


def test_importing_loads_neither_sqlite_nor_redis() -> None:
    script = """
import json, sys
from grokkit.stores import open_store
open_store("memory")
print(json.dumps([*sys.modules]))
"""

    loaded = json.loads(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)

    assert not {"sqlite3", "redis", "concurrent.futures.thread"} & set(loaded)


def test_without_redis_py_the_extra_is_named() -> None:
    script = """
import sys
sys.modules["redis"] = None
from grokkit.errors import ExtraMissing
from grokkit.stores import open_store
try:
    open_store("redis://host")
except ExtraMissing as error:
    print(error)
"""

    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert "redis-py, which is not installed" in said
    assert "pip install 'grokkit[redis]'" in said
