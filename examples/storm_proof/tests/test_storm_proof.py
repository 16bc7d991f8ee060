"""The storm, on a turned clock: `pytest examples/storm_proof`. Hours pass, and no test takes one."""

from __future__ import annotations

import asyncio

import pytest
from storm_proof import ANOTHER, CLOSED, LATER, MODEL, Ledger, answer, for_people, for_reports, settings, summarise

from grokkit.testing import Fault


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
def grok(grok_sim, grok_clock, ledger):
    """The program's client; `grok_clock` is what it waits on."""
    return grok_sim.async_grok(**settings(ledger))


async def test_a_hiccup_is_not_noticed(grok, grok_sim, grok_clock, ledger):
    grok_sim.on().reply(error="unavailable").then("On its way.")

    async with grok_clock.rushing():
        said = await answer(for_people(grok), "Where is my parcel?")

    assert said == "On its way."
    assert ledger.counts["Retried"] == 1


async def test_people_are_answered_by_another_model_while_theirs_has_no_capacity(grok, grok_sim, grok_clock):
    grok_sim.outage(600, model=MODEL)
    grok_sim.on(model=ANOTHER).reply("On its way.")

    async with grok_clock.rushing():
        assert await answer(for_people(grok), "Where is my parcel?") == "On its way."


async def test_people_do_not_wait_for_a_server_that_hangs(grok, grok_sim, grok_clock):
    grok_sim.on().reply(fault=Fault(stall_before_headers=True))
    began = grok_clock.now()

    async with grok_clock.rushing():
        assert await answer(for_people(grok), "Where is my parcel?") == LATER

    assert grok_clock.now() - began == pytest.approx(15)


async def test_an_outage_is_not_multiplied_and_is_over_when_it_is_over(grok, grok_sim, grok_clock, ledger):
    grok_sim.outage(120)
    people = for_people(grok)

    async with grok_clock.rushing():
        said = [await answer(people, "Where is my parcel?") for _ in range(100)]
        sent = len(grok_sim.calls)
        await grok_clock.sleep(180)
        afterwards = await answer(people, "Where is my parcel?")

    assert set(said) == {LATER}
    assert sent <= 60
    assert ledger.counts["CircuitOpened"] >= 1
    assert afterwards not in {LATER, CLOSED}


async def test_reports_keep_to_the_limit_and_let_people_go_first(grok, grok_sim, grok_clock, ledger):
    grok_sim.limit(requests_per_minute=60)

    async with grok_clock.rushing():
        reports = asyncio.create_task(summarise(for_reports(grok), [f"Page {number}" for number in range(200)]))
        await grok_clock.sleep(30)
        began = grok_clock.now()
        said = await answer(for_people(grok), "Where is my parcel?")
        waited = grok_clock.now() - began
        lines = await reports

    assert said != LATER
    assert waited < 5
    assert None not in lines
    assert grok_sim.count(status=429) == 0
    assert ledger.counts["Queued"] > 100


async def test_a_report_is_not_paid_for_twice(grok, grok_sim, grok_clock, ledger):
    grok_sim.on(last="Page 1").reply(error="server")

    async with grok_clock.rushing():
        assert await summarise(for_reports(grok), ["Page 1"]) == [None]

    assert len(grok_sim.calls) == 1
    assert ledger.counts["not retried: ambiguous"] == 1


async def test_money_gone_is_told_to_somebody_and_never_tried_again(grok, grok_sim, ledger):
    grok_sim.credit(usd=0)

    assert await answer(for_people(grok), "Where is my parcel?") == CLOSED

    assert len(grok_sim.calls) == 1
    assert ledger.counts["call somebody"] == 1
