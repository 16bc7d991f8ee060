"""Ourselves, with the default layers: asynchronous and blocking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import KEY, MODEL, QUESTION, Peer, serve

from grokkit import AsyncGrok, Grok

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness import AsyncCall, BlockingCall

MESSAGES = [{"role": "user", "content": QUESTION}]


async def connect(url: str) -> Mapping[str, AsyncCall]:
    grok = AsyncGrok(api_key=KEY, base_url=url, model=MODEL)

    async def chat() -> int:
        return len((await grok.chat.create(MODEL, messages=MESSAGES)).text)

    async def responses() -> int:
        return len((await grok.responses.create(MODEL, input=QUESTION)).text)

    async def ask() -> int:
        return len((await grok.ask(QUESTION)).text)

    async def chat_stream() -> int:
        async with grok.chat.stream(MODEL, messages=MESSAGES) as stream:
            async for _event in stream:
                pass
        return len(stream.result.text)

    async def chat_stream_text() -> int:
        characters = 0
        async with grok.chat.stream(MODEL, messages=MESSAGES) as stream:
            async for text in stream.text():
                characters += len(text)
        return characters

    async def responses_stream() -> int:
        async with grok.responses.stream(MODEL, input=QUESTION) as stream:
            async for _event in stream:
                pass
        return len(stream.result.text)

    return {
        "ask": ask,
        "chat": chat,
        "chat_stream": chat_stream,
        "chat_stream_text": chat_stream_text,
        "responses": responses,
        "responses_stream": responses_stream,
    }


def connect_blocking(url: str) -> Mapping[str, BlockingCall]:
    grok = Grok(api_key=KEY, base_url=url, model=MODEL)

    def chat() -> int:
        return len(grok.chat.create(MODEL, messages=MESSAGES).text)

    def chat_stream() -> int:
        with grok.chat.stream(MODEL, messages=MESSAGES) as stream:
            for _event in stream:
                pass
        return len(stream.result.text)

    return {"chat": chat, "chat_stream": chat_stream}


if __name__ == "__main__":
    serve(Peer("grokkit", connect, connect_blocking))
