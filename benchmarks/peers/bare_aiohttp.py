"""The floor: aiohttp alone, the JSON of the standard library, no types, no retries, no pipeline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aiohttp
from harness import KEY, MODEL, QUESTION, Peer, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from harness import AsyncCall

MESSAGES = [{"role": "user", "content": QUESTION}]


async def connect(url: str) -> Mapping[str, AsyncCall]:
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        headers={"Authorization": f"Bearer {KEY}"},
        read_bufsize=2**18,
    )

    async def chat() -> int:
        body = {"model": MODEL, "messages": MESSAGES}
        async with session.post(f"{url}/chat/completions", json=body) as reply:
            answer = json.loads(await reply.read())
        return len(answer["choices"][0]["message"]["content"])

    async def responses() -> int:
        async with session.post(f"{url}/responses", json={"model": MODEL, "input": QUESTION}) as reply:
            answer = json.loads(await reply.read())
        return len(answer["output"][0]["content"][0]["text"])

    async def chat_stream() -> int:
        body = {"model": MODEL, "messages": MESSAGES, "stream": True}
        characters = 0
        async with session.post(f"{url}/chat/completions", json=body) as reply:
            async for data in frames(reply.content):
                if data != b"[DONE]":
                    for choice in json.loads(data)["choices"]:
                        characters += len(choice["delta"].get("content", ""))
        return characters

    async def responses_stream() -> int:
        body = {"model": MODEL, "input": QUESTION, "stream": True}
        characters = 0
        async with session.post(f"{url}/responses", json=body) as reply:
            async for data in frames(reply.content):
                event = json.loads(data)
                if event["type"] == "response.output_text.delta":
                    characters += len(event["delta"])
        return characters

    return {
        "chat": chat,
        "chat_stream": chat_stream,
        "responses": responses,
        "responses_stream": responses_stream,
    }


async def frames(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """The data of each event: one line each, as the stub (and api.x.ai) sends them."""
    rest = b""
    async for received in content.iter_any():
        *lines, rest = (rest + received).split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                yield line[6:]


if __name__ == "__main__":
    serve(Peer("aiohttp", connect))
