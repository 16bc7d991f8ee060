"""Typed answers to a prompt: what a client itself has of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, Unpack

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from grokkit.resources.responses import AsyncResponses, ResponsesOptions
    from grokkit.resources.typed.stream import AsyncTypedStream
    from grokkit.resources.typed.tries import Parsed

T = TypeVar("T")


class PromptedForTypes:
    """A client that has `responses`."""

    responses: AsyncResponses

    async def parse(
        self,
        prompt: str,
        *,
        into: TypeForm[T],
        model: str | None = None,
        repairs: int = 2,
        **options: Unpack[ResponsesOptions],
    ) -> Parsed[T]:
        """The model's answer as a value of a type: `(await grok.parse("...", into=Receipt)).value`.

        Takes what `responses.parse` takes, and raises what it raises.
        """
        return await self.responses.parse(input=prompt, into=into, model=model, repairs=repairs, **options)

    def parse_stream(
        self,
        prompt: str,
        *,
        into: TypeForm[T],
        model: str | None = None,
        repairs: int = 2,
        **options: Unpack[ResponsesOptions],
    ) -> AsyncTypedStream[T]:
        """The same value while it arrives, in partial values or item by item; open it with `async with`."""
        return self.responses.parse_stream(input=prompt, into=into, model=model, repairs=repairs, **options)
