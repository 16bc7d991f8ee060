"""Scripted answers: what `reply(...)` and `then(...)` take, read into one step of a rule."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

import msgspec

from grokkit.errors import Misused
from grokkit.testing.simulator.faults import NO_FAULT, Fault
from grokkit.testing.simulator.latency import Latency, check_latency
from grokkit.testing.simulator.nearest import check_names
from grokkit.testing.simulator.refusal import JSON, Refusal
from grokkit.testing.simulator.thought import Citation, ServerCall, Thought, ToolCall
from grokkit.testing.simulator.troubles import TROUBLES, by_name, by_status, retry_after, with_retry_after
from grokkit.testing.simulator.visit import Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from grokkit.testing.simulator.visit import Visit

Said: TypeAlias = "str | Thought | Outcome | Refusal | Mapping[str, Any] | None"
Answering: TypeAlias = "Callable[..., Any]"
AnyCall: TypeAlias = ToolCall | tuple[str, Mapping[str, Any]] | Mapping[str, Any]

_OF_THOUGHT = ("text", "reasoning", "tool_calls", "server_calls", "citations", "refusal", "finish_reason", "pieces")
_OF_THOUGHT_TOO = ("usage", "fragments")
_MANNER = {"delay", "pace", "fault", "headers", "retry_after"}


class Reply(TypedDict, total=False):
    """What an answer is made of. Text, reasoning, calls and citations make a thought; `thought`, `json` (with a
    `status`), `status` alone (the API's own body for it), `error` and `function` exclude each other and them."""

    text: str
    reasoning: str
    tool_calls: Sequence[AnyCall]
    server_calls: Sequence[ServerCall]
    citations: Sequence[Citation | str]
    refusal: str
    finish_reason: str
    pieces: Sequence[str]
    usage: Mapping[str, int]
    fragments: bool
    """Stream tool calls in pieces."""
    thought: Thought
    json: Any
    body: bytes
    status: int
    error: str | int | Refusal
    """By name (`rate_limit`, `capacity`, `credits`, `content` ...), a status, or one of your own."""
    function: Answering
    """Called with the visit; what it gives is answered: a text, a `Thought`, a mapping as JSON, a `Refusal`."""
    headers: Mapping[str, str]
    retry_after: float | str | datetime
    delay: Latency
    """Wait before the reply: seconds or a distribution, on top of the fault's."""
    pace: float
    """Tokens a second."""
    fault: Fault


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a rule."""

    thought: Thought | None = None
    make: Answering | None = None
    manner: Fault = NO_FAULT
    delay: Latency | None = None
    headers: dict[str, str] = {}

    async def made(self, visit: Visit) -> Outcome | Thought | None:
        """What the step answers to a request; `None` leaves the thinking to the mind."""
        if self.make is None:
            return self.thought
        said = self.make(visit)
        return read_said(await said if inspect.isawaitable(said) else said)


def make_step(said: Said | Answering, parts: Reply) -> Step:
    """The step that these words mean. Raises `Misused` for words that mean nothing, or two things."""
    check_names("part of a reply", parts, Reply.__annotations__)
    thinking = {name: parts[name] for name in (*_OF_THOUGHT, *_OF_THOUGHT_TOO) if name in parts}  # type: ignore[literal-required]
    if isinstance(said, str) and thinking and "text" not in thinking:
        thinking, said = {**thinking, "text": said}, None
    whole: list[str] = [name for name in ("thought", "json", "body", "error", "function") if name in parts]
    if "status" in parts and not {"json", "body"} & parts.keys():
        whole.append("status")
    answers = [*(["the first argument"] if said is not None else []), *whole, *(["text"] if thinking else [])]
    if len(answers) > 1:
        raise Misused(
            f"a reply has one answer, and this one has {' and '.join(answers)}", hint="use .then() for the next"
        )
    check_latency(parts.get("delay"))
    step = _of_thought(thinking) if thinking else _of_said(said) if said is not None else _of_whole(parts)
    return msgspec.structs.replace(
        step,
        manner=_manner(parts),
        delay=parts.get("delay"),
        headers={name.lower(): value for name, value in parts.get("headers", {}).items()},
    )


def read_said(said: Any) -> Outcome | Thought | None:
    """What a function of the script gave, as an answer. Raises a `Refusal` that it gave."""
    if isinstance(said, Refusal):
        raise said
    if said is None or isinstance(said, Thought | Outcome):
        return said
    if isinstance(said, str):
        return Thought(text=said)
    if isinstance(said, Mapping):
        return Outcome(body=msgspec.json.encode(said))
    raise Misused(
        f"a scripted function gave {type(said).__name__}, which is no answer",
        hint="give a str, a Thought, a mapping (sent as JSON), an Outcome, a Refusal, or None for the mind's own",
    )


def as_call(call: AnyCall, number: int) -> ToolCall:
    """A tool call from any of the ways to write one.

    >>> as_call(("weather", {"city": "Oslo"}), 0).arguments
    '{"city":"Oslo"}'
    """
    if isinstance(call, ToolCall):
        return call
    fields: Mapping[str, Any] = {"name": call[0], "arguments": call[1]} if isinstance(call, tuple) else call
    check_names("field of a tool call", fields, ("id", "name", "arguments"))
    if "name" not in fields:
        raise Misused("a scripted tool call has no name", hint='write ("weather", {"city": "Oslo"})')
    given = fields.get("arguments", {})
    arguments = given if isinstance(given, str) else msgspec.json.encode(given).decode()
    return ToolCall(
        id=fields.get("id") or call_id(fields["name"], arguments, number), name=fields["name"], arguments=arguments
    )


def call_id(name: str, arguments: str, number: int) -> str:
    """The id of a tool call: the same for the same call."""
    digest = hashlib.sha256(f"{name}\0{arguments}\0{number}".encode()).digest()
    return f"call_{int.from_bytes(digest[:4]) % 100_000_000:08d}"


def _of_thought(parts: dict[str, Any]) -> Step:
    calls = tuple(as_call(call, number) for number, call in enumerate(parts.pop("tool_calls", ())))
    cited = tuple(Citation(url=one) if isinstance(one, str) else one for one in parts.pop("citations", ()))
    pieces = tuple(parts.pop("pieces", ()))
    server_calls = tuple(parts.pop("server_calls", ()))
    text = parts.pop("text", "".join(pieces))
    usage = dict(parts.pop("usage", {}))
    return Step(
        thought=Thought(
            text=text,
            tool_calls=calls,
            citations=cited,
            pieces=pieces,
            server_calls=server_calls,
            usage=usage,
            **parts,
        )
    )


def _of_said(said: Said | Answering) -> Step:
    if callable(said):
        return Step(make=said)
    if isinstance(said, Thought):
        return Step(thought=said)
    return Step(make=lambda _: said)


def _of_whole(parts: Reply) -> Step:
    if "thought" in parts:
        return Step(thought=parts["thought"])
    if "function" in parts:
        return Step(make=parts["function"])
    if "json" in parts or "body" in parts:
        return Step(make=_sender(parts))
    if "error" in parts:
        return Step(make=_refuser(parts["error"], parts))
    return Step(make=_refuser(parts["status"], parts)) if "status" in parts else Step()


def _sender(parts: Reply) -> Answering:
    status, headers = parts.get("status", 200), {**parts.get("headers", {})}
    wait = parts.get("retry_after")
    own = {} if wait is None else {"retry-after": retry_after(wait)}
    media_type = next((value for name, value in headers.items() if name.lower() == "content-type"), JSON)
    body = parts["body"] if "body" in parts else msgspec.json.encode(parts.get("json"))
    return lambda _: Outcome(status=status, body=body, media_type=media_type, headers=own)


def _refuser(error: str | int | Refusal, parts: Reply) -> Answering:
    if isinstance(error, str):
        check_names("error", [error], TROUBLES)

    def refuse(visit: Visit) -> Refusal:
        if isinstance(error, Refusal):
            refused = Refusal(error.status, error.body, error.media_type, headers=error.headers)
        else:
            refused = by_name(error, visit) if isinstance(error, str) else by_status(error, visit)
        return with_retry_after(refused, parts.get("retry_after"))

    return refuse


def _manner(parts: Reply) -> Fault:
    fault = parts.get("fault", NO_FAULT)
    if not isinstance(fault, Fault):
        raise Misused(f"fault is {type(fault).__name__}", hint="write fault=Fault(cut_at_byte=200)")
    return msgspec.structs.replace(fault, pace=parts["pace"]) if "pace" in parts else fault
