"""The trip desk, tested without a key, a network or a wait: `pytest examples/field_trip`."""

from __future__ import annotations

import json

import pytest
from aiohttp import web
from field_trip import CoachBook, Seats, plan, seats, tools_of

from grokkit.agents import Decision
from grokkit.testing import assert_called
from grokkit.tools import ToolConflict

WISH = "A museum for class 4b in Oslo"


@pytest.fixture
async def museums():
    """The museum's API, as it is on the day."""
    asked = []

    async def find(request):
        asked.append(request.raw_path)
        return web.json_response([{"name": "Fram"}] if request.match_info["city"] == "Oslo" else [])

    app = web.Application()
    app.router.add_get("/cities/{city}/museums", find)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    await runner.cleanup()


@pytest.fixture
def wishes(grok_sim):
    """What the model does: it looks, counts, books, and answers."""
    looks = [("museums__find", {"city": "Oslo", "day": "2026-11-27"}), ("seats", {"school_class": "4b"})]
    grok_sim.on(last=WISH).reply(tool_calls=looks)
    grok_sim.on(last='"adults":3').reply(tool_calls=[("coaches__book", {"day": "2026-11-27", "passengers": 26})])
    grok_sim.on(last="coach 1").reply("The Fram museum; a coach is booked for 26.")
    return grok_sim


def refused(request):
    raise AssertionError(f"{request.call.name} was not to be asked about")


def test_the_tools_have_names_by_where_they_come_from():
    registry = tools_of(CoachBook())

    assert registry.names() == ["seats", "museums__find", "coaches__book"]
    assert [each.effects for each in registry] == ["read_only", "read_only", "destructive"]


def test_what_writes_to_the_museum_is_not_offered():
    assert "museums.add" not in tools_of(CoachBook())


def test_a_second_coach_book_needs_a_name_of_its_own():
    registry = tools_of(CoachBook())

    with pytest.raises(ToolConflict, match="coaches__book"):
        registry.add(CoachBook().book, namespace="coaches")
    assert "spare.book" in registry.add(CoachBook().book, namespace="spare")


def test_an_adult_comes_along_for_every_ten_children():
    assert seats("4b") == Seats(23, adults=3)


async def test_a_trip_is_looked_up_counted_booked_and_told(wishes, async_grok, museums):
    url, asked = museums
    coaches = CoachBook()
    questions = []

    def agree(request):
        questions.append(request.call.name)
        return Decision.approve()

    said = await plan(async_grok, WISH, tools_of(coaches, museums=url), agree)

    assert said == "The Fram museum; a coach is booked for 26."
    assert asked == ["/cities/Oslo/museums?day=2026-11-27"]
    assert list(coaches.booked.values()) == ["coach 1 on 2026-11-27 for 26"]
    assert questions == ["coaches__book"]
    assert_called(wishes, "museums__find", city="Oslo", day="2026-11-27")


async def test_the_web_search_of_the_server_stands_beside(wishes, async_grok, museums):
    await plan(async_grok, WISH, tools_of(CoachBook(), museums=museums[0]), lambda _: Decision.approve())

    listed = json.loads(wishes.calls[0].content)["tools"]
    assert [each.get("name", each["type"]) for each in listed][-1] == "web_search"


async def test_nothing_is_booked_that_nobody_agreed_to(wishes, async_grok, museums):
    coaches = CoachBook()
    wishes.on(last="too dear").reply("No coach, then.")

    said = await plan(async_grok, WISH, tools_of(coaches, museums=museums[0]), lambda _: Decision.decline("too dear"))

    assert (said, coaches.booked) == ("No coach, then.", {})


async def test_the_same_call_books_once():
    coaches = CoachBook()

    for _ in range(2):
        await coaches.book.run({"day": "2026-11-27", "passengers": 26}, key="run-1/call-3")

    assert len(coaches.booked) == 1


async def test_a_museum_that_is_closed_is_told_to_the_model(grok_sim, async_grok, museums):
    url, _ = museums
    grok_sim.on(last=WISH).reply(tool_calls=[("museums__find", {"city": "Bergen/x"})])
    grok_sim.on(last="[]").reply("Nothing is open there.")

    assert await plan(async_grok, WISH, tools_of(CoachBook(), museums=url), refused) == "Nothing is open there."


async def test_a_museum_whose_server_is_away_is_told_to_the_model(grok_sim, async_grok):
    grok_sim.on(last=WISH).reply(tool_calls=[("museums__find", {"city": "Oslo"})])
    grok_sim.on(last="ToolUnreachable").reply("I cannot reach the museum now.")

    said = await plan(async_grok, WISH, tools_of(CoachBook(), museums="http://127.0.0.1:9"), refused)

    assert said == "I cannot reach the museum now."
