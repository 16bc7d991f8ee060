"""What the tests of agents share."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, NamedTuple

import pytest

from grokkit import Tool, tool


class Hanging(NamedTuple):
    tool: Tool[..., Any]
    ended: threading.Event


@pytest.fixture
def hanging() -> Hanging:
    """A function that runs until it is cancelled, and says that it was."""
    ended = threading.Event()

    @tool(effects="read_only")
    async def hangs() -> str:
        """Hangs."""
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return ""

    return Hanging(hangs, ended)
