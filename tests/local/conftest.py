"""The embedded model, once a session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grokkit.local import Engine, engine, installed, pull


@pytest.fixture(scope="session")
def model_path() -> Path:
    return installed() or pull()


@pytest.fixture(scope="session")
def shared_engine(model_path: Path) -> Iterator[Engine]:
    with engine.start(model_path, reuse=False) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_running_engine_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GROKKIT_LOCAL_URL", raising=False)
