from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from grokkit.call import Call
from grokkit.layers.effects import has_effects


class Shell(msgspec.Struct, tag_field="type", tag="shell"):
    """A tool whose type is its tag."""


@dataclass
class Remote:
    type: str = "mcp"
    server_url: str = "https://example.com"


def call(body: Any) -> Call:
    return Call(method="POST", base_url="http://h/v1", path="/responses", operation="responses", id="c", body=body)


@pytest.mark.parametrize(
    "tools",
    [
        [{"type": "mcp", "server_url": "https://example.com"}],
        [{"type": "web_search"}, {"type": "shell"}],
        ({"type": "shell"},),
        [Shell()],
        [Remote()],
    ],
)
def test_tools_that_change_things_are_found(tools: Any) -> None:
    assert has_effects(call({"model": "m", "tools": tools}))


@pytest.mark.parametrize(
    "tools",
    [
        None,
        [],
        [{"type": "web_search"}, {"type": "x_search"}, {"type": "code_interpreter"}],
        [{"type": "function", "function": {"name": "mcp", "parameters": {"type": "object"}}}],
        "mcp",
        7,
        [{"type": ["mcp"]}, None, 3],
    ],
)
def test_other_tools_change_nothing(tools: Any) -> None:
    assert not has_effects(call({"model": "m", "tools": tools}))


@pytest.mark.parametrize(
    ("body", "acts"),
    [
        (b'{"tools":[{"type":"mcp"}]}', True),
        (b'{ "model": "m", "tools" : [ {"type": "web_search"}, {"type":"shell"} ] }', True),
        (b'{"tools":[{"type":"web_search"}]}', False),
        (b'{"input":"\\"tools\\" of type mcp"}', False),
        (b'["tools", "mcp"]', False),
        (b'--boundary\r\n"tools": mcp', False),
        (b'{"tools":"\xff"}', False),
        (b'{"tools":' + b"[" * 100_000, False),
        (b"", False),
        (None, False),
    ],
)
def test_bodies_that_are_text_already_are_read(body: bytes | None, acts: bool) -> None:
    assert has_effects(call(body)) is acts
