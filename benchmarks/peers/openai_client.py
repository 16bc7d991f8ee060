"""openai, pointed at another base URL, as most users of Grok start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import KEY, MODEL, QUESTION, Peer, serve
from openai import AsyncOpenAI, OpenAI

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness import AsyncCall, BlockingCall
    from openai.types.chat import ChatCompletionUserMessageParam

MESSAGES: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": QUESTION}]


async def connect(url: str) -> Mapping[str, AsyncCall]:
    client = AsyncOpenAI(api_key=KEY, base_url=url)

    async def chat() -> int:
        answer = await client.chat.completions.create(model=MODEL, messages=MESSAGES)
        return len(answer.choices[0].message.content or "")

    async def responses() -> int:
        answer = await client.responses.create(model=MODEL, input=QUESTION)
        return len(answer.output_text)

    async def chat_stream() -> int:
        characters = 0
        stream = await client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
        async for chunk in stream:
            for choice in chunk.choices:
                characters += len(choice.delta.content or "")
        return characters

    async def responses_stream() -> int:
        characters = 0
        stream = await client.responses.create(model=MODEL, input=QUESTION, stream=True)
        async for event in stream:
            if event.type == "response.output_text.delta":
                characters += len(event.delta)
        return characters

    return {
        "chat": chat,
        "chat_stream": chat_stream,
        "responses": responses,
        "responses_stream": responses_stream,
    }


def connect_blocking(url: str) -> Mapping[str, BlockingCall]:
    client = OpenAI(api_key=KEY, base_url=url)

    def chat() -> int:
        answer = client.chat.completions.create(model=MODEL, messages=MESSAGES)
        return len(answer.choices[0].message.content or "")

    def chat_stream() -> int:
        characters = 0
        for chunk in client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True):
            for choice in chunk.choices:
                characters += len(choice.delta.content or "")
        return characters

    return {"chat": chat, "chat_stream": chat_stream}


if __name__ == "__main__":
    serve(Peer("openai", connect, connect_blocking))
