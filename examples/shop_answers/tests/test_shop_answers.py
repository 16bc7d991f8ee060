"""What is paid for and what is not, on a clock that is turned: `pytest examples/shop_answers`."""

from __future__ import annotations

import dataclasses
import queue

import pytest
from shop_answers import DAY, HOUR, KEPT, Shop, answer, bill, changed, closed, suggest, type_out

from grokkit.telemetry.events import CacheStored

PATIENCE = 20.0
LAMPS = Shop("lamps", {"Blue lamp": "40 W, dimmable", "Red lamp": "60 W"})
MORE_LAMPS = Shop("more-lamps", LAMPS.products)
QUESTION = "Is the Blue lamp dimmable?"


@pytest.fixture
def stored():
    """Each answer when it is stored, to be waited for."""
    return queue.Queue()


@pytest.fixture
def grok(grok_sim, grok_clock, stored):
    """The program's client, with its answers in memory: files have the machine's clock, and this one is turned."""

    def hear(event):
        if isinstance(event, CacheStored):
            stored.put(event)

    kept = dataclasses.replace(KEPT, store="memory")
    with grok_sim.grok(cache=kept, clock=grok_clock, hooks=[hear]) as grok:
        yield grok


def test_a_question_is_paid_for_once(grok, grok_sim):
    answers = [answer(grok, LAMPS, question) for question in (QUESTION, QUESTION, " Is the  Blue lamp dimmable ")]

    cost, saved = bill(answers)

    assert [each.cached for each in answers] == [False, True, True]
    assert len({each.text for each in answers}) == 1
    assert len(grok_sim.calls) == 1
    assert cost == answers[0].usage.cost_usd
    assert saved == pytest.approx(2 * cost)


def test_a_program_that_is_restarted_has_its_answers(grok_sim, tmp_path):
    kept = dataclasses.replace(KEPT, store=f"sqlite:///{tmp_path}/answers.db")
    with grok_sim.grok(cache=kept) as before:
        answer(before, LAMPS, QUESTION)

    with grok_sim.grok(cache=kept) as after:
        assert answer(after, LAMPS, QUESTION).cached


def test_no_shop_is_given_another_one_s_answer(grok, grok_sim):
    answer(grok, LAMPS, QUESTION)

    assert not answer(grok, MORE_LAMPS, QUESTION).cached
    assert len(grok_sim.calls) == 2


def test_a_product_that_changed_is_asked_about_anew_in_every_shop_and_others_are_not(grok):
    for shop in (LAMPS, MORE_LAMPS):
        answer(grok, shop, QUESTION)
    answer(grok, LAMPS, "How long is the Red lamp?")

    changed(grok, "Blue lamp")

    assert not answer(grok, LAMPS, QUESTION).cached
    assert not answer(grok, MORE_LAMPS, QUESTION).cached
    assert answer(grok, LAMPS, "How long is the Red lamp?").cached


def test_a_shop_that_closes_takes_its_answers_along(grok):
    for shop in (LAMPS, MORE_LAMPS):
        answer(grok, shop, QUESTION)

    closed(grok, LAMPS)

    assert not answer(grok, LAMPS, QUESTION).cached
    assert answer(grok, MORE_LAMPS, QUESTION).cached


def test_an_old_answer_is_given_at_once_while_a_new_one_is_fetched(grok, grok_sim, grok_clock, stored):
    grok_sim.on().reply("Yes.").then("Yes, by hand.")
    answer(grok, LAMPS, QUESTION)
    stored.get(timeout=PATIENCE)

    grok_clock.turn(HOUR + 1)
    old = answer(grok, LAMPS, QUESTION)
    stored.get(timeout=PATIENCE)
    new = answer(grok, LAMPS, QUESTION)

    assert (old.text, old.cached) == ("Yes.", True)
    assert (new.text, new.cached) == ("Yes, by hand.", True)
    assert len(grok_sim.calls) == 2


def test_after_a_day_an_answer_is_too_old(grok, grok_clock):
    answer(grok, LAMPS, QUESTION)

    grok_clock.turn(HOUR + DAY + 1)

    assert not answer(grok, LAMPS, QUESTION).cached


def test_an_answer_that_was_there_is_typed_out_too(grok, grok_sim, grok_clock):
    grok_sim.on().reply("Yes, it is dimmable.")
    answer(grok, LAMPS, QUESTION)

    with grok_clock.rushing():
        pieces = list(type_out(grok, LAMPS, QUESTION))

    assert "".join(pieces) == "Yes, it is dimmable."
    assert len(pieces) > 1
    assert len(grok_sim.calls) == 1


def test_a_failure_is_never_an_answer(grok, grok_sim):
    grok_sim.on().reply("Yes, it", finish_reason="length").then("Yes, it is dimmable.")

    cut_off, whole = answer(grok, LAMPS, QUESTION), answer(grok, LAMPS, QUESTION)

    assert not whole.cached
    assert cut_off.text != whole.text


def test_slogans_are_new_each_time(grok, grok_sim):
    suggest(grok, LAMPS)
    suggest(grok, LAMPS)

    assert len(grok_sim.calls) == 2
