"""A conversation that lasts: turns build on one another, are kept when they end, and can be taken back and copied."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.errors import ConfigInvalid, GrokError, InvalidRequest, StoreUnavailable, StreamInterrupted
from grokkit.sessions.doctor import is_synthetic
from grokkit.sessions.memory import MemorySessions
from grokkit.sessions.record import TurnNotSaved
from grokkit.sessions.session import AsyncSession
from grokkit.sessions.store import SessionConflict
from grokkit.sessions.turn import Turn
from grokkit.testing import Simulator
from grokkit.testing.simulator.faults import Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

CALL = {"name": "weather", "arguments": '{"city":"Oslo"}'}


class Shaky(MemorySessions):
    """A store that can be made to fail."""

    def __init__(self) -> None:
        super().__init__()
        self.state: dict[str, Any] = {"down": False, "lost": False, "error": StoreUnavailable("the store is away")}

    async def append(self, name: str, turns: Sequence[Turn], *, expected: int) -> int:
        if self.state["down"]:
            raise self.state["error"]
        version = await super().append(name, turns, expected=expected)
        if self.state["lost"]:
            raise self.state["error"]
        return version


@pytest.fixture
def sim() -> Simulator:
    return Simulator(seed=5)


@pytest.fixture
def store() -> Shaky:
    return Shaky()


@pytest.fixture
async def grok(sim: Simulator) -> AsyncIterator[Any]:
    async with sim.async_grok(retries=0) as grok:
        yield grok


@pytest.fixture
def session(grok: Any, store: Shaky) -> AsyncSession:
    return opened(grok, store)


def opened(grok: Any, store: MemorySessions, name: str = "support-42", **options: Any) -> AsyncSession:
    ticks = itertools.count(1_000)
    return AsyncSession(name, store=store, responses=grok.responses, now=lambda: float(next(ticks)), **options)


def sent(sim: Simulator, at: int = -1) -> dict[str, Any]:
    """The body of a request."""
    body = sim.calls[at].json
    assert isinstance(body, dict)
    return body


def texts(items: Sequence[dict[str, Any]]) -> list[str]:
    """What messages say."""
    return [turn for item in items if (turn := Turn(input=[item]).said)]


async def test_each_turn_is_asked_in_the_light_of_those_before(sim: Simulator, session: AsyncSession) -> None:
    sim.on(last="my name").reply("Hello Ada.").then("You are Ada.")

    await session.ask("my name is Ada")
    answer = await session.ask("what is my name?")

    assert answer.text == "You are Ada."
    assert texts(sent(sim)["input"]) == ["my name is Ada", "Hello Ada.", "what is my name?"]
    assert [turn.said.split("\n") for turn in await session.history()] == [
        ["my name is Ada", "Hello Ada."],
        ["what is my name?", "You are Ada."],
    ]


async def test_the_server_keeps_nothing_and_gets_its_reasoning_back_sealed(
    sim: Simulator, session: AsyncSession
) -> None:
    sim.on().reply("Yes.", reasoning="Hm.")

    await session.ask("Sure?", model="grok-4.3", include=["inline_citations"])
    await session.ask("Really?", model="grok-4.3")

    assert sent(sim, 0)["include"] == ["inline_citations", "reasoning.encrypted_content"]
    assert sent(sim)["store"] is False
    assert [item.get("type") for item in sent(sim)["input"]] == [None, "reasoning", "message", None]
    assert sent(sim)["input"][1]["encrypted_content"]


async def test_whoever_opens_the_same_name_goes_on(sim: Simulator, grok: Any, store: Shaky) -> None:
    await opened(grok, store).ask("One")
    await opened(grok, store).ask("Two")
    await opened(grok, store, "another").ask("Three")

    assert texts(sent(sim, 1)["input"])[0] == "One"
    assert texts(sent(sim, 2)["input"]) == ["Three"]


async def test_options_of_the_session_hold_unless_a_turn_says_otherwise(
    sim: Simulator, grok: Any, store: Shaky
) -> None:
    tool = {"type": "function", "name": "f", "parameters": {"type": "object"}}
    session = opened(
        grok, store, instructions="Be kind.", tools=[tool], model="grok-4.3", options={"max_output_tokens": 50}
    )

    await session.ask("Hi", tool_choice="none")
    await session.ask("Hi", instructions="Be terse.", model="grok-4.7", tools=[])

    first, second = sent(sim, 0), sent(sim, 1)
    assert (first["instructions"], first["model"], first["max_output_tokens"]) == ("Be kind.", "grok-4.3", 50)
    assert first["tools"] == [tool]
    assert (second["instructions"], second["model"], second["tools"]) == ("Be terse.", "grok-4.7", [])


async def test_a_turn_knows_what_it_took(session: AsyncSession) -> None:
    answer = await session.ask("What is 2+2?")
    turn, info = (await session.history())[0], await session.info()

    assert (turn.usage, turn.model, turn.request_id) == (answer.usage, answer.model, answer.request_id)
    assert info.usage == answer.usage
    assert (info.version, info.created, info.updated) == (1, 1000.0, 1000.0)
    assert turn.context_tokens == answer.usage.input_tokens + answer.usage.output_tokens


async def test_a_failed_call_leaves_nothing_behind(sim: Simulator, session: AsyncSession) -> None:
    sim.on(last="bad").reply(error="server")

    with pytest.raises(GrokError):
        await session.ask("bad")
    with pytest.raises(GrokError):
        async with session.stream("bad"):
            pass

    assert await session.history() == []
    assert (await session.ask("good")).text


@pytest.mark.parametrize("prompt", ["", []])
async def test_an_empty_prompt_is_refused(session: AsyncSession, prompt: Any) -> None:
    with pytest.raises(InvalidRequest, match="prompt is empty"):
        await session.ask(prompt)
    with pytest.raises(InvalidRequest, match="prompt is empty"):
        session.stream(prompt)


async def test_a_session_has_no_previous_response(session: AsyncSession) -> None:
    with pytest.raises(TypeError, match="leave previous_response_id out"):
        await session.ask("Hi", previous_response_id="x")


@pytest.mark.parametrize("name", ["", "\ud800"])
async def test_a_name_that_cannot_be_stored_is_refused(grok: Any, store: Shaky, name: str) -> None:
    with pytest.raises(InvalidRequest, match="session's name"):
        opened(grok, store, name)


# ---- streams


async def test_a_streamed_turn_is_kept_as_soon_as_it_is_complete(sim: Simulator, session: AsyncSession) -> None:
    sim.on(last="Count").reply("one two three")

    async with session.stream("Count") as stream:
        said = [text async for text in stream.text()]
        kept = await session.history()

    assert "".join(said) == "one two three"
    assert [turn.said for turn in kept] == ["Count\none two three"]
    assert kept == await session.history()
    assert not kept[0].partial
    assert stream.result.usage == kept[0].usage


async def test_the_next_turn_goes_on_from_a_streamed_one(sim: Simulator, session: AsyncSession) -> None:
    sim.on().reply("one", reasoning="Hm.")

    async with session.stream("Count", model="grok-4.3") as stream:
        await stream.done()
    async with session.stream("On", model="grok-4.3") as stream:
        await stream.done()

    assert [item.get("type") for item in sent(sim)["input"]] == [None, "reasoning", "message", None]


async def test_a_stream_that_broke_leaves_the_partial_answer(sim: Simulator, session: AsyncSession) -> None:
    sim.on(last="Count").reply(
        "one two three four", pieces=["one ", "two ", "three ", "four"], fault=Fault(end_after=8)
    )

    with pytest.raises(StreamInterrupted):
        async with session.stream("Count") as stream:
            await stream.done()
    turn = (await session.history())[0]
    await session.ask("Go on")

    assert turn.partial
    assert turn.broke == "ConnectionLost"
    assert turn.said.startswith("Count\none ")
    assert "four" not in turn.said
    assert texts(sent(sim)["input"]) == [*turn.said.split("\n"), "Go on"]


async def test_a_stream_that_was_left_leaves_what_was_read(sim: Simulator, session: AsyncSession) -> None:
    sim.on(last="Count").reply("one two three", pieces=["one ", "two ", "three"], pace=1.0)

    async with session.stream("Count") as stream:
        async for _ in stream.text():
            break
    turn = (await session.history())[0]

    assert (turn.partial, turn.broke) == (True, None)
    assert turn.said == "Count\none "


async def test_a_stream_that_said_nothing_leaves_nothing(sim: Simulator, session: AsyncSession) -> None:
    sim.on(last="Count").reply("one two", fault=Fault(end_after=2))

    with pytest.raises(GrokError):
        async with session.stream("Count") as stream:
            await stream.done()

    assert await session.history() == []


async def test_a_call_that_was_cut_off_is_not_in_a_partial_turn(sim: Simulator, session: AsyncSession) -> None:
    arguments = '{"city":"' + "O" * 200 + '"}'
    sim.on(last="Rain").reply(
        "Let me look.", tool_calls=[("weather", arguments)], fragments=40, fault=Fault(end_after=20)
    )

    with pytest.raises(StreamInterrupted):
        async with session.stream("Rain?") as stream:
            await stream.done()
    items = await session.items()

    assert [item.get("type") for item in items if item.get("type") not in {None, "message"}] == []


async def test_a_stream_is_opened_once_and_refuses_to_be_read_outside(session: AsyncSession) -> None:
    stream = session.stream("Hi")

    with pytest.raises(GrokError, match="not open"):
        await stream.done()
    async with stream:
        await stream.done()
    with pytest.raises(GrokError, match="opened before"):
        await stream.__aenter__()

    assert len(await session.history()) == 1


async def test_a_stream_with_an_unknown_option_is_refused_at_once(session: AsyncSession) -> None:
    unknown: Any = {"temprature": 1}

    with pytest.raises(TypeError, match="temperature"):
        session.stream("Hi", **unknown)


# ---- tools and repair


async def test_results_of_tools_are_asked_with_like_any_prompt(sim: Simulator, session: AsyncSession) -> None:
    sim.on(last="Rain").reply(tool_calls=[("weather", {"city": "Oslo"})])

    call = (await session.ask("Rain?")).tool_calls[0]
    await session.ask([{"type": "function_call_output", "call_id": call.id, "output": "rain"}])

    assert [item.get("type") for item in sent(sim)["input"]][2:] == ["function_call", "function_call_output"]


async def test_functions_are_offered_by_their_definitions(sim: Simulator, grok: Any, store: Shaky) -> None:
    def rain(city: str) -> str:
        """Whether it rains."""
        raise NotImplementedError

    session = opened(grok, store, tools=[rain])

    await session.ask("Hi")
    await session.ask("Hi", tools=[rain, {"type": "web_search"}])

    once, again = sent(sim, 0)["tools"], sent(sim, 1)["tools"]
    assert (once[0]["name"], once[0]["description"]) == ("rain", "Whether it rains.")
    assert again == [*once, {"type": "web_search"}]
    assert len({turn.head.tools[0] for turn in await session.history() if turn.head}) == 1


async def test_a_call_that_nobody_answered_does_not_spoil_the_session(sim: Simulator, session: AsyncSession) -> None:
    sim.on(last="Rain").reply(tool_calls=[("weather", {"city": "Oslo"}), ("weather", {"city": "Bergen"})])

    await session.ask("Rain?")
    await session.ask("Never mind.")

    given = sent(sim)["input"]
    assert [is_synthetic(item) for item in given[2:]] == [False, False, True, True, False]


async def test_reasoning_that_the_server_cannot_read_any_more_is_left_out(
    sim: Simulator, session: AsyncSession
) -> None:
    sim.on().reply("Yes.", reasoning="Hm.")
    await session.ask("Sure?", model="grok-4.3")
    turn = (await session.history())[0]
    turn.output[0]["encrypted_content"] = "from another server"

    answer = await session.ask("Really?", model="grok-4.3")
    async with session.stream("Really, really?", model="grok-4.3") as stream:
        await stream.done()

    assert answer.text == "Yes."
    assert [call.status for call in sim.calls] == [200, 400, 200, 200]
    assert [item.get("type") for item in sent(sim, 2)["input"]] == [None, "message", None]
    assert [item.get("type") for item in sent(sim)["input"]] == [None, "message", None, "reasoning", "message", None]


async def test_a_stream_opens_without_reasoning_that_cannot_be_read(sim: Simulator, session: AsyncSession) -> None:
    sim.on().reply("Yes.", reasoning="Hm.")
    await session.ask("Sure?", model="grok-4.3")
    (await session.history())[0].output[0]["encrypted_content"] = "from another server"

    async with session.stream("Really?", model="grok-4.3") as stream:
        await stream.done()

    assert stream.result.text == "Yes."
    assert len(await session.history()) == 2


# ---- several writers


async def test_of_two_writers_at_once_each_one_s_turns_are_kept(sim: Simulator, grok: Any, store: Shaky) -> None:
    one, other = opened(grok, store), opened(grok, store)

    for number in range(5):
        await asyncio.gather(one.ask(f"one {number}"), other.ask(f"other {number}"), one.ask(f"again {number}"))
    said = [turn.said.split("\n")[0] for turn in await one.history()]

    assert len(said) == 15
    for who in ("one", "other", "again"):
        assert [line for line in said if line.startswith(who)] == [f"{who} {number}" for number in range(5)]
    assert await other.history() == await one.history()


async def test_a_turn_says_what_it_had_seen(grok: Any, store: Shaky) -> None:
    one, other = opened(grok, store), opened(grok, store)
    await one.ask("first")
    await asyncio.gather(one.ask("a"), other.ask("b"))

    assert [turn.based_on for turn in await one.history()] == [0, 1, 1]


async def test_a_session_that_was_deleted_elsewhere_begins_anew(sim: Simulator, grok: Any, store: Shaky) -> None:
    one, other = opened(grok, store), opened(grok, store)
    await one.ask("old")
    await one.ask("older")
    await other.delete()
    await other.ask("new")

    await one.ask("newer")

    assert texts(sent(sim)["input"])[0] == "new"
    assert [turn.said.split("\n")[0] for turn in await one.history()] == ["new", "newer"]


async def test_an_answer_that_could_not_be_saved_is_not_lost(store: Shaky, session: AsyncSession) -> None:
    store.state["down"] = True
    with pytest.raises(TurnNotSaved) as caught:
        await session.ask("What is 2+2?")
    store.state["down"] = False

    await session.ask("And 3+3?")

    assert caught.value.answer is not None
    assert "4" in caught.value.answer.text
    assert caught.value.retryable
    assert [turn.said.split("\n")[0] for turn in await session.history()] == ["What is 2+2?", "And 3+3?"]


async def test_an_answer_is_not_lost_to_a_store_that_is_no_store_any_more(session: AsyncSession, store: Shaky) -> None:
    store.state |= {"down": True, "error": ConfigInvalid("the file is none of ours")}

    with pytest.raises(TurnNotSaved, match="none of ours") as caught:
        await session.ask("What is 2+2?")

    assert caught.value.answer is not None
    assert not caught.value.retryable


async def test_all_of_a_streamed_answer_is_handed_out_before_it_is_said_that_it_is_not_saved(
    sim: Simulator, session: AsyncSession, store: Shaky
) -> None:
    sim.on().reply("one two three")
    store.state["down"] = True
    said: list[str] = []

    async def read() -> None:
        async with session.stream("Count") as stream:
            async for text in stream.text():
                said.append(text)  # noqa: PERF401 - what was read before the error counts

    with pytest.raises(TurnNotSaved):
        await read()

    assert "".join(said) == "one two three"


async def test_who_leaves_a_stream_is_told_that_the_turn_is_not_saved(
    sim: Simulator, session: AsyncSession, store: Shaky
) -> None:
    sim.on().reply("one two three", pieces=["one ", "two ", "three"], pace=1.0)
    store.state["down"] = True

    with pytest.raises(TurnNotSaved) as caught:
        async with session.stream("Count") as stream:
            await anext(stream.text())

    assert caught.value.answer is not None
    assert caught.value.answer.text == "one "


async def test_that_a_stream_broke_is_told_before_that_it_is_not_saved(
    sim: Simulator, session: AsyncSession, store: Shaky
) -> None:
    sim.on().reply("one two three four", pieces=["one ", "two ", "three ", "four"], fault=Fault(end_after=8))
    store.state["down"] = True

    with pytest.raises(StreamInterrupted) as caught:
        async with session.stream("Count") as stream:
            await stream.done()

    assert "could not be saved" in caught.value.__notes__[0]


async def test_a_turn_whose_saving_was_not_confirmed_is_saved_once(session: AsyncSession, store: Shaky) -> None:
    store.state["lost"] = True
    with pytest.raises(TurnNotSaved):
        await session.ask("one")
    store.state["lost"] = False

    await session.ask("two")

    assert [turn.said.split("\n")[0] for turn in await session.history()] == ["one", "two"]


async def test_what_could_not_be_saved_is_saved_on_demand_and_once(
    grok: Any, store: Shaky, session: AsyncSession
) -> None:
    store.state["down"] = True
    with pytest.raises(TurnNotSaved):
        async with session.stream("Hi") as stream:
            await stream.done()
    with pytest.raises(StoreUnavailable):
        await session.save()
    store.state["down"] = False

    await asyncio.gather(session.save(), session.save())

    assert len(await opened(grok, store).history()) == 1


# ---- rewind, fork, delete


async def test_turns_that_are_taken_back_are_out_of_the_conversation(sim: Simulator, session: AsyncSession) -> None:
    for prompt in ("one", "two", "three"):
        await session.ask(prompt)

    taken = await session.rewind(2)
    await session.ask("four")
    taken_again = await session.rewind()

    assert [turn.input[0]["content"] for turn in taken] == ["two", "three"]
    assert [turn.input[0]["content"] for turn in taken_again] == ["four"]
    assert texts(sent(sim)["input"])[::2] == ["one", "four"]
    assert (await session.info()).version == 6


async def test_more_turns_than_there_are_is_all_of_them(session: AsyncSession) -> None:
    await session.ask("one")

    assert len(await session.rewind(9)) == 1
    assert await session.rewind() == []
    assert await session.history() == []


async def test_no_turns_cannot_be_taken_back(session: AsyncSession) -> None:
    with pytest.raises(InvalidRequest, match="cannot be taken back"):
        await session.rewind(0)


async def test_a_fork_goes_its_own_way(sim: Simulator, session: AsyncSession) -> None:
    await session.ask("one")
    await session.ask("two")

    fork = await session.fork("other way", at=1)
    await fork.ask("three")
    await session.ask("four")

    assert texts(sent(sim, 2)["input"])[::2] == ["one", "three"]
    assert texts(sent(sim, 3)["input"])[::2] == ["one", "two", "four"]
    assert sent(sim, 2)["prompt_cache_key"] == sent(sim, 0)["prompt_cache_key"]
    assert (await fork.info()).usage == (await fork.history())[-1].usage
    assert (await fork.info()).origin == session.name


@pytest.mark.parametrize(("at", "kept"), [(None, 3), (2, 2), (-1, 2), (0, 0), (9, 3)])
async def test_a_fork_takes_as_many_turns_as_asked(session: AsyncSession, at: int | None, kept: int) -> None:
    for prompt in ("one", "two", "three"):
        await session.ask(prompt)
    await session.rewind()
    await session.ask("four")

    fork = await session.fork("f", at=at)

    assert await fork.history() == (await session.history())[:kept] or kept
    assert len(await fork.history()) == kept


async def test_a_fork_takes_no_name_that_is_taken(session: AsyncSession) -> None:
    await session.ask("one")
    await session.fork("taken")

    with pytest.raises(SessionConflict):
        await session.fork("taken")


async def test_a_deleted_session_begins_anew(sim: Simulator, session: AsyncSession) -> None:
    await session.ask("one")

    deleted = (await session.delete(), await session.delete())
    await session.ask("two")

    assert deleted == (True, False)
    assert texts(sent(sim)["input"]) == ["two"]


async def test_title_and_tags_are_said_of_it(session: AsyncSession) -> None:
    await session.describe(title="Weather", tags=["oslo", "rain"])
    info = await session.describe(tags=["rain"])

    assert (info.title, info.tags) == ("Weather", ("rain",))
    assert await session.info() == info
    assert repr(session) == "<AsyncSession 'support-42' in memory>"


async def test_a_turn_of_somebody_else_s_making_can_be_added(sim: Simulator, session: AsyncSession) -> None:
    await session.append(Turn(input=[{"role": "user", "content": "a"}], output=[{"role": "assistant", "content": "b"}]))
    await session.ask("c")

    assert texts(sent(sim)["input"]) == ["a", "b", "c"]


async def test_every_history_that_a_session_sends_is_accepted(sim: Simulator, grok: Any, store: Shaky) -> None:
    """What crashed programs left in a store is mended on its way out."""
    bad: list[Any] = [
        {"type": "reasoning", "encrypted_content": None},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{"},
        {"type": "function_call_output", "call_id": "zzz", "output": "?"},
        {"role": "assistant", "content": []},
    ]
    await store.append("support-42", [Turn(output=bad), Turn(input=bad)], expected=0)

    assert (await opened(grok, store).ask("Hi")).text
