"""Chat Completions: `POST /v1/chat/completions`, which every OpenAI-compatible server has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, Unpack, cast

from grokkit.errors import InvalidRequest
from grokkit.resources.long_calls import is_long
from grokkit.resources.offered import definitions
from grokkit.resources.options import CallOptions, split
from grokkit.resources.stream import AsyncStream
from grokkit.resources.whole import whole_answer
from grokkit.wire.accumulate_chat import ChatAccumulator
from grokkit.wire.answer import chat_answer
from grokkit.wire.chat import ChatParameters

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

_PATH = "/chat/completions"
_FIELDS = frozenset({*ChatParameters.__annotations__, "tools"})


class ChatOptions(ChatParameters, CallOptions, total=False):
    """What chat calls take besides model and messages: the request's fields, and how to make the call."""

    tools: Sequence[Offered] | None
    """Definitions, `Tool`s, functions. Calls of them are in the answer's `tool_calls`; an agent makes them."""


class AsyncChat:
    """`grok.chat`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def create(
        self,
        model: str | None = None,
        *,
        messages: Sequence[Mapping[str, Any]],
        **options: Unpack[ChatOptions],
    ) -> Answer:
        """The model's answer to these messages.

        `model` is the client's when not given. `options` are the request's fields (`temperature=`, `tools=` ...)
        and how the call is made (`timeout=`, `extra_body=` ...). A call that is likely to be long is streamed
        underneath, so that no proxy cuts it; the answer is the same (`stream_long_calls=False` in the client's
        configuration switches that off).

        Raises the errors of `grokkit.errors`; `TypeError` for an option that does not exist.

            answer = await grok.chat.create("grok-4.7", messages=[{"role": "user", "content": "Hi"}])
        """
        call = self._call("chat.create", model, messages, options, stream=False)
        return await whole_answer(self._channel, call, ChatAccumulator, chat_answer)

    def stream(
        self,
        model: str | None = None,
        *,
        messages: Sequence[Mapping[str, Any]],
        **options: Unpack[ChatOptions],
    ) -> AsyncStream:
        """The same answer while it arrives; open it with `async with`. Takes what `create` takes."""
        call = self._call("chat.stream", model, messages, options, stream=True)
        return AsyncStream(self._channel, call, ChatAccumulator(), chat_answer)

    async def parse(
        self,
        model: str | None = None,
        *,
        messages: Sequence[Mapping[str, Any]],
        into: TypeForm[T],
        repairs: int = 2,
        **options: Unpack[ChatOptions],
    ) -> Parsed[T]:
        """An answer that has a type: as `grok.responses.parse`, and takes what `create` takes."""
        tries, fields = self._typed(into, messages, model, repairs, options)

        async def ask(turns: Turns) -> Answer:
            call = self._call("chat.parse", model, turns, fields, stream=False)
            tries.call = call.ref
            return await whole_answer(self._channel, call, ChatAccumulator, chat_answer)

        return await tries.run(ask)

    def parse_stream(
        self,
        model: str | None = None,
        *,
        messages: Sequence[Mapping[str, Any]],
        into: TypeForm[T],
        repairs: int = 2,
        **options: Unpack[ChatOptions],
    ) -> AsyncTypedStream[T]:
        """The same typed answer while it arrives; open it with `async with`. Takes what `parse` takes."""
        from grokkit.resources.typed.stream import AsyncTypedStream

        tries, fields = self._typed(into, messages, model, repairs, options)

        def begin(turns: Turns) -> AsyncStream:
            call = self._call("chat.parse_stream", model, turns, fields, stream=True)
            return AsyncStream(self._channel, call, ChatAccumulator(), chat_answer)

        return AsyncTypedStream(tries, begin)

    def _typed(
        self, into: TypeForm[T], turns: Turns, model: str | None, repairs: int, options: ChatOptions
    ) -> tuple[Tries[T], ChatOptions]:
        from grokkit.resources.typed.asking import asked_for

        name = model or self._channel.config.model
        tries, fields = asked_for(into, turns, repairs, dialect="chat", model=name, options=options)
        return tries, cast("ChatOptions", fields)

    def _call(
        self,
        method: str,
        model: str | None,
        messages: Turns,
        given: ChatOptions,
        *,
        stream: bool,
    ) -> Call:
        fields, options = split(method, given, _FIELDS)
        if fields.get("tools") is not None:
            fields["tools"] = definitions(fields["tools"], "chat")
        config = self._channel.config
        body: dict[str, Any] = {"model": model or config.model, "messages": _checked(method, messages), **fields}
        if stream or (config.stream_long_calls and is_long(body)):
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return self._channel.call("chat", "POST", _PATH, body=body, options=options)


def _checked(method: str, messages: Sequence[Mapping[str, Any]] | str) -> Sequence[Mapping[str, Any]]:
    if isinstance(messages, str):
        raise InvalidRequest(
            f"{method}(): messages is a str, and a list of messages is needed",
            param="messages",
            hint='write messages=[{"role": "user", "content": "..."}], or use grok.ask("...")',
        )
    if not messages:
        raise InvalidRequest(
            f"{method}(): messages is empty",
            param="messages",
            hint='write messages=[{"role": "user", "content": "..."}]',
        )
    return messages
