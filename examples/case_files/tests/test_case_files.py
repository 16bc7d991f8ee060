"""The desk, tested without a key or a network: `pytest examples/case_files`."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from case_files import LONG, MANNER, answer, case_of, close, costs, drafts, find, reopen, take_back, type_out

from grokkit.sessions import SessionConflict
from grokkit.testing import Fault


@pytest.fixture
def where(tmp_path):
    return f"sqlite:///{tmp_path}/cases.db"


@pytest.fixture
async def grok(grok_sim, where):
    async with grok_sim.async_grok(sessions=where) as grok:
        yield grok


def said(call):
    """The texts of a request, in order."""
    contents = [item.get("content") for item in call.json["input"]]
    return [content if isinstance(content, str) else content[0]["text"] for content in contents if content]


async def test_a_case_goes_on_after_a_restart(grok_sim, where):
    grok_sim.on(last="parcel").reply("Which order was it?")
    grok_sim.on(last="order 77").reply("It comes on Thursday.")

    async with grok_sim.async_grok(sessions=where) as before:
        await answer(before, "1001", "My parcel has not come.")
    async with grok_sim.async_grok(sessions=where) as after:
        assert await answer(after, "1001", "It was order 77.") == "It comes on Thursday."

    assert said(grok_sim.calls[1]) == ["My parcel has not come.", "Which order was it?", "It was order 77."]
    assert grok_sim.calls[1].json["instructions"] == MANNER


async def test_clerks_who_write_at_once_lose_nothing(grok, grok_sim, where):
    async with grok_sim.async_grok(sessions=where) as colleague:
        for number in range(5):
            await asyncio.gather(
                answer(grok, "1001", f"from one {number}"), answer(colleague, "1001", f"from the other {number}")
            )

    asked = [turn.input[0]["content"] for turn in await case_of(grok, "1001").history()]
    assert len(asked) == 10
    assert [text for text in asked if "one" in text] == [f"from one {number}" for number in range(5)]


async def test_an_answer_that_breaks_off_is_in_the_case(grok, grok_sim):
    grok_sim.on(last="Where").reply("It is on its way.", pieces=["It is ", "on ", "its way."], fault=Fault(end_after=8))

    written = "".join([text async for text in type_out(grok, "1001", "Where is it?")])
    turn = (await case_of(grok, "1001").history())[0]

    assert written.endswith("please ask us to go on)")
    assert turn.partial
    assert turn.said.startswith("Where is it?\nIt is")


async def test_drafts_are_tried_and_leave_no_trace(grok, grok_sim):
    await answer(grok, "1001", "My parcel has not come.")
    before = await case_of(grok, "1001").history()

    tried = await drafts(grok, "1001", "Well?", tones=["kind", "brief"])

    assert set(tried) == {"kind", "brief"}
    assert {call.json["instructions"] for call in grok_sim.calls[1:]} == {f"{MANNER} Be kind.", f"{MANNER} Be brief."}
    assert all(said(call)[0] == "My parcel has not come." for call in grok_sim.calls[1:])
    assert await case_of(grok, "1001").history() == before
    assert list(await costs(grok)) == ["case-1001"]


async def test_what_was_sent_to_the_wrong_case_is_taken_back(grok, grok_sim):
    await answer(grok, "1001", "My parcel has not come.")
    await answer(grok, "1001", "Cancel my other order.")

    taken = await take_back(grok, "1001")
    await answer(grok, "1001", "Any news?")

    assert taken == "Cancel my other order."
    assert "Cancel my other order." not in said(grok_sim.calls[2])
    assert await take_back(grok, "2002") is None


async def test_a_long_case_is_made_short_and_keeps_its_history(grok, grok_sim):
    grok_sim.on(last="tell me everything").reply("A lot.", usage={"input_tokens": LONG, "output_tokens": 2})
    await answer(grok, "1001", "Please tell me everything.")

    await answer(grok, "1001", "And now?")

    assert [call.path for call in grok_sim.calls[1:]] == ["/v1/responses/compact", "/v1/responses"]
    assert len(grok_sim.calls[2].json["input"]) == 2
    assert len(await case_of(grok, "1001").history()) == 2


async def test_cases_are_found_by_what_was_said_and_counted_by_what_they_cost(grok):
    await answer(grok, "1001", "The Blue lamp is broken.")
    await answer(grok, "2002", "The lamp is red.")

    assert await find(grok, "lamp blue") == ["case-1001"]
    assert list(await costs(grok)) == ["case-2002", "case-1001"]
    assert all(cost > 0 for cost in (await costs(grok)).values())


async def test_a_case_is_filed_and_opened_again(grok, tmp_path):
    await answer(grok, "1001", "The lamp is broken.")
    history = await case_of(grok, "1001").history()

    path = await close(grok, "1001", tmp_path)
    gone = await costs(grok)
    await reopen(grok, "1001", tmp_path)

    assert path.read_text().startswith("# The lamp is broken.\n\n## User\n\nThe lamp is broken.")
    assert gone == {}
    assert await case_of(grok, "1001").history() == history
    with pytest.raises(SessionConflict):
        await reopen(grok, "1001", tmp_path)


async def test_a_customer_gets_the_answer_that_could_not_be_filed(grok, grok_sim, where):
    file = where.removeprefix("sqlite:///")
    await answer(grok, "1001", "Hello?")

    def spoil(_):
        with sqlite3.connect(file) as connection:
            connection.execute("DROP TABLE grokkit_session_turns")
        connection.close()
        return "It is on its way."

    grok_sim.on(last="Where").reply(spoil)

    assert await answer(grok, "1001", "Where is it?") == "It is on its way."


def test_two_desks_in_two_processes_share_the_cases(grok_sim, where, tmp_path):
    """What `python case_files.py` does, twice at the same time."""
    program = (
        "import asyncio, sys; from case_files import answer, case_of; from grokkit.testing import Simulator\n"
        "async def work():\n"
        "    async with Simulator().async_grok(sessions=sys.argv[1]) as grok:\n"
        "        for number in range(20):\n"
        "            await answer(grok, '1001', f'{sys.argv[2]} {number}')\n"
        "asyncio.run(work())"
    )
    desks = [
        subprocess.Popen([sys.executable, "-c", program, where, who], env=_environment(), cwd=tmp_path)
        for who in ("one", "two")
    ]
    assert [desk.wait(60) for desk in desks] == [0, 0]

    with grok_sim.grok(sessions=where) as grok:
        asked = [turn.input[0]["content"] for turn in grok.session("case-1001").history()]
    for who in ("one", "two"):
        assert [text for text in asked if text.startswith(who)] == [f"{who} {number}" for number in range(20)]


def _environment():
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
