"""What a call needs so that llama.cpp understands it as xAI does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from grokkit.local.forced import forced_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grokkit.call import Call, Next, Reply
    from grokkit.local.forced import Dialect


_DIALECTS: dict[str, Dialect] = {"responses": "responses", "chat": "chat"}


class _Format(msgspec.Struct, omit_defaults=True):
    type: str
    name: str = "answer"
    schema: dict[str, object] | None = None
    strict: bool | None = None


class _Text(msgspec.Struct):
    format: _Format | None = None


class LocalDialect:
    """A layer that says to llama.cpp in its own words what a call asks for.

    llama.cpp closes a connection after a stream without announcing it, at times just when the next call has been
    sent on it; so each call asks for a connection of its own.
    """

    ring = "attempt"

    def __repr__(self) -> str:
        return "local_dialect"

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        """Translate the body of a call, and the reply to one that must call a function."""
        call = call.replace(headers={**call.headers, "Connection": "close"})
        if call.body is None or isinstance(call.body, bytes) or call.operation not in _DIALECTS:
            return await call_next(call)
        if (forced := forced_call(call.body, _DIALECTS[call.operation])) is not None:
            reply = await call_next(call.replace(body=forced.body, stream=False, gather=None))
            reply.body = forced.reply(await reply.read(call.max_body_size))
            return reply
        return await call_next(call.replace(body=responses_body(call.body)) if call.operation == "responses" else call)


def responses_body(body: Mapping[str, object]) -> dict[str, object]:
    """The body of a Responses call with its output format said once more, where llama.cpp looks for it.

    llama.cpp ignores `text.format` on /v1/responses and obeys `response_format`, the field of chat completions.

    >>> body = {"input": "hi", "text": {"format": {"type": "json_object"}}}
    >>> responses_body(body)["response_format"]
    {'type': 'json_object'}
    >>> responses_body({"input": "hi"})
    {'input': 'hi'}
    """
    wanted = msgspec.convert(body.get("text") or {}, _Text, strict=False).format
    if wanted is None or wanted.type == "text":
        return dict(body)
    return {**body, "response_format": _chat_format(wanted)}


def _chat_format(wanted: _Format) -> dict[str, object]:
    if wanted.type != "json_schema":
        return {"type": wanted.type}
    details = {"name": wanted.name, "schema": wanted.schema, "strict": wanted.strict}
    return {"type": wanted.type, "json_schema": {key: value for key, value in details.items() if value is not None}}
