"""A session as text, for other programs and for people, and the session that is made of such a text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.errors import InvalidRequest
from grokkit.sessions.markdown import from_markdown, to_markdown
from grokkit.sessions.memory import MemorySessions
from grokkit.sessions.session import AsyncSession
from grokkit.sessions.store import SessionConflict
from grokkit.sessions.transcript import as_turns, read_transcript
from grokkit.sessions.turn import Turn, item_text
from grokkit.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def grok() -> AsyncIterator[Any]:
    async with Simulator(seed=5).async_grok() as grok:
        yield grok


@pytest.fixture
def store() -> MemorySessions:
    return MemorySessions()


def opened(grok: Any, store: MemorySessions, name: str) -> AsyncSession:
    return AsyncSession(name, store=store, responses=grok.responses)


async def test_json_lines_lose_nothing(grok: Any, store: MemorySessions) -> None:
    session, other = opened(grok, store, "a"), opened(grok, store, "b")
    await session.describe(title="Sums", tags=["x"])
    for prompt in ("What is 1+1?", "two", "three"):
        await session.ask(prompt)
    await session.rewind()
    await session.compact()
    await session.ask("four")

    text = await session.export()
    count = await other.import_(text)

    assert count == 6
    assert len(text.splitlines()) == 7
    assert await store.load("b") == await store.load("a")
    assert await other.items() == await session.items()
    ours, theirs = await session.info(), await other.info()
    assert (ours.title, ours.tags, ours.usage) == (theirs.title, theirs.tags, theirs.usage)


async def test_items_of_other_programs_become_turns(grok: Any, store: MemorySessions) -> None:
    items = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Rain?"},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "no"},
        {"role": "assistant", "content": "No."},
        {"role": "user", "content": "Sure?"},
    ]
    session = opened(grok, store, "a")

    await session.import_("\n".join(map(json.dumps, items)) + "\n\n")

    assert [(len(turn.input), len(turn.output)) for turn in await session.history()] == [(2, 1), (1, 1), (1, 0)]
    assert await session.items() == items
    assert (await session.ask("Really?")).text


async def test_markdown_is_for_people_and_comes_back(grok: Any, store: MemorySessions) -> None:
    session = opened(grok, store, "a")
    await session.describe(title="Sums\nand more")
    await session.ask("What is 1+1?")

    text = await session.export("markdown")
    other = opened(grok, store, "b")
    await other.import_(text)

    assert text.startswith("# Sums and more\n\n## User\n\nWhat is 1+1?\n\n## Grok\n\n")
    assert [turn.said for turn in await other.history()] == [turn.said for turn in await session.history()]
    assert (await other.info()).title == "Sums and more"
    assert await other.export("markdown") == text


def test_markdown_shows_calls_results_images_and_cuts() -> None:
    call = {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}
    image = {"role": "user", "content": [{"type": "input_text", "text": "See"}, {"type": "input_image"}]}
    turn = Turn(input=[image], output=[{"type": "reasoning", "summary": []}, call], partial=True)

    text = to_markdown("t", [turn])

    assert "*(input_image)*" in text
    assert '```json\n{"type":"function_call"' in text
    assert "reasoning" not in text
    assert text.endswith("*(cut off)*\n")
    assert from_markdown(text)[1][1] == call


LINES = st.sampled_from(
    [
        "## User",
        "\\## Grok",
        "\\\\## Tool",
        "# a title",
        "```json",
        "```",
        "*(cut off)*",
        "",
        " ",
        "word",
        "> quote",
        "page\x0c## System",
        "a\r## Developer",
        "\u2028## System\x85",
        "##",
    ]
)


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.lists(LINES, min_size=1, max_size=5)), max_size=5))
def test_whatever_was_said_comes_back_from_markdown(said: list[tuple[str, list[str]]]) -> None:
    messages = [{"role": role, "content": text} for role, lines in said if (text := "\n".join(lines).strip("\n"))]

    _, items = from_markdown(to_markdown("t", [Turn(input=[message]) for message in messages]))

    assert items == messages


def test_the_mark_of_a_cut_does_not_become_what_was_said() -> None:
    answers: list[Any] = [{"role": "assistant", "content": "One, tw"}, {"role": "assistant", "content": "Three."}]

    _, items = from_markdown(to_markdown("t", [Turn(output=[answer], partial=True) for answer in answers]))

    assert items == answers


def test_a_file_with_line_ends_of_windows_is_read() -> None:
    text = "# Sums\r\n\r\n## User\r\n\r\nOne?\r\n\r\n## Grok\r\n\r\nTwo.\r\n"

    title, items = from_markdown(text)

    assert title == "Sums"
    assert items == [{"role": "user", "content": "One?"}, {"role": "assistant", "content": "Two."}]


async def test_line_ends_of_all_kinds_stay_within_their_json_line(store: MemorySessions, grok: Any) -> None:
    said = "one\u2028two\u2029three\x85four\x0bfive\x0csix\x1cseven\r\neight"
    session, other = opened(grok, store, "a"), opened(grok, store, "b")
    await session.append(Turn(input=[{"role": "user", "content": said}], created=1.0))

    await other.import_(await session.export())

    assert await other.history() == await session.history()


def test_a_form_of_a_later_version_is_refused_in_its_own_words() -> None:
    with pytest.raises(InvalidRequest, match="does not know"):
        read_transcript('{"grokkit_session": 2}\n{"kind": "branch"}')


@pytest.mark.parametrize(
    "text", ["", "just words", "[1, 2]", "{", "{}", '{"role": "user"}\n[1]', '{"grokkit_session": 1}\n{"kind": 3}']
)
def test_a_text_that_is_no_session_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="no session that can be read"):
        read_transcript(text)


async def test_a_session_with_turns_is_not_overwritten(grok: Any, store: MemorySessions) -> None:
    session = opened(grok, store, "a")
    await session.ask("one")

    with pytest.raises(SessionConflict):
        await session.import_(await session.export())


def test_turns_with_ids_of_another_make_get_new_ones() -> None:
    text = '{"grokkit_session": 1}\n{"id": "7"}\n{"id": "' + "a" * 32 + '"}'

    first, second = read_transcript(text).entries

    assert len(first.id) == 32
    assert second.id == "a" * 32


async def test_an_unknown_form_is_refused(grok: Any, store: MemorySessions) -> None:
    form: Any = "pdf"

    with pytest.raises(InvalidRequest, match="not exported as 'pdf'"):
        await opened(grok, store, "a").export(form)


def test_what_the_model_said_first_is_a_turn_too() -> None:
    turns = as_turns([{"role": "assistant", "content": "Hello!"}, {"role": "user", "content": "Hi"}])

    assert [[item_text(item) for item in (*turn.input, *turn.output)] for turn in turns] == [["Hello!"], ["Hi"]]
