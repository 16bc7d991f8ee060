"""Ctrl-C during a blocking run: what runs is cancelled, nobody is kept, and the client stays whole."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

SCRIPT = """
    import asyncio, os, signal
    from grokkit import tool
    from grokkit.agents import ToolStarted
    from grokkit.testing import Simulator

    @tool(effects="read_only")
    async def hangs() -> str:
        "Hangs."
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            print("tool ended", flush=True)

    sim = Simulator(seed=3)
    sim.on(last="Go").reply(tool_calls=[("hangs", {{}})])
    sim.on(last="Hi").reply("Hello.")
    agent = sim.grok().agent(tools=[hangs])
    try:
        {what}
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    print(agent.run("Hi"), flush=True)
"""


@pytest.mark.parametrize("what", ['agent.run("Go")', 'with agent.stream("Go") as run: list(run)'])
def test_an_interrupt_ends_the_tools_that_run(what: str) -> None:
    script = textwrap.dedent(SCRIPT).format(what=what)

    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["tool ended", "interrupted", "Hello."]
