"""litellm with its xAI provider.

Its price list is read from the package, so that nothing goes over the network. Its Responses API is left
out: it needs the proxy extra (1.106 stops at a missing `mcp`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from harness import KEY, MODEL, QUESTION, Peer, serve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness import AsyncCall, BlockingCall

GROK = f"xai/{MODEL}"
MESSAGES = [{"role": "user", "content": QUESTION}]


async def connect(url: str) -> Mapping[str, AsyncCall]:
    async def chat() -> int:
        answer = await litellm.acompletion(model=GROK, messages=MESSAGES, api_key=KEY, api_base=url)
        return len(answer.choices[0].message.content)

    async def chat_stream() -> int:
        characters = 0
        stream = await litellm.acompletion(model=GROK, messages=MESSAGES, api_key=KEY, api_base=url, stream=True)
        async for chunk in stream:
            for choice in chunk.choices:
                characters += len(choice.delta.content or "")
        return characters

    return {"chat": chat, "chat_stream": chat_stream}


def connect_blocking(url: str) -> Mapping[str, BlockingCall]:
    def chat() -> int:
        answer = litellm.completion(model=GROK, messages=MESSAGES, api_key=KEY, api_base=url)
        return len(answer.choices[0].message.content)

    def chat_stream() -> int:
        characters = 0
        for chunk in litellm.completion(model=GROK, messages=MESSAGES, api_key=KEY, api_base=url, stream=True):
            for choice in chunk.choices:
                characters += len(choice.delta.content or "")
        return characters

    return {"chat": chat, "chat_stream": chat_stream}


if __name__ == "__main__":
    serve(Peer("litellm", connect, connect_blocking))
