"""Typed answers of a simulator, on both faces."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from grokkit import AsyncTypedStream
from grokkit.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.conftest import Face

MODEL = "grok-4.20-non-reasoning"  # does not reason: its text is all there is


@pytest.fixture
def sim() -> Simulator:
    """The simulator, within the process."""
    return Simulator(seed=1)


@pytest.fixture
def grok(face: Face, sim: Simulator) -> Any:
    """A client of it, of either face."""
    options = {"model": MODEL, "retries": 0}
    return sim.async_grok(**options) if face.name == "async" else sim.grok(**options)


@pytest.fixture
def read() -> Callable[..., Awaitable[list[Any]]]:
    """All partial values of a typed stream, or all items, of either face."""

    async def read(stream: Any, *, items: bool = False, field: str | None = None) -> list[Any]:
        if isinstance(stream, AsyncTypedStream):
            async with stream:
                return [each async for each in (stream.items(field) if items else stream)]

        def blocking() -> list[Any]:
            with stream:
                return list(stream.items(field) if items else stream)

        return await asyncio.to_thread(blocking)

    return read
