"""A parcel desk: it weighs parcels, asks before it pays postage, and hands parcels over. It may be killed at any time.

    python parcel_desk.py "Send the red parcel to Oslo"
    python parcel_desk.py --go-on 1f0c...

Payments and parcels are written into `desk.txt`, which stands for a bank and a carrier that know their orders by key.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from grokkit import Grok, tool
from grokkit.agents import Decision, RunLimits
from grokkit.tools import ToolContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.agents import ApprovalRequest, RunResult
    from grokkit.sync_agents import Agent

INSTRUCTIONS = "You send parcels. Weigh a parcel, pay its postage, hand it over; do each once, and in this order."
GRAMS = {"red": 1200, "blue": 300}


@dataclass(frozen=True)
class Orders:
    """What the bank and the carrier have done, by the key of the order. An order that comes twice is done twice."""

    path: Path

    def place(self, key: str, what: str) -> str:
        """Do it."""
        with self.path.open("a") as file:
            file.write(f"{key} {what}\n")
        return what

    def find(self, key: str) -> str | None:
        """What was done under a key, if anything was."""
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return next((line.partition(" ")[2] for line in lines if line.startswith(f"{key} ")), None)


class Desk:
    """The tools of the desk."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    @tool(effects="read_only")
    def weigh(self, parcel: Literal["red", "blue"]) -> str:
        """Weigh a parcel, and look up its postage."""
        grams = GRAMS[parcel]
        return f"{grams} g, postage is {500 + grams // 2} cents"

    @tool(effects="destructive")
    def pay(self, cents: int, context: ToolContext) -> str:
        """Pay postage."""
        return self._orders.place(context.key, f"paid {cents} cents")

    @tool(effects="destructive")
    def hand_over(self, parcel: Literal["red", "blue"], city: str, context: ToolContext) -> str:
        """Hand a parcel over to the carrier."""
        return self._orders.place(context.key, f"{parcel} parcel is on its way to {city}")


def deciding(
    orders: Orders, person: Callable[[ApprovalRequest], Decision | None]
) -> Callable[[ApprovalRequest], Decision | None]:
    """Who decides: a person on payments; on what was cut off, the orders themselves."""

    def decide(request: ApprovalRequest) -> Decision | None:
        if request.reason == "unknown":
            done = orders.find(request.key)
            return Decision.again(request.begun) if done is None else Decision.result(done)
        return person(request) if request.call.name == "pay" else Decision.approve()

    return decide


def at_the_terminal(request: ApprovalRequest) -> Decision | None:
    """Ask whoever started the program; who says neither yes nor no leaves it for later."""
    answer = input(f"{request.question} [yes/no/later] ")
    return {"yes": Decision.approve(), "no": Decision.decline("the customer does not want to pay that")}.get(answer)


def desk(grok: Grok, folder: Path, orders: Orders, person: Callable[[ApprovalRequest], Decision | None]) -> Agent[str]:
    """The agent, whose runs are written down in the folder."""
    tools = Desk(orders)
    return grok.agent(
        name="parcel desk",
        instructions=INSTRUCTIONS,
        tools=[tools.weigh, tools.pay, tools.hand_over],
        limits=RunLimits(turns=8, usd=0.10),
        journal=f"sqlite:///{folder / 'runs.db'}",
        approve=deciding(orders, person),
    )


def told(result: RunResult[str]) -> str:
    """What the customer hears."""
    if result.stopped == "paused":
        waiting = ", ".join(request.question for request in result.pending)
        return f"{waiting} Decide with: parcel_desk.py --go-on {result.id}"
    return result.value


def main() -> None:
    """Do what the command line wishes for, or go on with what was left."""
    folder = Path.cwd()
    with Grok() as grok:
        agent = desk(grok, folder, Orders(folder / "desk.txt"), at_the_terminal)
        match sys.argv[1:]:
            case ["--go-on", run_id]:
                print(told(agent.resume(run_id)))
            case wish:
                print(told(agent.run(" ".join(wish) or "Send the red parcel to Oslo")))


if __name__ == "__main__":
    main()
