"""Servers that keep to no protocol: what they list and answer is refused in words, and harms nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="needs the extra mcp")

from grokkit.tools import Registry, ToolFailed, ToolsLeftOut, ToolUnreachable
from grokkit.tools.mcp_client import McpServer, mcp_tools

LIAR = str(Path(__file__).with_name("servers") / "liar.py")
OBJECT = {"type": "object", "properties": {}}
FINE = {"content": [{"type": "text", "text": "fine"}]}


def liar(tools: Any, answered: Any = FINE) -> McpServer:
    return mcp_tools(command=[sys.executable, LIAR, json.dumps(tools), json.dumps(answered)], time_limit=1.0)


@pytest.mark.parametrize("second", ["a", "a b"])
async def test_of_two_tools_that_are_one_name_to_grok_the_first_is_kept(second: str) -> None:
    first = "a" if second == "a" else "a/b"
    server = liar([{"name": first, "inputSchema": OBJECT}, {"name": second, "inputSchema": OBJECT}])

    with pytest.warns(ToolsLeftOut, match="which are one name to Grok"):
        await server.aopen()

    assert len(Registry(server)) == 1
    await server.aclose()


@pytest.mark.parametrize("tools", ["nope", [{"name": "a"}], [{"name": "a", "inputSchema": {"type": "string"}}]])
async def test_a_list_that_breaks_the_protocol_says_where(tools: Any) -> None:
    with pytest.raises(ToolUnreachable, match=r"answers what breaks the protocol: tools.*: ") as refused:
        await liar(tools).aopen()

    assert "pydantic" not in str(refused.value)


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        ({"content": "nope"}, "cannot be read: content: Input should be a valid list"),
        ({}, "cannot be read: content: Field required"),
        ({"content": [{"type": "hologram", "secret": "s3cret"}]}, "cannot be read: content.0"),
        ({"content": [{"type": "text", "text": "no luck"}], "isError": True}, "no luck"),
    ],
)
async def test_an_answer_that_breaks_the_protocol_is_told_to_the_model_in_brief(answered: Any, said: str) -> None:
    async with liar([{"name": "a", "inputSchema": OBJECT}], answered) as server:
        with pytest.raises(ToolFailed) as failed:
            await server.tools[0].run({}, key="k")

    assert said in failed.value.message
    assert "s3cret" not in failed.value.message
    assert len(failed.value.message) < 200


@pytest.mark.parametrize(
    "answered",
    [{"content": [{"type": "text", "text": "<long>"}]}, {"content": [], "structuredContent": {"a": "<long>"}}],
)
async def test_an_answer_that_would_fill_the_prompt_is_cut_off(answered: Any) -> None:
    async with liar([{"name": "a", "inputSchema": OBJECT}], answered) as server:
        given = await server.tools[0].run({}, key="k")

    assert given.endswith("xxx\n[cut off here]")
    assert len(given) < 200_100


async def test_a_program_that_prints_between_its_messages_is_told_to_have_done_so() -> None:
    noisy = "import sys, time\nprint('debug', flush=True)\nsys.stdin.readline()\n"

    with pytest.raises(ToolUnreachable, match="it sends what is no message of the protocol"):
        await mcp_tools(command=[sys.executable, "-c", noisy], start_limit=5).aopen()
