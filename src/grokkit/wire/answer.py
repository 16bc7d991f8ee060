"""The answer: what a call gives, plain or streamed, in either dialect."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.wire.chat import ChatCompletion, ChatToolCall, Choice
from grokkit.wire.chat_choice import finish_reason
from grokkit.wire.events import Citation, ToolCall
from grokkit.wire.output import citations, message_text, read_tool_call, reasoning_text, response_finish_reason
from grokkit.wire.reading import Reader
from grokkit.wire.responses import Response
from grokkit.wire.tool_calls import arguments_text, unnamed_call
from grokkit.wire.usage import Prices, Usage, chat_usage, responses_usage

if TYPE_CHECKING:
    from grokkit.layers.fallback import Handover

    _ReadUsage = Callable[[dict[str, Any] | None, Prices | None, str | None], Usage]

_read_completion = Reader(ChatCompletion).convert
_read_response = Reader(Response).convert
_NO_CHOICE = Choice()
_SHOWN = 60


class Origin(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where an answer came from."""

    request_id: str | None = None
    client_request_id: str | None = None
    attempts: int = 1
    fallbacks: "tuple[Handover, ...]" = ()
    joined: str | None = None
    cached: bool = False
    prices: Callable[[str], Prices | None] = lambda _model: None
    """What a model costs, by its name, for replies that do not say what they cost."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A model's answer. `str(answer)` is its text."""

    text: str
    tool_calls: list[ToolCall]
    """Calls of your functions that the model wants made."""
    reasoning: str
    """What the model thought, or the summary that the server gives of it."""
    citations: list[Citation]
    usage: Usage
    model: str
    """The model that served, which may be another name than the one asked for."""
    id: str
    finish_reason: str | None
    """`stop`, `length`, `tool_calls`, `content_filter`, or what else the server said."""
    request_id: str | None
    """The server's name for the request: quote it when you ask for help."""
    client_request_id: str | None
    """Our name for the call, the same over all its tries."""
    attempts: int
    """How often the call was made until this answer came."""
    fallbacks: "tuple[Handover, ...]"
    """Who was asked before and could not serve, and why; empty as a rule."""
    joined: str | None
    """The client request id of the equal call whose reply this is too; it is that call which was billed."""
    cached: bool = False
    """Whether this was given before and came out of the cache: nothing was sent, `usage` says what that saved."""
    raw: dict[str, Any]
    """The whole reply as the server gave it, what this version does not know included."""
    wire: ChatCompletion | Response
    """The same, typed as the API names it."""

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= _SHOWN else self.text[: _SHOWN - 1] + "…"
        calls = f", {len(self.tool_calls)} tool calls" if self.tool_calls else ""
        usage = self.usage
        return f"<Answer {text!r}{calls}, {self.model}, {usage.input_tokens} + {usage.output_tokens} tokens>"


def chat_answer(raw: dict[str, Any], origin: Origin) -> Answer:
    """The answer in a chat completion. The first choice is told; all are in `wire.choices`."""
    wire = _read_completion(raw)
    choice = wire.choices[0] if wire.choices else _NO_CHOICE
    message = choice.message
    calls = _tool_calls(message.tool_calls) if message.tool_calls else []
    return Answer(
        text=message.content or "",
        tool_calls=calls,
        reasoning=message.reasoning_content or "",
        citations=[Citation(url=url) for url in wire.citations] if wire.citations else [],
        usage=_usage(chat_usage, wire, origin),
        model=wire.model,
        id=wire.id,
        finish_reason=finish_reason(choice.finish_reason, calls=bool(calls)),
        request_id=origin.request_id,
        client_request_id=origin.client_request_id,
        attempts=origin.attempts,
        fallbacks=origin.fallbacks,
        joined=origin.joined,
        cached=origin.cached,
        raw=raw,
        wire=wire,
    )


def response_answer(raw: dict[str, Any], origin: Origin) -> Answer:
    """The answer in a response object."""
    wire = _read_response(raw)
    return Answer(
        text="".join(message_text(item) for item in wire.output if item.get("type") == "message"),
        tool_calls=[read_tool_call(item) for item in wire.output if item.get("type") == "function_call"],
        reasoning=reasoning_text(wire.output),
        citations=citations(wire.output),
        usage=_usage(responses_usage, wire, origin),
        model=wire.model,
        id=wire.id,
        finish_reason=response_finish_reason(raw),
        request_id=origin.request_id,
        client_request_id=origin.client_request_id,
        attempts=origin.attempts,
        fallbacks=origin.fallbacks,
        joined=origin.joined,
        cached=origin.cached,
        raw=raw,
        wire=wire,
    )


def _usage(read: "_ReadUsage", wire: ChatCompletion | Response, origin: Origin) -> Usage:
    """What was used. The catalogue's prices are looked up only where the server does not say what it cost."""
    usage = read(wire.usage, None, None)
    if usage.cost_ticks is None:
        usage = read(wire.usage, origin.prices(wire.model), wire.service_tier)
    return usage.from_cache() if origin.cached else usage


def _tool_calls(calls: list[ChatToolCall]) -> list[ToolCall]:
    return [
        ToolCall(
            id=call.id or unnamed_call(place),
            name=(call.function.name if call.function else None) or "",
            arguments=arguments_text(call.function.arguments if call.function else None),
        )
        for place, call in enumerate(calls)
    ]
