"""The Responses API: `POST /v1/responses` and what can be done with a stored response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, Unpack, cast
from urllib.parse import quote

from grokkit.errors import InvalidRequest
from grokkit.resources.long_calls import is_long
from grokkit.resources.offered import definitions
from grokkit.resources.options import CallOptions, only, split
from grokkit.resources.stream import AsyncStream
from grokkit.resources.whole import whole_answer
from grokkit.wire.accumulate_responses import ResponsesAccumulator
from grokkit.wire.answer import response_answer
from grokkit.wire.reading import Reader
from grokkit.wire.responses import CompactedResponse, DeletedResponse, InputItems, ResponsesParameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from typing_extensions import TypeForm

    from grokkit.call import Call
    from grokkit.resources.channel import Channel
    from grokkit.resources.offered import Offered
    from grokkit.resources.typed.stream import AsyncTypedStream
    from grokkit.resources.typed.tries import Parsed, Tries, Turns
    from grokkit.wire.answer import Answer

T = TypeVar("T")

_PATH = "/responses"
_FIELDS = frozenset({*ResponsesParameters.__annotations__, "tools"})
_PAGE_FIELDS = frozenset({"limit", "order", "after"})


class ResponsesOptions(ResponsesParameters, CallOptions, total=False):
    """What Responses calls take besides input and model: the request's fields, and how to make the call."""

    tools: Sequence[Offered] | None
    """Definitions, `Tool`s, functions. Calls of them are in the answer's `tool_calls`; an agent makes them."""


class AsyncResponses:
    """`grok.responses`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def create(
        self,
        *,
        input: str | Sequence[Mapping[str, Any]],
        model: str | None = None,
        **options: Unpack[ResponsesOptions],
    ) -> Answer:
        """The model's answer to this input: a text, or a list of items.

        As `grok.chat.create`, with the fields of the Responses API. The server keeps nothing unless
        `store=True` is given here or in the client's configuration.

            answer = await grok.responses.create(input="Hi", reasoning={"effort": "low"})
        """
        call = self._call("responses.create", input, model, options, stream=False)
        return await whole_answer(self._channel, call, ResponsesAccumulator, response_answer)

    def stream(
        self,
        *,
        input: str | Sequence[Mapping[str, Any]],
        model: str | None = None,
        **options: Unpack[ResponsesOptions],
    ) -> AsyncStream:
        """The same answer while it arrives; open it with `async with`. Takes what `create` takes."""
        call = self._call("responses.stream", input, model, options, stream=True)
        return AsyncStream(self._channel, call, ResponsesAccumulator(), response_answer)

    async def parse(
        self,
        *,
        input: str | Sequence[Mapping[str, Any]],
        into: TypeForm[T],
        model: str | None = None,
        repairs: int = 2,
        **options: Unpack[ResponsesOptions],
    ) -> Parsed[T]:
        """An answer that has a type: `.value` is an `into`, checked, whatever type of docs/typed-answers.md that is.

        The model is held to the type's schema. An answer that does not fit goes back to it with what is wrong, at most
        `repairs` times; `.usage` counts all tries, each of which has the call's `timeout`. Takes what `create` takes.

        Raises `AnswerUnfit` when no answer fits, `AnswerCutOff` when one ends too early, `AnswerRefused`, `ToolUnfit`
        for types that no answer can have, and what any call raises.

            (await grok.responses.parse(input="Rain in Oslo?", into=Forecast)).value
        """
        tries, fields = self._typed(into, input, model, repairs, options)

        async def ask(turns: Turns) -> Answer:
            call = self._call("responses.parse", turns, model, fields, stream=False)
            tries.call = call.ref
            return await whole_answer(self._channel, call, ResponsesAccumulator, response_answer)

        return await tries.run(ask)

    def parse_stream(
        self,
        *,
        input: str | Sequence[Mapping[str, Any]],
        into: TypeForm[T],
        model: str | None = None,
        repairs: int = 2,
        **options: Unpack[ResponsesOptions],
    ) -> AsyncTypedStream[T]:
        """The same typed answer while it arrives; open it with `async with`. Takes what `parse` takes."""
        from grokkit.resources.typed.stream import AsyncTypedStream

        tries, fields = self._typed(into, input, model, repairs, options)

        def begin(turns: Turns) -> AsyncStream:
            call = self._call("responses.parse_stream", turns, model, fields, stream=True)
            return AsyncStream(self._channel, call, ResponsesAccumulator(), response_answer)

        return AsyncTypedStream(tries, begin)

    def _typed(
        self, into: TypeForm[T], turns: Turns, model: str | None, repairs: int, options: ResponsesOptions
    ) -> tuple[Tries[T], ResponsesOptions]:
        from grokkit.resources.typed.asking import asked_for

        name = model or self._channel.config.model
        tries, fields = asked_for(into, turns, repairs, dialect="responses", model=name, options=options)
        return tries, cast("ResponsesOptions", fields)

    async def get(self, response_id: str, **options: Unpack[CallOptions]) -> Answer:
        """A stored response, whatever its status. Raises `NotFound` for one that is unknown or older than 30 days."""
        call = self._channel.call("responses.get", "GET", _at(response_id), options=only("responses.get", options))
        return await self._channel.answer(
            call, lambda reply: response_answer(reply.json(), self._channel.origin(call, reply))
        )

    async def delete(self, response_id: str, **options: Unpack[CallOptions]) -> DeletedResponse:
        """Have the server forget a stored response."""
        call = self._channel.call(
            "responses.delete", "DELETE", _at(response_id), options=only("responses.delete", options)
        )
        return await self._channel.fetch(call, Reader(DeletedResponse).read)

    async def input_items(self, response_id: str, **options: Unpack[PageOptions]) -> InputItems:
        """A page of what a stored response was given: `limit` (1-100), `order` (asc, desc), `after` (an item's id)."""
        page, call_options = split("responses.input_items", options, _PAGE_FIELDS)
        query = {name: str(value) for name, value in page.items() if value is not None}
        path = _at(response_id) + "/input_items"
        call = self._channel.call("responses.input_items", "GET", path, query=query, options=call_options)
        return await self._channel.fetch(call, Reader(InputItems).read)

    async def compact(
        self,
        *,
        input: str | Sequence[Mapping[str, Any]],
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> CompactedResponse:
        """A conversation made short: put the `output` of this at the head of the next input, unchanged."""
        body = {"model": model or self._channel.config.model, "input": _checked("responses.compact", input)}
        call = self._channel.call(
            "responses.compact", "POST", _PATH + "/compact", body=body, options=only("responses.compact", options)
        )
        return await self._channel.fetch(call, Reader(CompactedResponse).read)

    def _call(
        self,
        method: str,
        given: str | Sequence[Mapping[str, Any]],
        model: str | None,
        given_options: ResponsesOptions,
        *,
        stream: bool,
    ) -> Call:
        fields, options = split(method, given_options, _FIELDS)
        if fields.get("tools") is not None:
            fields["tools"] = definitions(fields["tools"], "responses")
        config = self._channel.config
        body: dict[str, Any] = {
            "model": model or config.model,
            "input": _checked(method, given),
            "store": config.store,
            **fields,
        }
        if stream or (config.stream_long_calls and is_long(body)):
            body["stream"] = True
        return self._channel.call("responses", "POST", _PATH, body=body, options=options)


class PageOptions(CallOptions, total=False):
    """Which page of a listing is wanted."""

    limit: int
    order: str
    after: str


def _at(response_id: str) -> str:
    if not response_id:
        raise InvalidRequest(
            "the response id is empty", param="response_id", hint="pass answer.id of a stored response"
        )
    return f"{_PATH}/{quote(response_id, safe='')}"


def _checked(method: str, given: str | Sequence[Mapping[str, Any]]) -> str | Sequence[Mapping[str, Any]]:
    if not given:
        raise InvalidRequest(f"{method}(): input is empty", param="input", hint="pass a text or a list of items")
    return given
