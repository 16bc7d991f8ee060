"""Programs end: quickly, with status 0, and without a word on standard error, whatever they left undone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faces.conftest import Program

QUICK = 6.0

UNFINISHED = {
    "an unused client": """
        from grokkit import Grok
        grok = Grok()
    """,
    "an unused async client": """
        from grokkit import AsyncGrok
        grok = AsyncGrok()
    """,
    "a client that was used and not closed": """
        from grokkit import Grok
        grok = Grok()
        grok.ask("plain")
    """,
    "a client that was used and closed": """
        from grokkit import Grok
        with Grok() as grok:
            grok.ask("plain")
    """,
    "many clients that were used and dropped": """
        from grokkit import Grok
        for _ in range(20):
            Grok().ask("plain")
    """,
    "a client that was used, dropped, and found by the garbage collector": """
        import gc
        from grokkit import Grok
        class Application: pass
        for _ in range(20):
            application = Application()
            application.itself = application
            application.grok = Grok()
            application.grok.ask("plain")
            del application
            gc.collect()
    """,
    "a stream left open": """
        from grokkit import Grok
        grok = Grok()
        stream = grok.stream("events 3 then hang").__enter__()
        next(stream)
    """,
    "a stream left open that a function holds": """
        from grokkit import Grok
        def main():
            stream = Grok().stream("events 3 then hang").__enter__()
            main.stream = stream
            next(stream)
        main()
    """,
    "a stream of which half was read": """
        from grokkit import Grok
        stream = Grok().stream("events 5000").__enter__()
        next(stream)
    """,
    "a text generator left in the middle": """
        from grokkit import Grok
        stream = Grok().stream("events 3 then hang").__enter__()
        texts = stream.text()
        next(texts)
    """,
    "sys.exit in the middle of a stream": """
        import sys
        from grokkit import Grok
        with Grok().stream("events 3 then hang") as stream:
            next(stream)
            sys.exit(0)
    """,
    "a call under way in a daemon thread": """
        import threading
        from grokkit import Grok
        thread = threading.Thread(target=Grok().ask, args=("hang",), daemon=True)
        thread.start()
        Grok().ask("after hang")
    """,
    "a stream under way in a daemon thread": """
        import threading
        from grokkit import Grok
        began = threading.Event()
        def read():
            with Grok().stream("events 3 then hang") as stream:
                for event in stream:
                    began.set()
        threading.Thread(target=read, daemon=True).start()
        began.wait()
    """,
    "calls that go on and on in daemon threads": """
        import threading
        from grokkit import Grok
        grok = Grok()
        grok.ask("plain")
        calls = threading.Semaphore(0)
        def work():
            while True:
                grok.ask("plain")
                calls.release()
        for _ in range(4):
            threading.Thread(target=work, daemon=True).start()
        for _ in range(100):
            calls.acquire()
    """,
    "a call in a thread that the program waits for": """
        import threading
        from grokkit import Grok
        def ask_when_the_program_is_over():
            threading.main_thread().join()
            assert Grok().ask("the end").text
        threading.Thread(target=lambda: print(Grok().ask("after the end"))).start()
        threading.Thread(target=ask_when_the_program_is_over).start()
    """,
    "a call at exit": """
        import atexit
        from grokkit import Grok
        atexit.register(lambda: print(Grok().ask("plain")))
    """,
    "a call at exit, registered before the import": """
        import atexit
        atexit.register(lambda: grok.close())
        from grokkit import Grok
        grok = Grok()
        grok.ask("plain")
    """,
    "a task that ignores being cancelled": """
        import asyncio
        from grokkit import Grok
        from grokkit._portal import Errand, portal
        async def stubborn():
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    pass
        Errand(portal(), stubborn).start()
    """,
    "an async client that was used under asyncio.run and not closed": """
        import asyncio
        from grokkit import AsyncGrok
        grok = AsyncGrok()
        asyncio.run(grok.ask("plain"))
    """,
    "an async client whose loop was closed without a word": """
        import asyncio
        from grokkit import AsyncGrok
        grok = AsyncGrok()
        loop = asyncio.new_event_loop()
        loop.run_until_complete(grok.ask("plain"))
        loop.close()
    """,
    "an async stream left in the middle": """
        import asyncio
        from grokkit import AsyncGrok
        grok = AsyncGrok()
        async def main():
            async with grok.stream("events 3 then hang") as stream:
                async for event in stream:
                    return
        asyncio.run(main())
    """,
    "an async task left under way": """
        import asyncio
        from grokkit import AsyncGrok
        grok = AsyncGrok()
        async def main():
            global task
            task = asyncio.create_task(grok.ask("hang"))
            await grok.ask("after hang")
        asyncio.run(main())
    """,
}


LATE = {"a call in a thread that the program waits for", "a call at exit"}
"""Whose first call needs a thread when the main one has ended."""
LATE_REFUSED = pytest.mark.skipif(
    sys.version_info[:2] == (3, 12), reason="Python 3.12 starts no thread in a program that is ending"
)


@pytest.mark.parametrize(
    "left", [pytest.param(left, marks=LATE_REFUSED) if left in LATE else left for left in UNFINISHED]
)
def test_a_program_ends_quietly_with(
    left: str, program: Callable[[str], Program], stopwatch: Callable[[], float]
) -> None:
    status, _, complaints = program(UNFINISHED[left]).end()

    assert (status, complaints) == (0, "")
    assert stopwatch() < QUICK


def test_no_thread_is_started_before_the_first_call_and_all_share_one(program: Callable[[str], Program]) -> None:
    script = program("""
        import threading
        import grokkit
        print(threading.active_count())
        grok, other = grokkit.Grok(), grokkit.Grok()
        derived = grok.with_options(timeout=10)
        print(threading.active_count())
        for client in (grok, other, derived, grokkit.Grok()):
            client.ask("plain")
        print(threading.active_count())
    """)

    status, counts, complaints = script.end()

    assert (status, complaints) == (0, "")
    assert counts == ["1", "1", "2"]


def test_the_thread_is_gone_at_exit(program: Callable[[str], Program]) -> None:
    script = program("""
        import atexit, threading
        atexit.register(lambda: print([thread.name for thread in threading.enumerate()]))
        from grokkit import Grok
        Grok().ask("plain")
        print(len(threading.enumerate()))
    """)

    status, lines, complaints = script.end()

    assert (status, lines, complaints) == (0, ["2", "['MainThread']"], "")
