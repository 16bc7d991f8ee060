"""The parcel desk, killed at its worst moments, without a key or a real bank: `pytest examples/parcel_desk`."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from parcel_desk import Orders, desk, told

from grokkit import Grok
from grokkit.agents import Decision
from grokkit.testing import Simulator

WISH = "Send the red parcel to Oslo"
DONE = ["paid 1100 cents", "red parcel is on its way to Oslo"]
KILLED = """
import os, signal, sys
from pathlib import Path
from parcel_desk import Orders, desk
from grokkit import Grok
from grokkit.agents import Decision

url, key, folder, moment, word = sys.argv[1:]

class Killed(Orders):
    def place(self, key, what):
        if word in what and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = super().place(key, what)
        if word in what:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

with Grok(base_url=url, api_key=key, model="grok-4.7") as grok:
    agent = desk(grok, Path(folder), Killed(Path(folder) / "desk.txt"), lambda request: Decision.approve())
    agent.run("Send the red parcel to Oslo", id="red")
"""


def clerk(sim):
    """What the model does."""
    sim.on(last=WISH).reply(tool_calls=[("weigh", {"parcel": "red"})])
    sim.on(last="postage is 1100").reply(tool_calls=[("pay", {"cents": 1100})])
    sim.on(last="paid 1100").reply(tool_calls=[("hand_over", {"parcel": "red", "city": "Oslo"})])
    sim.on(last="on its way").reply("The red parcel is on its way.")
    sim.on(last="does not want").reply("Then it stays here.")
    return sim


@pytest.fixture
def orders(tmp_path):
    return Orders(tmp_path / "desk.txt")


def done(orders):
    """What the bank and the carrier did."""
    return [line.partition(" ")[2] for line in orders.path.read_text().splitlines()]


def agree(request):
    assert request.question == 'Run pay with {"cents":1100}?'
    return Decision.approve()


def nobody(request):
    raise AssertionError(f"{request.call.name} was not to be asked about")


def test_a_parcel_is_weighed_paid_and_handed_over(grok_sim, grok, orders, tmp_path):
    clerk(grok_sim)

    result = desk(grok, tmp_path, orders, agree).run(WISH)

    assert told(result) == "The red parcel is on its way."
    assert done(orders) == DONE


def test_what_nobody_wants_to_pay_is_not_paid_and_not_sent(grok_sim, grok, orders, tmp_path):
    clerk(grok_sim)

    result = desk(grok, tmp_path, orders, lambda _: Decision.decline("the customer does not want to pay that")).run(
        WISH
    )

    assert told(result) == "Then it stays here."
    assert not orders.path.exists()


def test_a_decision_can_wait_for_another_day(grok_sim, grok, orders, tmp_path):
    clerk(grok_sim)

    paused = desk(grok, tmp_path, orders, lambda _: None).run(WISH, id="red")
    assert told(paused) == 'Run pay with {"cents":1100}? Decide with: parcel_desk.py --go-on red'
    assert not orders.path.exists()
    result = desk(grok, tmp_path, orders, agree).resume("red")

    assert told(result) == "The red parcel is on its way."
    assert done(orders) == DONE


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("word", ["paid", "on its way"])
def test_a_desk_that_was_killed_pays_once_and_sends_once(orders, tmp_path, moment, word):
    with Simulator() as sim:
        clerk(sim)
        command = [sys.executable, "-c", KILLED, sim.base_url, sim.key, str(tmp_path), moment, word]
        killed = subprocess.run(command, check=False, cwd=Path(__file__).parents[1], timeout=60)
        assert killed.returncode == -signal.SIGKILL

        with Grok(base_url=sim.base_url, api_key=sim.key, model="grok-4.7") as grok:
            result = desk(grok, tmp_path, orders, nobody).resume("red")

    assert told(result) == "The red parcel is on its way."
    assert done(orders) == DONE
    assert len(sim.calls) == 4
