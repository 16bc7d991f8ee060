"""Ourselves, with the default layers: asynchronous and blocking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import KEY, MODEL, QUESTION, Peer, serve

from grokkit import AsyncGrok
from grokkit.wire.events import TextDelta

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness import AsyncCall, BlockingCall

MESSAGES = [{"role": "user", "content": QUESTION}]


async def connect(url: str) -> Mapping[str, AsyncCall]:
    grok = AsyncGrok(api_key=KEY, base_url=url, model=MODEL)
    return {**plain_calls(grok), **streams(grok)}


def plain_calls(grok: AsyncGrok) -> Mapping[str, AsyncCall]:
    async def ask() -> int:
        return len((await grok.ask(QUESTION)).text)

    async def chat() -> int:
        return len((await grok.chat.create(MODEL, messages=MESSAGES)).text)

    async def responses() -> int:
        return len((await grok.responses.create(input=QUESTION)).text)

    return {"ask": ask, "chat": chat, "responses": responses}


def streams(grok: AsyncGrok) -> Mapping[str, AsyncCall]:
    async def chat_stream() -> int:
        characters = 0
        async with grok.chat.stream(MODEL, messages=MESSAGES) as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    characters += len(event.text)
        return characters

    async def chat_stream_text() -> int:
        characters = 0
        async with grok.chat.stream(MODEL, messages=MESSAGES) as stream:
            async for text in stream.text():
                characters += len(text)
        return characters

    async def responses_stream() -> int:
        characters = 0
        async with grok.responses.stream(input=QUESTION) as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    characters += len(event.text)
        return characters

    return {
        "chat_stream": chat_stream,
        "chat_stream_text": chat_stream_text,
        "responses_stream": responses_stream,
    }


def connect_blocking(url: str) -> Mapping[str, BlockingCall]:
    from grokkit import Grok

    grok = Grok(api_key=KEY, base_url=url, model=MODEL)

    def chat() -> int:
        return len(grok.chat.create(MODEL, messages=MESSAGES).text)

    def chat_stream() -> int:
        characters = 0
        with grok.chat.stream(MODEL, messages=MESSAGES) as stream:
            for event in stream:
                if isinstance(event, TextDelta):
                    characters += len(event.text)
        return characters

    return {"chat": chat, "chat_stream": chat_stream}


if __name__ == "__main__":
    serve(Peer("grokkit", connect, connect_blocking))
