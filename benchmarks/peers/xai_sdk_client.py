"""xai-sdk, xAI's own client. It speaks gRPC, so its URL is the address of `xai_sdk_stub.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import KEY, MODEL, QUESTION, Peer, serve
from xai_sdk import AsyncClient, Client
from xai_sdk.chat import user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness import AsyncCall, BlockingCall


async def connect(url: str) -> Mapping[str, AsyncCall]:
    client = AsyncClient(api_key=KEY, api_host=url, use_insecure_channel=True)

    async def chat() -> int:
        answer = await client.chat.create(model=MODEL, messages=[user(QUESTION)]).sample()
        return len(answer.content)

    async def chat_stream() -> int:
        characters = 0
        async for _, chunk in client.chat.create(model=MODEL, messages=[user(QUESTION)]).stream():
            characters += len(chunk.content)
        return characters

    return {"chat": chat, "chat_stream": chat_stream}


def connect_blocking(url: str) -> Mapping[str, BlockingCall]:
    client = Client(api_key=KEY, api_host=url, use_insecure_channel=True)

    def chat() -> int:
        return len(client.chat.create(model=MODEL, messages=[user(QUESTION)]).sample().content)

    def chat_stream() -> int:
        characters = 0
        for _, chunk in client.chat.create(model=MODEL, messages=[user(QUESTION)]).stream():
            characters += len(chunk.content)
        return characters

    return {"chat": chat, "chat_stream": chat_stream}


if __name__ == "__main__":
    serve(Peer("xai-sdk", connect, connect_blocking))
