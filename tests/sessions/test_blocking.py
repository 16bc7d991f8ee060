"""A session is used by blocking as every other part is: its methods and streams go through the portal."""

from __future__ import annotations

from typing import Any

from grokkit._blocking import blocking, streaming
from grokkit.sessions.memory import MemorySessions
from grokkit.sessions.session import AsyncSession
from grokkit.testing import Simulator


class Session:
    """What the blocking face of a session is made of."""

    ask = blocking(AsyncSession.ask)
    stream = streaming(AsyncSession.stream)
    history = blocking(AsyncSession.history)

    def __init__(self, twin: AsyncSession) -> None:
        self.twin: Any = twin


def test_turns_are_asked_streamed_and_kept_by_blocking() -> None:
    sim = Simulator(seed=5)
    sim.on(last="Count").reply("one two three", pieces=["one ", "two ", "three"])
    with sim.grok() as grok:
        session = Session(AsyncSession("s", store=MemorySessions(), responses=grok.responses.twin))

        session.ask("Hi")
        with session.stream("Count") as stream:
            said = list(stream.text())
        with session.stream("Count") as stream:
            next(iter(stream))
        history = session.history()

    assert said == ["one ", "two ", "three"]
    assert [turn.said.split("\n")[0] for turn in history] == ["Hi", "Count", "Count"]
    assert stream.complete is not history[-1].partial
