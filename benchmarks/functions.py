"""The functions that a model may call in the benchmarks: what they get, what they do, what must come out.

Each client makes tools of the same three, in its own way, and gets the same JSON from the model. They do next to
nothing, so that what is measured is the way there and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@dataclass
class Stop:
    """One place of a trip."""

    city: str
    nights: int
    budget: float | None = None
    interests: list[str] | None = None


@dataclass
class Trip:
    """A trip, as the model sends it."""

    traveller: str
    kind: Literal["train", "car", "plane"]
    stops: list[Stop]
    rooms: dict[str, int]


def weather(city: str, days: int = 1) -> str:
    """Forecast for a city.

    Args:
        city: its name.
        days: how many.
    """
    return f"{city}: rain for {days} days"


async def order_status(order: str, parts: int = 1) -> dict[str, object]:
    """Where an order is.

    Args:
        order: its number.
        parts: how many it has.
    """
    return {"order": order, "status": "shipped", "stations": ["Oslo", "Bergen"], "weight": 2.5 * parts}


async def plan_trip(trip: Trip, currency: str = "EUR") -> dict[str, object]:
    """Plan a trip.

    Args:
        trip: the whole of it.
        currency: of all amounts.
    """
    nights = {stop.city: stop.nights for stop in trip.stops}
    return {"traveller": trip.traveller, "nights": nights, "rooms": trip.rooms, "currency": currency}


_WEATHER = '{"city": "Oslo", "days": 3}'
_ORDER_STATUS = '{"order": "A-1017", "parts": 2}'
_PLAN_TRIP = (
    '{"trip": {"traveller": "Ada", "kind": "train", "stops": ['
    '{"city": "Oslo", "nights": 2, "budget": 350.5, "interests": ["museums", "food"]}, '
    '{"city": "Bergen", "nights": 3, "budget": null, "interests": ["hiking"]}, '
    '{"city": "Bod\\u00f8", "nights": 1}], "rooms": {"single": 1, "double": 2}}, "currency": "NOK"}'
)

RESULTS = {
    "weather": "Oslo: rain for 3 days",
    "order_status": '{"order":"A-1017","status":"shipped","stations":["Oslo","Bergen"],"weight":5.0}',
    "plan_trip": '{"traveller":"Ada","nights":{"Oslo":2,"Bergen":3,"Bod\u00f8":1},"rooms":{"single":1,"double":2},'
    '"currency":"NOK"}',
}
"""What the model is to read, by function."""

MADE = {
    "weather": (weather, _WEATHER),
    "order_status": (order_status, _ORDER_STATUS),
    "plan_trip": (plan_trip, _PLAN_TRIP),
}
"""Function and arguments, by name."""


def checked(dispatch: Callable[[str, str], Awaitable[str]], name: str) -> Callable[[], Awaitable[int]]:
    """One call, name and arguments in and text out, as an operation of a peer's: it must bring the right text."""
    _, arguments = MADE[name]
    wanted = RESULTS[name]

    async def operation() -> int:
        text = await dispatch(name, arguments)
        if text != wanted:
            raise ValueError(f"{name} brought {text!r} instead of {wanted!r}")
        return len(text)

    return operation


def operations(dispatch: Callable[[str, str], Awaitable[str]]) -> dict[str, Callable[[], Awaitable[int]]]:
    """All three as operations, by the names of the functions."""
    return {name: checked(dispatch, name) for name in MADE}
