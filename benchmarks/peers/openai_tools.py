"""openai's helper for tools: `openai.pydantic_function_tool`, and the parsing of arguments by the model's own schema.

openai reads the arguments and no more. A call is `parse_function_tool_arguments`, which
`client.chat.completions.parse` runs for every tool call of an answer (it is in `openai.lib._parsing`, and has no
public name), then what its users write: the call of the function, in `asyncio.to_thread` when it is not async, and
`json.dumps` of what is not text. The rest of `parse`, which makes the answer a second time, is not measured.
"""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import functions
from harness import Peer, serve
from openai import pydantic_function_tool
from openai.lib._parsing._completions import parse_function_tool_arguments
from openai.types.chat.chat_completion_message_function_tool_call import Function
from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness import AsyncCall


class Weather(BaseModel):
    """Forecast for a city."""

    city: str
    days: int = 1


class OrderStatus(BaseModel):
    """Where an order is."""

    order: str
    parts: int = 1


class PlanTrip(BaseModel):
    """Plan a trip."""

    trip: functions.Trip
    currency: str = "EUR"


async def connect(url: str) -> Mapping[str, AsyncCall]:
    del url
    tools = [
        pydantic_function_tool(Weather, name="weather"),
        pydantic_function_tool(OrderStatus, name="order_status"),
        pydantic_function_tool(PlanTrip, name="plan_trip"),
    ]
    called: dict[str, Callable[..., Any]] = {
        "weather": partial(asyncio.to_thread, functions.weather),
        "order_status": functions.order_status,
        "plan_trip": functions.plan_trip,
    }
    calls = {name: Function(name=name, arguments=arguments) for name, (_, arguments) in functions.MADE.items()}

    async def dispatch(name: str, _arguments: str) -> str:
        parsed = parse_function_tool_arguments(input_tools=tools, function=calls[name])
        result = await called[name](**vars(parsed))
        return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, separators=(",", ":"))

    return functions.operations(dispatch)


if __name__ == "__main__":
    serve(Peer("openai", connect))
