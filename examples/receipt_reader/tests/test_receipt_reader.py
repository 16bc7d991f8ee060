"""The reader of receipts, tested without a key, a network or a wait: `pytest examples/receipt_reader`."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest
from receipt_reader import Ledger, Line, Other, Receipt, book, book_all, doubt, show

from grokkit.errors import AnswerUnfit

LUNCH = "CAFE ROMA 2.11.26 / PIZZA 11.00 / WATER 3.50 / TOTAL 14.50"
TRAIN = "RAILWAY 3.11.26 / OSLO-BERGEN 89.00 / TOTAL 89.00"
LETTER = "Dear Sir or Madam,"
READ = Receipt("Cafe Roma", date(2026, 11, 2), [Line("pizza", 1100, "food"), Line("water", 350, "food")], total=1450)


def said(**changes):
    """What the model says of the lunch."""
    lines = [{"what": "pizza", "cents": 1100, "kind": "food"}, {"what": "water", "cents": 350, "kind": "food"}]
    return {"shop": "Cafe Roma", "day": "2026-11-02", "lines": lines, "total": 1450, **changes}


def either(value):
    """The same where it may be something else: a union travels in a field of its own."""
    return json.dumps({"value": value})


async def test_a_receipt_is_booked(async_grok, grok_sim):
    grok_sim.on(last="CAFE ROMA").reply(either(said()))
    ledger = Ledger()

    await book(async_grok, LUNCH, ledger)

    assert ledger.receipts == [READ]
    assert ledger.by_kind() == {"food": 1450}
    assert ledger.usage.cost_ticks


async def test_a_mistake_is_mended_by_the_model_and_paid_for(async_grok, grok_sim):
    wrong = [{"what": "pizza", "cents": 11.5, "kind": "lunch"}]
    grok_sim.on(last="CAFE ROMA").reply(either(said(lines=wrong)))
    grok_sim.on(last="cents: expected an integer").reply(either(said()))
    ledger = Ledger()

    await book(async_grok, LUNCH, ledger)

    assert ledger.receipts == [READ]
    assert len(grok_sim.calls) == 2


async def test_what_does_not_add_up_goes_to_a_person(async_grok, grok_sim):
    grok_sim.on(last="CAFE ROMA").reply(either(said(total=9999)))
    ledger = Ledger()

    await book(async_grok, LUNCH, ledger)

    assert ledger.doubtful == {LUNCH: "the lines add up to 1450, and 9999 is printed"}


async def test_many_are_read_at_once_and_one_that_fails_stops_no_other(async_grok, grok_sim):
    grok_sim.on(last="CAFE ROMA").reply(either(said()))
    grok_sim.on(last="RAILWAY").reply(text='{"value": {"shop": "Rail', finish_reason="length")
    grok_sim.on(last="Dear Sir").reply(either({"what": "a letter"}))

    ledger = await book_all(async_grok, [LUNCH, TRAIN, LETTER])

    assert ledger.receipts == [READ]
    assert ledger.doubtful[LETTER] == "no receipt: a letter"
    assert "cut off" in ledger.doubtful[TRAIN]


def test_lines_are_shown_as_they_come(grok, grok_sim):
    grok_sim.on(last="CAFE ROMA").reply(json.dumps(said()))
    out = io.StringIO()

    assert show(grok, LUNCH, out) == READ
    assert [row.split() for row in out.getvalue().splitlines()] == [
        ["pizza", "11.00", "11.00"],
        ["water", "3.50", "14.50"],
    ]


def test_what_was_shown_is_not_taken_back_quietly(grok, grok_sim):
    grok_sim.on(last="CAFE ROMA").reply(json.dumps(said(total="14.50")))
    grok_sim.on(last="total: expected an integer").reply(json.dumps(said(lines=[{"what": "pie", "cents": 1}])))

    with pytest.raises(AnswerUnfit, match="handed out"):
        show(grok, LUNCH, io.StringIO())


def test_other_things_are_doubtful():
    assert doubt(Other("a letter")) == "no receipt: a letter"
    assert doubt(READ) is None
