"""Ourselves, with the default layers: asynchronous and blocking.

With `--cache WHERE` the asynchronous client keeps answers there. All calls have been made before, so that each one is
answered out of the cache; one that is not is an error.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness import KEY, MODEL, QUESTION, Peer, serve

from grokkit import AsyncGrok
from grokkit.wire.events import TextDelta

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness import AsyncCall, BlockingCall

MESSAGES = [{"role": "user", "content": QUESTION}]
STREAMED = [{"role": "user", "content": f"{QUESTION} At length, please."}]
"""Another question: of the same one the cache would have the same answer."""


async def connect(url: str) -> Mapping[str, AsyncCall]:
    if "--cache" not in sys.argv:
        grok = AsyncGrok(api_key=KEY, base_url=url, model=MODEL)
        return {**plain_calls(grok), **streams(grok)}
    grok = AsyncGrok(api_key=KEY, base_url=url, model=MODEL, cache=sys.argv[sys.argv.index("--cache") + 1])
    return await hits(grok, {**plain_calls(grok), **streams(grok)})


async def hits(grok: AsyncGrok, calls: Mapping[str, AsyncCall]) -> Mapping[str, AsyncCall]:
    """The calls, once their answers are stored."""
    for call in calls.values():
        await call()
    missed = grok.cache.health().misses

    def hit(call: AsyncCall) -> AsyncCall:
        async def found() -> int:
            characters = await call()
            if grok.cache.health().misses > missed:
                raise ValueError("the answer did not come out of the cache")
            return characters

        return found

    return {name: hit(call) for name, call in calls.items()}


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
        async with grok.chat.stream(MODEL, messages=STREAMED) as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    characters += len(event.text)
        return characters

    async def chat_stream_text() -> int:
        characters = 0
        async with grok.chat.stream(MODEL, messages=STREAMED) as stream:
            async for text in stream.text():
                characters += len(text)
        return characters

    async def responses_stream() -> int:
        characters = 0
        async with grok.responses.stream(input=STREAMED[0]["content"]) as stream:
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
        with grok.chat.stream(MODEL, messages=STREAMED) as stream:
            for event in stream:
                if isinstance(event, TextDelta):
                    characters += len(event.text)
        return characters

    return {"chat": chat, "chat_stream": chat_stream}


if __name__ == "__main__":
    serve(Peer("grokkit", connect, connect_blocking))
