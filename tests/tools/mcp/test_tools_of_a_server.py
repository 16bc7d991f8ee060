"""What the tools of a server are: names, effects, schemas, answers, and what is said when a call fails."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.errors import ExtraMissing, Misused
from grokkit.tools import ArgumentsRefused, Registry, ToolFailed, ToolsLeftOut
from grokkit.tools.mcp_client import mcp_tools

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from grokkit.tools.mcp_client import McpServer

    Toolbox = Callable[..., McpServer]
    Call = Callable[..., Coroutine[Any, Any, str]]


async def test_the_tools_are_listed_by_name_with_effects_from_their_annotations(toolbox: Toolbox) -> None:
    async with toolbox() as server:
        effects = {each.name: each.effects for each in server.tools}

    assert list(effects) == [
        "add",
        "die",
        "fail",
        "hang",
        "header",
        "label",
        "learn",
        "picture",
        "pid",
        "variable",
        "wipe",
    ]
    assert (effects["add"], effects["label"], effects["fail"]) == ("read_only", "idempotent", "destructive")
    assert effects["wipe"] == "destructive"  # idempotent to the server, and harm nevertheless


async def test_effects_said_here_count_more_than_those_of_the_server(toolbox: Toolbox) -> None:
    async with toolbox(effects="destructive") as server:
        assert {each.effects for each in server.tools} == {"destructive"}


async def test_a_call_gives_the_text_for_the_model(toolbox: Toolbox, call: Call) -> None:
    async with toolbox() as server:
        assert await call(server, "add", a=2, b=3) == "5"
        assert await call(server, "picture") == "[image/png, 40 bytes; not shown]"
        assert await call(server, "wipe") == "done; the tool gave nothing back"


async def test_arguments_are_checked_by_the_schema_of_the_server(toolbox: Toolbox) -> None:
    async with toolbox() as server:
        [add] = [each for each in server.tools if each.name == "add"]

        with pytest.raises(ArgumentsRefused, match="a: "):
            add.decode('{"a": "two"}')
        assert add.parameters["required"] == ["a"]


async def test_what_the_server_says_of_a_failure_is_for_the_model(toolbox: Toolbox, call: Call) -> None:
    async with toolbox() as server:
        with pytest.raises(ToolFailed, match="the drawer is stuck"):
            await call(server, "fail")


async def test_the_name_of_a_server_is_the_namespace_of_its_tools(toolbox: Toolbox) -> None:
    async with toolbox() as server, toolbox(name="mine") as another:
        registry = Registry(server, another)

    assert registry.names()[:2] == ["toolbox__add", "toolbox__die"]
    assert registry["mine.add"].effects == "read_only"
    [entry] = registry.filter("mine.add").entries()
    assert entry.tags == {"mcp", "mine"}
    assert entry.origin.startswith("the MCP server mine (")


async def test_tools_of_a_server_that_was_not_opened_are_not_known() -> None:
    server = mcp_tools(command="nobody", name="closed")

    with pytest.raises(Misused, match="not known before it is open"):
        Registry(server)
    with pytest.raises(Misused, match="is not open"):
        await server.refresh()


async def test_an_open_server_is_not_opened_again(toolbox: Toolbox) -> None:
    async with toolbox() as server:
        with pytest.raises(Misused, match="is open already"):
            await server.aopen()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "either a program or an address"),
        ({"command": "a", "url": "http://b"}, "either a program or an address"),
        ({"command": []}, "is empty"),
        ({"command": "a", "token": "b"}, "are for url="),
        ({"url": "http://a", "env": {}}, "are for command="),
        ({"url": "file:///etc"}, "begins with https://"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(Misused, match=problem):
        mcp_tools(**options)


async def test_a_program_gets_its_secrets_through_its_environment(call: Call, toolbox_command: list[str]) -> None:
    async with mcp_tools(command=toolbox_command, env={"TOKEN": "s3cret-of-the-program"}) as server:
        assert await call(server, "variable", name="TOKEN") == "s3cret-of-the-program"
        assert "s3cret" not in repr(server)


async def test_the_environment_of_this_process_stays_here(
    monkeypatch: pytest.MonkeyPatch, call: Call, toolbox_command: list[str]
) -> None:
    monkeypatch.setenv("XAI_API_KEY", "xai-" + "k" * 40)

    async with mcp_tools(command=toolbox_command) as server:
        assert await call(server, "variable", name="XAI_API_KEY") == "unset"


async def test_an_address_gets_its_token_and_headers(web: Any, call: Call) -> None:
    async with mcp_tools(url=web.url, token="s3cret-token", headers={"X-Team": "red"}) as server:
        assert await call(server, "header", name="authorization") == "Bearer s3cret-token"
        assert await call(server, "header", name="x-team") == "red"
        assert "s3cret" not in repr(server)


def test_user_and_query_of_an_address_are_not_shown() -> None:
    server = mcp_tools(url="https://user:s3cret@example.com/mcp?key=s3cret")

    assert "s3cret" not in f"{server!r} {server} {server.name}"


async def test_pages_are_read_to_the_end_and_what_is_unfit_is_left_out_with_a_warning(old: McpServer) -> None:
    with pytest.warns(ToolsLeftOut, match="unfit"):
        await old.aopen()

    assert (old.name, [each.name for each in old.tools]) == ("old timer", ["add"])
    await old.aclose()


@pytest.mark.filterwarnings("ignore::grokkit.tools.ToolsLeftOut")
async def test_content_that_is_only_structured_is_given_as_json(old: McpServer, call: Call) -> None:
    async with old:
        assert await call(old, "add") == '{"sum":3}'


async def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("grokkit.tools.mcp_client.home")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)

    with pytest.raises(ExtraMissing, match="not installed") as caught:
        await mcp_tools(command="a").aopen()

    assert caught.value.extra == "mcp"
