"""The first call finds everything prepared: a loop is no place to import modules or read files on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faces.conftest import Program

WATCHED = """
    import asyncio, os, sys
    from grokkit import AsyncGrok, Grok
    grok = {face}()
    before, opened = set(sys.modules), []
    sys.addaudithook(lambda event, arguments: opened.append(arguments[0]) if event == "open" else None)
    {work}
    print(sorted(set(sys.modules) - before))
    print([path for path in opened if not path.endswith(".py")])  # asyncio's debug mode looks into sources
"""
WORK = {
    "Grok, plain": ("Grok", 'grok.ask("plain")'),
    "Grok, streamed": ("Grok", 'print(list(grok.stream("events 1").__enter__().text()))'),
    "Grok, streamed underneath": ("Grok", 'grok.ask("events 3", max_output_tokens=10_000)'),
    "AsyncGrok, plain": ("AsyncGrok", 'asyncio.run(grok.ask("plain"))'),
    "AsyncGrok, streamed underneath": ("AsyncGrok", 'asyncio.run(grok.ask("events 3", max_output_tokens=10_000))'),
    "AsyncGrok, chat": ("AsyncGrok", "asyncio.run(grok.close())"),
}


@pytest.mark.parametrize("work", WORK)
def test_nothing_is_imported_or_read_by_the_first_call_of(work: str, program: Callable[[str], Program]) -> None:
    face, call = WORK[work]

    status, lines, complaints = program(WATCHED.format(face=face, work=call)).end()

    assert (status, complaints) == (0, "")
    assert lines[-2:] == ["[]", "[]"]


def test_a_thread_that_cannot_be_started_is_said_and_costs_no_later_call(program: Callable[[str], Program]) -> None:
    status, lines, complaints = program("""
        import threading
        from grokkit import Grok
        from grokkit.errors import BlockingCallRefused
        def refuse(_):
            raise RuntimeError("can't start new thread")
        grok, start = Grok(), threading.Thread.start
        threading.Thread.start = refuse
        try:
            grok.ask("plain")
        except BlockingCallRefused as error:
            print(error.message)
        threading.Thread.start = start
        print(grok.ask("plain").finish_reason)
    """).end()

    assert (status, complaints) == (0, "")
    assert lines == ["the thread of blocking calls cannot be started: can't start new thread", "stop"]
