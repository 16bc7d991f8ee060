"""A school's trip desk: it looks up museums, counts seats, books a coach once somebody agrees, and searches the web.

    python field_trip.py "A museum for class 4b in Oslo, on Friday"

The tools come from three places: functions of this program, the methods of its coach book, and a museum's HTTP API.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from grokkit import AsyncGrok, tool
from grokkit.agents import Decision, RunLimits
from grokkit.tools import Registry, ToolContext, web_search
from grokkit.tools.openapi import from_openapi

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.agents import ApprovalRequest

INSTRUCTIONS = "You plan trips for a school. Look things up before you book; book one coach at most."
CLASSES = {"4b": 23, "5a": 27}
MUSEUMS: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Museums"},
    "servers": [{"url": "https://museums.example.com"}],
    "paths": {
        "/cities/{city}/museums": {
            "get": {
                "operationId": "find",
                "summary": "Museums of a city that are open on a day.",
                "parameters": [
                    {"name": "city", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "day", "in": "query", "schema": {"type": "string", "format": "date"}},
                ],
            }
        },
        "/museums": {"post": {"operationId": "add", "summary": "Add a museum.", "requestBody": {"content": {}}}},
    },
}


@dataclass(frozen=True)
class Seats:
    """How many may come along.

    Attributes:
        children: of the class
        adults: one for every ten children
    """

    children: int
    adults: int


@tool(effects="read_only")
def seats(school_class: Literal["4b", "5a"]) -> Seats:
    """How many seats a class needs.

    Args:
        school_class: its short name
    """
    children = CLASSES[school_class]
    return Seats(children, adults=-(-children // 10))


@dataclass
class CoachBook:
    """What was booked, by the key of the call: the same call books once, however often it is made."""

    booked: dict[str, str] = field(default_factory=dict)

    @tool
    async def book(self, day: str, passengers: int, context: ToolContext) -> str:
        """Book a coach.

        Args:
            day: when, such as 2026-11-27
            passengers: how many people, children and adults
        """
        return self.booked.setdefault(context.key, f"coach {len(self.booked) + 1} on {day} for {passengers}")


def tools_of(coaches: CoachBook, *, museums: str | None = None) -> Registry:
    """All tools; of the museum's API those that only look."""
    api = from_openapi(MUSEUMS, name="museums", base_url=museums, operations=lambda each: each.method == "GET")
    return Registry(seats, api).add(coaches.book, namespace="coaches")


def at_the_terminal(request: ApprovalRequest) -> Decision:
    """Ask the person who started the program."""
    print(f"{request.call.name}: {request.call.arguments}")
    return Decision.approve() if input("book it? [y/N] ") == "y" else Decision.decline("not now")


async def plan(grok: AsyncGrok, wish: str, registry: Registry, approve: Callable[[ApprovalRequest], Decision]) -> str:
    """What the desk says to a wish. Whatever is not known to be harmless is asked about first."""

    async def ask(request: ApprovalRequest) -> Decision:
        return await asyncio.to_thread(approve, request)

    agent = grok.agent(
        name="field trip",
        instructions=INSTRUCTIONS,
        tools=registry.beside(web_search()),
        limits=RunLimits(turns=8, usd=0.25),
        approve=ask,
    )
    return (await agent.run(wish)).value


async def main() -> None:
    """Plan what the command line wishes for."""
    wish = " ".join(sys.argv[1:]) or "A museum for class 4b in Oslo, on 2026-11-27"
    async with AsyncGrok() as grok:
        print(await plan(grok, wish, tools_of(CoachBook()), at_the_terminal))


if __name__ == "__main__":
    asyncio.run(main())
