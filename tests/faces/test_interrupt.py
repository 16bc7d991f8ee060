"""Ctrl-C, as the system delivers it: what runs is cancelled and closed, nobody is kept, the client stays whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import WatchedSimulator
    from tests.faces.conftest import Program

INTERRUPTED = """
    import sys
    from grokkit import Grok
    grok = Grok()
    try:
        {what}
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        print(grok.ask("plain"))
"""
WAITING = {
    "a call": 'grok.ask("hang")',
    "the opening of a stream": 'grok.stream("hang").__enter__()',
    "the first event of a stream": 'next(iter(grok.stream("events 0 then hang").__enter__()))',
    "the next event of a stream": 'list(grok.stream("events 3 then hang").__enter__())',
    "the text of a stream": 'list(grok.stream("events 3 then hang").__enter__().text())',
    "the end of a stream": 'grok.stream("events 3 then hang").__enter__().done()',
}


@pytest.mark.parametrize("what", WAITING)
def test_an_interrupt_while_waiting_for(
    what: str, program: Callable[[str], Program], sim: WatchedSimulator, stopwatch: Callable[[], float]
) -> None:
    script = program(INTERRUPTED.format(what=WAITING[what]))
    sim.until(lambda: len(sim.calls) == 1)

    script.interrupt()

    sim.until_left()
    status, lines, complaints = script.end()
    assert (status, lines, complaints) == (0, ["interrupted", "plain"], "")
    assert stopwatch() < 6


def test_an_interrupt_between_two_events_closes_the_stream(
    program: Callable[[str], Program], sim: WatchedSimulator
) -> None:
    script = program("""
        import threading
        from grokkit import Grok
        grok = Grok()
        try:
            with grok.stream("events 3 then hang") as stream:
                for text in stream.text():
                    print(text, flush=True)
                    threading.Event().wait()
        except KeyboardInterrupt:
            print("interrupted", stream.partial.text, flush=True)
            print(grok.ask("plain"))
    """)
    assert script.says() == "0 "

    script.interrupt()

    sim.until_left()
    status, lines, complaints = script.end()
    assert (status, complaints) == (0, "")
    assert lines == ["interrupted 0 1 2 ", "plain"]


def test_an_interrupt_that_nobody_catches_ends_the_program_as_python_does(
    program: Callable[[str], Program], sim: WatchedSimulator
) -> None:
    script = program("""
        from grokkit import Grok
        Grok().ask("hang")
    """)
    sim.until(lambda: len(sim.calls) == 1)

    script.interrupt()

    status, _, complaints = script.end(within=10)
    assert status == -2
    assert complaints.endswith("\nKeyboardInterrupt\n")
    assert complaints.count("Traceback") == 1
    assert "Warning" not in complaints


STUBBORN = """
    import asyncio, time
    from grokkit import Grok
    from grokkit.call import Layer

    class Stubborn:
        async def __call__(self, call, call_next):
            while True:
                try:
                    print("working", flush=True)
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    print("ignored", flush=True)

    grok = Grok(layers=[Stubborn()])
    started = time.monotonic()
    try:
        grok.ask("plain")
    except KeyboardInterrupt:
        print("interrupted after", round(time.monotonic() - started), flush=True)
        print(Grok().ask("plain"), flush=True)
"""


def test_a_task_that_ignores_being_cancelled_holds_the_caller_two_seconds_at_most(
    program: Callable[[str], Program],
) -> None:
    script = program(STUBBORN)
    assert script.says() == "working"

    script.interrupt()

    status, lines, complaints = script.end()
    assert (status, complaints) == (0, "")
    assert lines[:3] == ["ignored", "working", "interrupted after 2"]
    assert "plain" in lines


def test_a_second_interrupt_during_the_clean_up_leaves_at_once(program: Callable[[str], Program]) -> None:
    script = program(STUBBORN)
    assert script.says() == "working"
    script.interrupt()
    assert script.says() == "ignored"

    script.interrupt()

    status, lines, complaints = script.end()
    assert (status, complaints) == (0, "")
    assert "interrupted after 0" in lines


def test_a_clean_up_is_waited_for(program: Callable[[str], Program], sim: WatchedSimulator) -> None:
    script = program("""
        import asyncio
        from grokkit import AsyncGrok, Grok

        class Careful:
            async def __call__(self, call, call_next):
                try:
                    print("working", flush=True)
                    await asyncio.Event().wait()
                finally:
                    async with AsyncGrok() as another:
                        print(await another.ask("after the interrupt"), flush=True)

        try:
            Grok(layers=[Careful()]).ask("plain")
        except KeyboardInterrupt:
            print("interrupted")
    """)
    assert script.says() == "working"

    script.interrupt()
    sim.until(lambda: len(sim.calls) == 1)
    with sim.grok() as grok:
        grok.ask("the interrupt")

    assert script.end() == (0, ["after the interrupt", "interrupted"], "")


def test_an_interrupt_at_any_line_leaves_a_client_that_works(program: Callable[[str], Program]) -> None:
    """Each round is interrupted one line further on in the code of the blocking face."""
    script = program("""
        import sys, threading, warnings
        import grokkit._blocking, grokkit._portal, grokkit._pump
        from grokkit import Grok

        OURS = {module.__file__ for module in (grokkit._blocking, grokkit._portal, grokkit._pump)}
        FILES = OURS | {threading.__file__}

        warnings.simplefilter("ignore", ResourceWarning)  # an interrupted `with` leaves its stream to the finaliser
        sys.unraisablehook = lambda _: None  # which may be what is interrupted

        class Fuse:
            def __init__(self, lines):
                self.lines = lines
            def __call__(self, frame, event, argument):
                if frame.f_code.co_filename not in FILES:
                    return None
                if event == "line" and frame.f_code.co_filename in OURS:
                    self.lines -= 1
                    if self.lines == 0:
                        sys.settrace(None)
                        raise KeyboardInterrupt
                return self

        def call(grok):
            assert grok.ask("plain").text == "plain"

        def stream(grok):
            with grok.stream("events 3") as stream:
                assert stream.done() is stream.result

        def left(grok):
            with grok.stream("events 3 then hang") as stream:
                next(stream)

        grok = Grok(rate_limit="off")  # streams that nobody closed keep the places that a limiter gave them
        call(grok)
        for work in (call, stream, left):
            interrupted = 0
            for lines in range(1, 1000):
                fuse = Fuse(lines)
                sys.settrace(fuse)
                try:
                    work(grok)
                except KeyboardInterrupt:
                    interrupted += 1
                finally:
                    sys.settrace(None)
                call(grok)
                if fuse.lines > 0:
                    break
            print(work.__name__, interrupted > 10, threading.active_count())
        grok.close()
    """)

    status, lines, complaints = script.end(within=60)

    assert (status, complaints) == (0, "")
    assert lines == ["call True 2", "stream True 2", "left True 2"]


def test_asyncio_run_is_interrupted_as_ever(program: Callable[[str], Program], sim: WatchedSimulator) -> None:
    script = program("""
        import asyncio
        from grokkit import AsyncGrok
        grok = AsyncGrok()
        async def main():
            async with grok:
                await grok.ask("hang")
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print("interrupted")
    """)
    sim.until(lambda: len(sim.calls) == 1)

    script.interrupt()

    sim.until_left()
    assert script.end() == (0, ["interrupted"], "")


def test_asyncio_run_is_interrupted_in_a_stream_too(program: Callable[[str], Program], sim: WatchedSimulator) -> None:
    script = program("""
        import asyncio
        from grokkit import AsyncGrok
        grok = AsyncGrok()
        async def main():
            async with grok.stream("events 3 then hang") as stream:
                async for text in stream.text():
                    print(text, flush=True)
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            print(asyncio.run(grok.ask("plain")))
    """)
    assert [script.says() for _ in range(3)] == ["0 ", "1 ", "2 "]

    script.interrupt()

    sim.until_left()
    assert script.end() == (0, ["interrupted", "plain"], "")


@pytest.mark.parametrize("ask", ['Grok(base_url=URL).ask("Hi")', 'asyncio.run(AsyncGrok(base_url=URL).ask("Hi"))'])
def test_a_name_server_that_does_not_answer_holds_nobody_up(
    ask: str, program: Callable[[str], Program], stopwatch: Callable[[], float]
) -> None:
    script = program(f"""
        import asyncio, socket, threading
        from grokkit import AsyncGrok, Grok

        def never(*_, **__):
            print("looking up", flush=True)
            threading.Event().wait()

        socket.getaddrinfo = never
        URL = "http://somewhere.invalid/v1"
        try:
            {ask}
        except KeyboardInterrupt:
            print("interrupted")
    """)
    assert script.says() == "looking up"

    script.interrupt()

    assert script.end() == (0, ["interrupted"], "")
    assert stopwatch() < 6
