"""The support desk, tested without a key, a network or a wait: `pytest examples/support_bot`."""

from __future__ import annotations

import io

import pytest
from support_bot import BUSY, MOST_ROUNDS, NoDraft, Triage, classify, classify_all, draft, write

from grokkit.testing import (
    Fault,
    RealCallRefused,
    assert_called,
    assert_cost_below,
    assert_not_called,
    assert_tokens_below,
)

ORDERS = {"1001": "Sent on Monday, due on Thursday."}


# What the model says is scripted.


def test_a_draft_tells_what_the_shop_knows(grok, grok_sim):
    grok_sim.on(last="1001").reply(tool_calls=[("look_up_order", {"order": "1001"})])
    grok_sim.on(last="due on Thursday").reply("It will be with you on Thursday.")

    said = draft(grok, "Where is my order 1001?", ORDERS)

    assert said == "It will be with you on Thursday."
    assert_called(grok_sim, "look_up_order", order="1001")


def test_an_order_that_does_not_exist_is_told_to_the_model(grok, grok_sim):
    grok_sim.on(last="Where is").reply(tool_calls=[("look_up_order", {"order": "77"})])
    grok_sim.on(last="There is no order '77'.").reply("I cannot find order 77. Could you check the number?")

    assert "check the number" in draft(grok, "Where is my order 77?", ORDERS)


def test_a_draft_without_an_order_looks_nothing_up(grok, grok_sim):
    grok_sim.on(tool="look_up_order").reply("We open at nine.")

    assert draft(grok, "When do you open?", ORDERS) == "We open at nine."
    assert_not_called(grok_sim)


def test_a_model_that_never_stops_asking_is_given_up(grok, grok_sim):
    grok_sim.on().reply(tool_calls=[("look_up_order", {"order": "1001"})])

    with pytest.raises(NoDraft):
        draft(grok, "Where is my order 1001?", ORDERS)

    assert len(grok_sim.calls) == MOST_ROUNDS


# Nothing is scripted: the simulator makes JSON that fits the schema, the same each time.


async def test_a_ticket_is_sorted(async_grok):
    triage = await classify(async_grok, "My parcel has not come!")

    assert triage.category in {"delivery", "billing", "other"}
    assert isinstance(triage.urgent, bool)


async def test_tickets_are_sorted_at_once_and_in_order(async_grok, grok_sim):
    grok_sim.on(last="parcel").reply('{"category": "delivery", "urgent": true}')
    grok_sim.on(last="invoice").reply('{"category": "billing", "urgent": false}')

    sorted_ = await classify_all(async_grok, ["My parcel has not come!", "My invoice is wrong."])

    assert sorted_ == [Triage("delivery", urgent=True), Triage("billing", urgent=False)]


# Things go wrong.


@pytest.mark.parametrize("error", ["capacity", "rate_limit", "unavailable"])
def test_customers_get_an_answer_when_the_model_has_no_time(grok, grok_sim, grok_clock, error):
    grok_sim.on().reply(error=error)

    with grok_clock.rushing():  # the client tries again, after a while
        assert draft(grok, "Where is my order 1001?", ORDERS) == BUSY


def test_a_server_that_does_not_answer_is_not_waited_for_for_ever(grok, grok_sim, grok_clock):
    grok_sim.on().reply(fault=Fault(stall_before_headers=True))

    with grok_clock.rushing():
        assert draft(grok, "Where is my order 1001?", ORDERS) == BUSY


def test_an_answer_is_written_as_it_comes(grok, grok_sim):
    grok_sim.on(last="order 1001").reply("It will be with you on Thursday.")
    out = io.StringIO()

    usage = write(grok, "Where is my order 1001?", out)

    assert out.getvalue() == "It will be with you on Thursday.\n"
    assert_cost_below(usage, usd=0.001)
    assert_tokens_below(usage, output=50)


def test_a_customer_keeps_what_had_come_before_a_break(grok, grok_sim):
    grok_sim.on().reply("It will be with you on Thursday.", fault=Fault(end_after=8))
    out = io.StringIO()

    assert write(grok, "Where is my order 1001?", out) is None
    assert out.getvalue().startswith("It")
    assert "the connection broke" in out.getvalue()


# The request itself is what matters.


async def test_the_schema_is_sent(async_grok, grok_mock):
    route = grok_mock.on(
        path="/chat/completions",
        json={"response_format": {"type": "json_schema", "json_schema": {"strict": True}}},
    ).reply('{"category": "other", "urgent": false}')

    await classify(async_grok, "Hello?")

    assert route.calls[0].last_message == "Hello?"


# A recording is replayed. This one was made of a `grokkit simulate`; with a key, your first run makes one of the API.


def test_a_recorded_draft(grok, grok_cassette):
    said = draft(grok, "Where is my order 1001?", ORDERS)

    assert said
    assert not grok_cassette.unused


# Nothing is called by mistake.


def test_a_real_client_calls_nobody():
    from grokkit import Grok

    with pytest.raises(RealCallRefused):
        draft(Grok(api_key="xai-no-key-at-all", base_url="https://api.x.ai/v1"), "Where is my order 1001?", ORDERS)
