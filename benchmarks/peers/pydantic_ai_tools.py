"""pydantic-ai's tools, in a `FunctionToolset`.

A call of a tool is `ToolsetTool.args_validator.validate_json`, `FunctionToolset.call_tool` and
`ToolReturnPart.model_response_str`. Within a run, `ToolManager.handle_call` stands in the place of the
first two: its agents go through that, in a task for each call, which is not measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions
from harness import Peer, serve
from pydantic_ai import FunctionToolset, RunContext
from pydantic_ai.messages import ToolCallPart, ToolReturnPart
from pydantic_ai.models.test import TestModel
from pydantic_ai.tool_manager import ToolManager
from pydantic_ai.usage import RunUsage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness import AsyncCall


async def connect(url: str) -> Mapping[str, AsyncCall]:
    del url
    toolset = FunctionToolset[None]([functions.weather, functions.order_status, functions.plan_trip])
    context = RunContext(deps=None, model=TestModel(), usage=RunUsage())
    tools = await toolset.get_tools(context)
    manager = await ToolManager(toolset).for_run_step(context)

    async def dispatch(name: str, arguments: str) -> str:
        tool = tools[name]
        result = await toolset.call_tool(name, tool.args_validator.validate_json(arguments), context, tool)
        return ToolReturnPart(tool_name=name, content=result, tool_call_id="call_1").model_response_str()

    calls = {
        name: ToolCallPart(tool_name=name, args=arguments, tool_call_id="call_1")
        for name, (_, arguments) in functions.MADE.items()
    }

    async def run(name: str, _arguments: str) -> str:
        result = await manager.handle_call(calls[name])
        return ToolReturnPart(tool_name=name, content=result, tool_call_id="call_1").model_response_str()

    return {**functions.operations(dispatch), "run": functions.checked(run, "order_status")}


if __name__ == "__main__":
    serve(Peer("pydantic-ai-slim", connect))
