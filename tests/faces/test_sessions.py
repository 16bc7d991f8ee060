"""Sessions in a SQLite file outlive forks, event loops and interrupts, as clients do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faces.conftest import Program

FIRST = """
    import asyncio, os, sys, threading
    from pathlib import Path
    from grokkit import AsyncGrok, Grok

    WHERE = f"sqlite:///{Path(__file__).with_suffix('.db')}"

    def asked(turns):
        return [turn.input[0]["content"] for turn in turns]

    def in_child(work):
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            work()
            sys.exit(0)
        return pid

    def end(pid):
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""


def test_a_session_is_used_before_the_fork_and_after_it_by_all_at_once(program: Callable[[str], Program]) -> None:
    script = program(
        FIRST
        + """
    grok = Grok(sessions=WHERE)
    session = grok.session("s")
    session.ask("before")
    def work(who):
        for number in range(10):
            answer = session.ask(f"{who} {number}")
            assert answer.text == f"{who} {number}"
        grok.close()
    children = [in_child(lambda who=who: work(who)) for who in ("a", "b")]
    for number in range(10):
        session.ask(f"c {number}")
    print([end(child) for child in children])
    said = asked(session.history())
    assert said[0] == "before"
    for who in "abc":
        assert [text for text in said if text.startswith(f"{who} ")] == [f"{who} {n}" for n in range(10)], said
    print(len(said), len(asked(Grok(sessions=WHERE).session("s").history())))
    """
    )

    assert script.end() == (0, ["[0, 0]", "31 31"], "")


def test_a_session_that_was_only_opened_is_first_used_in_the_child(program: Callable[[str], Program]) -> None:
    script = program(
        FIRST
        + """
    grok = Grok(sessions=WHERE)
    session = grok.session("s")
    child = in_child(lambda: print(session.ask("child")))
    print(end(child), threading.active_count(), asked(session.history()))
    """
    )

    assert script.end() == (0, ["child", "0 1 ['child']"], "")


def test_a_turn_that_could_not_be_saved_is_saved_once_by_parent_and_child(program: Callable[[str], Program]) -> None:
    script = program(
        FIRST
        + """
    import sqlite3
    from grokkit.sessions import TurnNotSaved
    from grokkit.sessions.sqlite import SQLiteSessions
    store = SQLiteSessions(WHERE.removeprefix("sqlite:///"), timeout=0.01)
    grok = Grok()
    session = grok.session("s", store=store)
    session.ask("one")
    holding = sqlite3.connect(WHERE.removeprefix("sqlite:///"), isolation_level=None)
    holding.execute("BEGIN IMMEDIATE")
    try:
        session.ask("two")
    except TurnNotSaved as error:
        print(error.answer.text)
    holding.close()
    children = [in_child(lambda number=number: session.ask(f"child {number}")) for number in range(2)]
    print([end(child) for child in children])
    session.ask("three")
    said = asked(session.history())
    print(said.count("two"), sorted(said))
    """
    )

    status, lines, complaints = script.end()

    assert (status, complaints) == (0, "")
    assert lines == ["two", "[0, 0]", "1 ['child 0', 'child 1', 'one', 'three', 'two']"]


SEVERAL_LOOPS = {
    "asyncio.run twice": """
        for number in range(3):
            asyncio.run(turn(number))
    """,
    "loops that are closed without a word": """
        for number in range(3):
            loop = asyncio.new_event_loop()
            loop.run_until_complete(turn(number))
            loop.close()
    """,
    "a loop that waits while another one runs": """
        loop = asyncio.new_event_loop()
        loop.run_until_complete(turn(0))
        asyncio.run(turn(1))
        loop.run_until_complete(turn(2))
        loop.run_until_complete(grok.close())
        loop.close()
    """,
    "loops in threads at once": """
        threads = [threading.Thread(target=asyncio.run, args=(turn(number),)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    """,
    "streams, each in a loop of its own": """
        async def streamed(number):
            async with session.stream(f"turn {number}") as stream:
                await stream.done()
        for number in range(3):
            asyncio.run(streamed(number))
    """,
}


@pytest.mark.parametrize("loops", SEVERAL_LOOPS)
def test_one_session_serves(loops: str, program: Callable[[str], Program]) -> None:
    script = program(f"""
        import asyncio, threading
        from pathlib import Path
        from grokkit import AsyncGrok, Grok
        WHERE = f"sqlite:///{{Path(__file__).with_suffix('.db')}}"
        grok = AsyncGrok(sessions=WHERE)
        session = grok.session("s")
        async def turn(number):
            await session.ask(f"turn {{number}}")
{SEVERAL_LOOPS[loops]}
        with Grok(sessions=WHERE) as other:
            print(sorted(turn.input[0]["content"] for turn in other.session("s").history()))
    """)

    assert script.end() == (0, ["['turn 0', 'turn 1', 'turn 2']"], "")


def test_an_interrupted_answer_is_kept_as_far_as_it_had_come(program: Callable[[str], Program]) -> None:
    script = program(
        FIRST
        + """
    grok = Grok(sessions=WHERE)
    session = grok.session("s")
    try:
        with session.stream("events 3 then hang") as stream:
            for text in stream.text():
                print(text, flush=True)
    except KeyboardInterrupt:
        print("interrupted")
    turn = session.history()[-1]
    print(turn.partial, turn.said.splitlines()[-1])
    """
    )
    seen = [script.says() for _ in range(3)]
    script.interrupt()

    assert seen == ["0 ", "1 ", "2 "]
    assert script.end() == (0, ["interrupted", "True 0 1 2 "], "")


def test_a_program_that_closes_nothing_ends_without_a_word_and_has_its_turns(program: Callable[[str], Program]) -> None:
    ask = """
    from pathlib import Path
    from grokkit import Grok
    grok = Grok(sessions=f"sqlite:///{Path(__file__).parent / 'chat.db'}")
    session = grok.session("s")
    print(session.ask("plain"), len(session.history()))
    """

    assert program(ask).end() == (0, ["plain 1"], "")
    assert program(ask).end() == (0, ["plain 2"], "")
