"""An agent as a tool of another one."""

from typing import TYPE_CHECKING, Any

from grokkit.agents.journal.journal import RunExists
from grokkit.errors import Misused
from grokkit.tools.context import ToolContext
from grokkit.tools.decorator import tool
from grokkit.tools.settings import worst

if TYPE_CHECKING:
    from grokkit.agents.agent import AsyncAgent
    from grokkit.tools.tool import Tool


def tool_of(agent: "AsyncAgent[Any]", name: str, description: str) -> "Tool[..., Any]":
    """The tool that runs an agent. Its run is named after the call, so that the same call goes on with the same run."""

    async def ask(task: str, context: ToolContext) -> object:
        """Ask an agent.

        Args:
            task: what it is to do, with all that it has to know
        """
        try:
            result = await agent.run(task, id=context.key)
        except RunExists:
            result = await agent.resume(context.key)
        if result.stopped == "paused":
            raise Misused(
                f"{agent.name} waits for an approval, which an agent that is a tool cannot do",
                hint="give it approve= a function that decides, or approve the call of the agent itself",
            )
        return result.value

    return tool(ask, name=name, description=description, effects=worst(one.effects for one in agent.tools))
