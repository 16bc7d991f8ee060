"""Our tools: `Tool.decode`, `Tool.run`, `Tool.encode`.

Within a run, `Execution.run` makes the call: with a journal and its own key, as the calls of an agent are. `run_cached`
is the same for a tool with a `cache_ttl`, whose results lie in memory: its function is not called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import functions
from harness import Peer, serve

from grokkit.agents.execution import Execution
from grokkit.agents.journal import MemoryJournal, RunRecord
from grokkit.clock import SystemClock
from grokkit.stores import MemoryStore
from grokkit.tools import tool
from grokkit.wire.events import ToolCall

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from harness import AsyncCall

    from grokkit.stores import Store
    from grokkit.tools import Tool

TURNS = 10
"""The turns of a run; each makes one call."""


async def connect(url: str) -> Mapping[str, AsyncCall]:
    del url
    tools = {name: tool(function, effects="read_only") for name, (function, _) in functions.MADE.items()}

    async def dispatch(name: str, arguments: str) -> str:
        called = tools[name]
        return called.encode(await called.run(called.decode(arguments), key="run_1", call_id="call_1"))

    lasting = tools["order_status"].changed(cache_ttl=3600)
    return {
        **functions.operations(dispatch),
        "run": functions.checked(runs(tools["order_status"], None), "order_status"),
        "run_cached": functions.checked(runs(lasting, MemoryStore()), "order_status"),
    }


def runs(called: Tool[..., Any], results: Store | None) -> Callable[[str, str], Awaitable[str]]:
    """Calls within runs of some turns each, which are begun and forgotten on the way."""
    _, arguments = functions.MADE[called.name]
    call = ToolCall(id="call_1", name=called.name, arguments=arguments)
    journal, clock = MemoryJournal(), SystemClock()
    made = 0
    execution: Execution

    async def run(_name: str, _arguments: str) -> str:
        nonlocal made, execution
        turn = made % TURNS
        if turn == 0:
            record = RunRecord(id="run_1")
            await journal.delete(record.id)
            await journal.begin(record)
            execution = Execution([called], journal=journal, claim=record.claim, clock=clock, results=results)
        made += 1
        (result,) = (await execution.run([call], turn=turn)).results
        if results is not None and made > 1 and not result.cached:
            raise ValueError("the result was not the one that is kept")
        return result.output

    return run


if __name__ == "__main__":
    serve(Peer("grokkit", connect))
