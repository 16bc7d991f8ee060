"""The blocking session: each method is the async one, waited for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from grokkit import Session
from grokkit.errors import GrokError, StoreUnavailable
from grokkit.sessions import MemorySessions, SessionConflict, Turn, TurnNotSaved
from grokkit.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grokkit import Grok


@pytest.fixture
def sim() -> Simulator:
    return Simulator(seed=5)


@pytest.fixture
def grok(sim: Simulator) -> Iterator[Grok]:
    with sim.grok(sessions="memory", retries=0) as grok:
        yield grok


def test_turns_are_asked_streamed_and_kept(sim: Simulator, grok: Grok) -> None:
    sim.on(last="Count").reply("one two three", pieces=["one ", "two ", "three"])
    session = grok.session("s")

    session.ask("Hi")
    with session.stream("Count") as stream:
        said = list(stream.text())
    with session.stream("Count") as stream:
        next(iter(stream))
    history = session.history()

    assert said == ["one ", "two ", "three"]
    assert [turn.said.split("\n")[0] for turn in history] == ["Hi", "Count", "Count"]
    assert stream.complete is not history[-1].partial


def test_a_session_goes_back_and_branches(grok: Grok) -> None:
    session = grok.session("s")
    for prompt in ("one", "two", "three"):
        session.ask(prompt)

    taken = session.rewind()
    fork = session.fork("other", at=1)

    assert isinstance(fork, Session)
    assert (fork.name, repr(fork)) == ("other", "<Session 'other' in memory>")
    assert [turn.said.split("\n")[0] for turn in taken] == ["three"]
    assert [turn.said.split("\n")[0] for turn in fork.history()] == ["one"]
    assert fork.info().origin == "s"
    with pytest.raises(SessionConflict, match="choose another"):
        session.fork("other")


def test_a_session_is_described_made_short_written_and_read(grok: Grok) -> None:
    session = grok.session("s")
    session.ask("one")
    session.append(Turn(input=[{"role": "user", "content": "elsewhere"}]))

    info = session.describe(title="Numbers", tags=["n"])
    compaction = session.compact()
    session.save()
    copy = grok.session("copy")
    copied = copy.import_(session.export())

    assert info.title == "Numbers"
    assert compaction is not None
    assert [item["type"] for item in session.items()] == ["compaction"]
    assert (copied, copy.info().tags) == (3, ("n",))
    assert session.export("markdown").startswith("# Numbers")
    assert (session.delete(), session.delete()) == (True, False)


def test_a_call_that_fails_raises_as_calls_do(sim: Simulator, grok: Grok) -> None:
    sim.on(last="bad").reply(error="server")

    with pytest.raises(GrokError):
        grok.session("s").ask("bad")

    assert grok.session("s").history() == []


def test_threads_share_a_session(grok: Grok) -> None:
    session = grok.session("s")
    threads = [threading.Thread(target=session.ask, args=(f"{number}",)) for number in range(20)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    said = {turn.said.split("\n")[0] for turn in grok.session("s").history()}
    assert said == {str(number) for number in range(20)}


class Away(MemorySessions):
    """A store that cannot be written."""

    async def append(self, name: str, turns: object, *, expected: int) -> int:
        raise StoreUnavailable("the store is away")


@pytest.mark.parametrize("whole", [True, False])
def test_that_a_streamed_turn_is_not_saved_is_told_after_what_was_said(
    sim: Simulator, grok: Grok, *, whole: bool
) -> None:
    sim.on().reply("one two three", pieces=["one ", "two ", "three"])
    said: list[str] = []

    def read() -> None:
        with grok.session("s", store=Away()).stream("Count") as stream:
            for text in stream.text():
                said.append(text)
                if not whole:
                    break

    with pytest.raises(TurnNotSaved):
        read()

    assert "".join(said) == ("one two three" if whole else "one ")
