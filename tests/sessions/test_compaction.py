"""Long conversations are made short: by the server, by a summary, on call and by threshold; nothing of them is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from grokkit.errors import GrokError, ServerFailed
from grokkit.sessions.memory import MemorySessions
from grokkit.sessions.session import AsyncSession
from grokkit.sessions.turn import Turn
from grokkit.testing import MockTransport, Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MODEL = "grok-4.20-0309-non-reasoning"


@pytest.fixture
def sim() -> Simulator:
    return Simulator(seed=5)


@pytest.fixture
async def grok(sim: Simulator) -> AsyncIterator[Any]:
    async with sim.async_grok(model=MODEL, retries=0) as grok:
        yield grok


def opened(grok: Any, **options: Any) -> AsyncSession:
    return AsyncSession("s", store=MemorySessions(), responses=grok.responses, **options)


def given(sim: Simulator, at: int = -1) -> list[str]:
    """The items of a request, by their types and texts."""
    body: Any = sim.calls[at].json
    return [Turn(input=[item]).said or item["type"] for item in body["input"]]


async def test_after_a_compaction_only_that_is_sent_and_what_follows(sim: Simulator, grok: Any) -> None:
    session = opened(grok)
    for prompt in ("one", "two"):
        await session.ask(prompt)

    turn = await session.compact()
    await session.ask("three")

    assert turn is not None
    assert turn.upto == 2
    assert sim.calls[2].path == "/v1/responses/compact"
    assert given(sim) == ["compaction", "three"]
    assert [turn.input[0]["content"] for turn in await session.history()] == ["one", "two", "three"]


async def test_the_last_turns_can_be_kept_word_for_word(sim: Simulator, grok: Any) -> None:
    session = opened(grok)
    for prompt in ("one", "two", "three"):
        await session.ask(prompt)

    await session.compact(keep=1)
    await session.ask("four")

    assert given(sim)[0] == "compaction"
    assert given(sim)[1] == "three"
    assert given(sim)[-1] == "four"
    assert len(given(sim)) == 4


@pytest.mark.parametrize("keep", [0, 1, 5])
async def test_there_is_nothing_to_make_short_of_nothing(grok: Any, keep: int) -> None:
    session = opened(grok)

    assert await session.compact(keep=keep) is None
    await session.ask("one")
    if keep:
        assert await session.compact(keep=keep) is None
    else:
        assert await session.compact() is not None
        assert await session.compact() is None


async def test_compacting_again_builds_on_the_compaction_before(sim: Simulator, grok: Any) -> None:
    session = opened(grok)
    await session.ask("one")
    await session.compact()
    await session.ask("two")
    assert await session.compact(keep=1) is None

    await session.compact()

    assert given(sim)[:2] == ["compaction", "two"]


async def test_a_compaction_costs_and_that_is_counted(grok: Any) -> None:
    session = opened(grok)
    answer = await session.ask("one")

    turn = await session.compact()

    assert turn is not None
    assert turn.usage is not None
    assert (await session.info()).usage.total_tokens == answer.usage.total_tokens + turn.usage.total_tokens


async def test_from_a_threshold_on_it_happens_by_itself(sim: Simulator, grok: Any) -> None:
    session = opened(grok, compact_at=200)

    await session.ask("short")
    await session.ask("word " * 300)
    await session.ask("next")
    await session.ask("last")

    assert [call.path.rpartition("/")[2] for call in sim.calls] == [
        "responses",
        "responses",
        "compact",
        "responses",
        "responses",
    ]
    assert given(sim)[0] == "compaction"


async def test_a_call_that_waits_for_its_result_is_not_made_short(sim: Simulator, grok: Any) -> None:
    sim.on(last="Rain").reply(tool_calls=[("weather", {"city": "Oslo"})])
    session = opened(grok, compact_at=1)
    await session.ask("one")
    call = (await session.ask("Rain?")).tool_calls[0]

    await session.ask([{"type": "function_call_output", "call_id": call.id, "output": "no"}])

    assert given(sim)[0] == "compaction"
    assert given(sim)[-2:] == ["function_call", "function_call_output"]


async def test_rewinding_behind_a_compaction_undoes_it(sim: Simulator, grok: Any) -> None:
    session = opened(grok)
    await session.ask("one")
    await session.ask("two")
    await session.compact()
    await session.ask("three")

    await session.rewind(2)
    await session.ask("four")

    assert given(sim)[0] == "one"
    assert given(sim)[-1] == "four"


async def test_taking_back_what_came_after_a_compaction_does_not_undo_it(sim: Simulator, grok: Any) -> None:
    session = opened(grok)
    await session.ask("one")
    await session.compact()
    await session.ask("two")

    await session.rewind()
    await session.ask("three")
    fork = await session.fork("f", at=1)
    await fork.ask("four")

    assert [given(sim, call) for call in (-2, -1)] == [["compaction", "three"], ["compaction", "four"]]


async def test_a_fork_takes_the_compaction_along(sim: Simulator, grok: Any) -> None:
    session = opened(grok)
    for prompt in ("zero", "one"):
        await session.ask(prompt)
    await session.rewind()
    await session.ask("two")
    await session.compact(keep=1)

    fork = await session.fork("f")
    await fork.ask("three")

    assert given(sim)[0] == "compaction"
    assert given(sim)[1] == "two"


async def test_a_server_that_cannot_compact_is_asked_for_a_summary(grok: Any) -> None:
    with MockTransport() as mock:
        mock.on(path="/responses/compact").reply(status=404, json={"code": "not-found", "error": "no such address"})
        mock.on(path="/responses").reply("Hello.").then("They said hello.").then("Bye.")
        async with type(grok)(api_key="test-key", transport=mock, retries=0) as other:
            session = opened(
                other, tools=[{"type": "web_search"}], options={"text": {"format": {"type": "json_object"}}}
            )
            await session.ask("Hi")
            turn = await session.compact()
            await session.ask("Bye")
        asked: Any = mock.calls[2].json
        last: Any = mock.last.json

    assert turn is not None
    assert turn.said == "Summary of the conversation so far:\n\nThey said hello."
    assert "Summarise" in asked["input"][-1]["content"]
    assert (asked["tools"], asked["tool_choice"], asked.get("text")) == ([{"type": "web_search"}], "none", None)
    assert [item["role"] for item in last["input"]] == ["assistant", "user"]


async def test_one_s_own_summary_can_be_asked_for(sim: Simulator, grok: Any) -> None:
    sim.on(last="Summarise").reply("All is well.")
    session = opened(grok)
    await session.ask("one")

    await session.compact(own_summary=True)
    await session.ask("two")

    assert given(sim) == ["Summary of the conversation so far:\n\nAll is well.", "two"]
    assert all(call.path.endswith("/responses") for call in sim.calls)


async def test_a_compaction_that_fails_changes_nothing(sim: Simulator, grok: Any) -> None:
    session = opened(grok)
    await session.ask("one")
    sim.on(path="/v1/responses/compact").reply(error="server")

    with pytest.raises(ServerFailed):
        await session.compact()

    assert (await session.info()).version == 1


async def test_a_summary_that_says_nothing_is_none(sim: Simulator, grok: Any) -> None:
    sim.on(last="Summarise").reply("")
    session = opened(grok)
    await session.ask("one")

    with pytest.raises(GrokError, match="gave none"):
        await session.compact(own_summary=True)
