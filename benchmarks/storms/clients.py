"""The clients in a storm, each with its defaults: how they are made, and how one call of them looks."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from openai.types.chat import ChatCompletionUserMessageParam

    Call: TypeAlias = Callable[[str], Awaitable[object]]
    """Asks the model of this name. Whatever it raises is what the user gets."""
    Connect: TypeAlias = Callable[[str, str, float], AbstractAsyncContextManager[Call]]
    """With a base URL, a key, and the seconds that a call may take."""

MESSAGES: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "Hello"}]


@asynccontextmanager
async def grokkit(url: str, key: str, limit: float) -> AsyncIterator[Call]:
    from grokkit import AsyncGrok

    async with AsyncGrok(base_url=url, api_key=key, timeout=limit) as grok:
        yield lambda model: grok.chat.create(model, messages=MESSAGES)


@asynccontextmanager
async def openai(url: str, key: str, limit: float) -> AsyncIterator[Call]:
    from openai import AsyncOpenAI

    async with AsyncOpenAI(base_url=url, api_key=key, timeout=limit) as client:
        yield lambda model: client.chat.completions.create(model=model, messages=MESSAGES)


@asynccontextmanager
async def openai_of_five_retries(url: str, key: str, limit: float) -> AsyncIterator[Call]:
    from openai import AsyncOpenAI

    async with AsyncOpenAI(base_url=url, api_key=key, timeout=limit, max_retries=5) as client:
        yield lambda model: client.chat.completions.create(model=model, messages=MESSAGES)


CLIENTS: Mapping[str, Connect] = {
    "grokkit": grokkit,
    "openai": openai,
    "openai-5": openai_of_five_retries,
}
