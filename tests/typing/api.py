"""Never run, only checked: what type checkers see of the public surface."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict, assert_type

from grokkit import (
    Answer,
    AsyncAgent,
    AsyncGrok,
    AsyncStream,
    AsyncTypedStream,
    Grok,
    Parsed,
    Partial,
    RunLimits,
    Session,
    Stream,
    StreamEvent,
    TextDelta,
    TypedStream,
    Usage,
)
from grokkit.agents import Decision, Outcome, RunEvent, RunResult, sequence
from grokkit.resources.downloads import Download
from grokkit.sessions import SessionInfo, Turn


def blocking() -> None:
    grok = Grok(api_key="xai-...", timeout=10)
    assert_type(grok.ask("Hi"), Answer)
    assert_type(grok.ask("Hi", model="grok-4.3", temperature=0.2, timeout=5).usage, Usage)
    assert_type(grok.chat.create("grok-4.7", messages=[{"role": "user", "content": "Hi"}]).text, str)
    with grok.stream("Hi") as stream:
        assert_type(stream, Stream)
        for event in stream:
            assert_type(event, StreamEvent)
            if isinstance(event, TextDelta):
                assert_type(event.text, str)
    assert_type(stream.result, Answer)
    assert_type(grok.with_options(timeout=1), Grok)
    assert_type(grok.download("https://imgen.x.ai/1.jpeg", max_size=10_000_000, types={"image/*"}), Download)
    session = grok.session("a", store="memory", instructions="Be terse.", compact_at=1000)
    assert_type(session, Session)
    assert_type(session.ask("Hi", temperature=0), Answer)
    assert_type(session.stream("Hi"), Stream)
    assert_type(session.history(), list[Turn])
    assert_type(session.fork("b"), Session)
    assert_type(grok.sessions.list().sessions, list[SessionInfo])
    assert_type(list(grok.sessions), list[SessionInfo])
    assert_type(grok.close(), None)


async def asynchronous() -> None:
    async with AsyncGrok() as grok:
        assert_type(await grok.ask("Hi"), Answer)
        assert_type(await grok.session("a", tenant="acme").ask("Hi"), Answer)
        assert_type([info async for info in grok.sessions.each(tag="x")], list[SessionInfo])
        assert_type(await grok.download("https://imgen.x.ai/1.jpeg", to="1.jpeg"), Download)
        assert_type(await grok.responses.create(input="Hi", store=True), Answer)
        async with grok.chat.stream(messages=[]) as stream:
            assert_type(stream, AsyncStream)
            assert_type(stream.text(), AsyncIterator[str])
        assert_type(await stream.done(), Answer)


@dataclass
class City:
    name: str


class Weather(TypedDict):
    degrees: float


def typed(grok: Grok) -> None:
    assert_type(grok.parse("Hi", into=City), Parsed[City])
    assert_type(grok.parse("Hi", into=City, model="grok-4.3", repairs=0, timeout=5).value, City)
    assert_type(grok.parse("Hi", into=Weather).value, Weather)
    assert_type(grok.parse("Hi", into=int | str).value, int | str)
    assert_type(grok.parse("Hi", into=City | None).value, City | None)
    assert_type(grok.parse("Hi", into=list[City]).value, list[City])
    assert_type(grok.parse("Hi", into=Literal["a", "b"]).value, Literal["a", "b"])
    assert_type(grok.parse("Hi", into=dict[str, City | int]).value, dict[str, City | int])
    assert_type(grok.parse("Hi", into=Annotated[int, "how many"]).value, int)
    assert_type(grok.responses.parse(input="Hi", into=City).usage, Usage)
    assert_type(grok.chat.parse(messages=[], into=list[City]).value, list[City])
    with grok.parse_stream("Hi", into=list[City]) as stream:
        assert_type(stream, TypedStream[list[City]])
        for city in stream.items():
            assert_type(city, City)
    assert_type(stream.result.value, list[City])
    with grok.chat.parse_stream(messages=[], into=City) as growing:
        for partial in growing:
            assert_type(partial, Partial[City])
    assert_type(growing.done().value, City)


async def asynchronous_typed(grok: AsyncGrok) -> None:
    assert_type(await grok.parse("Hi", into=City | int), Parsed[City | int])
    assert_type((await grok.chat.parse(messages=[], into=Weather)).value, Weather)
    async with grok.parse_stream("Hi", into=list[City]) as stream:
        assert_type(stream, AsyncTypedStream[list[City]])
        async for city in stream.items():
            assert_type(city, City)
    async with grok.responses.parse_stream(input="Hi", into=City) as growing:
        async for partial in growing:
            assert_type(partial, Partial[City])
    assert_type(growing.result.value, City)


def rain(city: str) -> str:
    """Rain?"""
    return city


def agents() -> None:
    grok = Grok(api_key="xai-...")
    assert_type(grok.agent(tools=[rain]).run("Hi"), RunResult[str])
    assert_type(grok.agent(into=list[int], limits=RunLimits(turns=2)).run("Hi").value, list[int])
    assert_type(grok.agent(into=int | None).run("Hi").value, int | None)
    assert_type(grok.run(sequence(rain, len), "Oslo"), Outcome[Any])
    with grok.agent(into=int).stream("Hi") as run:
        for event in run:
            assert_type(event, RunEvent)
        assert_type(run.done(), RunResult[int])


async def agents_asynchronously() -> None:
    async with AsyncGrok() as grok:
        agent = grok.agent(tools=[rain], into=set[str])
        assert_type(agent, AsyncAgent[set[str]])
        assert_type(await agent.run("Hi"), RunResult[set[str]])
        async with agent.stream("Hi") as run:
            assert_type(run.text(), AsyncIterator[str])
        assert_type(await agent.resume("1", {"call": Decision.approve()}), RunResult[set[str]])
        assert_type(await grok.ask("Hi", tools=[rain]), Answer)
