"""An AsyncGrok outlives event loops, and serves several at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import WatchedSimulator
    from tests.faces.conftest import Program

SEVERAL_LOOPS = {
    "asyncio.run twice": """
        for number in range(3):
            print(asyncio.run(grok.ask("plain")))
    """,
    "loops that are closed without a word": """
        for number in range(3):
            loop = asyncio.new_event_loop()
            print(loop.run_until_complete(grok.ask("plain")))
            loop.close()
    """,
    "a loop that is closed in the middle of a stream": """
        for number in range(3):
            loop = asyncio.new_event_loop()
            stream = grok.stream("events 3 then hang")
            loop.run_until_complete(stream.__aenter__())
            loop.run_until_complete(anext(stream))
            loop.run_until_complete(stream.aclose())
            loop.close()
            print("plain")
    """,
    "a loop that waits while another one runs": """
        loop = asyncio.new_event_loop()
        print(loop.run_until_complete(grok.ask("plain")))
        print(asyncio.run(grok.ask("plain")))
        print(loop.run_until_complete(grok.ask("plain")))
        loop.run_until_complete(grok.close())
        loop.close()
    """,
    "two loops in two threads at once": """
        def work():
            async def main():
                return await asyncio.gather(*[grok.ask("100 together") for _ in range(50)])
            for _ in range(3):
                answers.extend(asyncio.run(main()))
        answers = []
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 300
        for _ in range(3):
            print("plain")
    """,
    "the blocking face beside a loop": """
        blocking = Grok()
        async def main():
            print(blocking.ask("plain"))
            print(await grok.ask("plain"))
            with blocking.stream("events 2") as stream:
                assert len(list(stream.text())) == 2
            print(await grok.ask("plain"))
        asyncio.run(main())
    """,
}


@pytest.mark.parametrize("loops", SEVERAL_LOOPS)
def test_one_async_client_serves(loops: str, program: Callable[[str], Program]) -> None:
    script = program(f"""
        import asyncio, threading
        from grokkit import AsyncGrok, Grok
        grok = AsyncGrok()
{SEVERAL_LOOPS[loops]}
    """)

    assert script.end() == (0, ["plain"] * 3, "")


def test_a_notebook_s_running_loop_needs_no_patching(program: Callable[[str], Program]) -> None:
    script = program("""
        import asyncio
        from grokkit import Grok

        async def cell():
            grok = Grok()
            print(grok.ask("plain"))
            with grok.stream("events 3") as stream:
                print("".join(stream.text()))
            assert await asyncio.to_thread(grok.ask, "plain")
            grok.close()

        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.slow_callback_duration = 10
        loop.run_until_complete(cell())
        loop.run_until_complete(cell())
        loop.close()
    """)

    assert script.end() == (0, ["plain", "0 1 2 "] * 2, "")


def test_connections_are_kept_between_calls_of_one_loop(
    program: Callable[[str], Program], sim: WatchedSimulator
) -> None:
    script = program("""
        import asyncio
        from grokkit import AsyncGrok, Grok
        grok = Grok()
        for _ in range(5):
            grok.ask("plain")
        with grok.stream("events 3") as stream:
            stream.done()
        grok.ask("plain")
    """)

    assert script.end() == (0, [], "")
    assert len(sim.connections) == 1
