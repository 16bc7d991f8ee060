"""The floor of a tool call: `json.loads`, the call (`asyncio.to_thread` when it is not async), `json.dumps`.

Nothing is validated; of nested arguments the dataclasses are made.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import functions
from harness import Peer, serve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness import AsyncCall


async def connect(url: str) -> Mapping[str, AsyncCall]:
    del url

    async def weather(_name: str, arguments: str) -> str:
        return await asyncio.to_thread(functions.weather, **json.loads(arguments))

    async def order_status(_name: str, arguments: str) -> str:
        return written(await functions.order_status(**json.loads(arguments)))

    async def plan_trip(_name: str, arguments: str) -> str:
        given = json.loads(arguments)
        trip = given.pop("trip")
        trip["stops"] = [functions.Stop(**stop) for stop in trip["stops"]]
        return written(await functions.plan_trip(functions.Trip(**trip), **given))

    return {each.__name__: functions.checked(each, each.__name__) for each in (weather, order_status, plan_trip)}


def written(result: dict[str, object]) -> str:
    return json.dumps(result, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    serve(Peer("", connect))
