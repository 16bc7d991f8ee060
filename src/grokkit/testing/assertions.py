"""Assertions about tool calls, tokens and cost, whose messages show what there was instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec

from grokkit.masking import mask_keys
from grokkit.testing.mock.matching import fragment_differences, shown
from grokkit.wire.events import ToolCall
from grokkit.wire.usage import TICKS_PER_USD, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SHOWN = 200


class HasToolCalls(Protocol):
    """An answer: what the model wants called."""

    @property
    def tool_calls(self) -> Sequence[ToolCall]:
        """The calls."""
        ...


class _Request(Protocol):
    @property
    def json(self) -> Any: ...


class HasCalls(Protocol):
    """A `MockTransport` or a `Simulator`: what was asked of it."""

    @property
    def calls(self) -> Sequence[_Request]:
        """The requests."""
        ...


class HasUsage(Protocol):
    """An answer."""

    @property
    def usage(self) -> Usage:
        """What it took."""
        ...


Called: TypeAlias = HasToolCalls | HasCalls
Used: TypeAlias = "Usage | HasUsage | Iterable[Usage | HasUsage]"


def assert_called(subject: Called, tool: str, /, **arguments: Any) -> ToolCall:
    """Give the first call of a tool with these arguments, among others it may have; fail when there is none.

    Of an `Answer`, these are the calls that the model wants. Of a `MockTransport` or a `Simulator`, they are
    the calls in the conversations that the program sent back, hence those that it has handled. An argument
    may be `...` for anything, a pattern that has to be found, or a function that says yes; objects may have
    more fields than given.

    >>> from grokkit import Grok
    >>> from grokkit.testing import MockTransport
    >>> mock = MockTransport()
    >>> wanted = ToolCall(id="call_1", name="weather", arguments='{"city": "Oslo", "days": 2}')
    >>> _ = mock.on().reply(tool_calls=[wanted])
    >>> answer = Grok(api_key="test", transport=mock).ask("Rain in Oslo?")
    >>> assert_called(answer, "weather", city="Oslo").id
    'call_1'
    >>> assert_called(answer, "weather", city="Bergen")
    Traceback (most recent call last):
    AssertionError: weather(city='Bergen') was not called
      there was: weather(city='Oslo', days=2)
      nearest: weather(city='Oslo', days=2)
        /city: wanted 'Bergen', was 'Oslo'
    """
    __tracebackhide__ = True
    found = _tool_calls(subject)
    fitting = _fitting(found, tool, arguments)
    if not fitting:
        raise AssertionError(_why_not_called(found, tool, arguments))
    return fitting[0]


def assert_not_called(subject: Called, tool: str | None = None, /, **arguments: Any) -> None:
    """Fail when a tool was called: any tool, this one, or this one with these arguments. See `assert_called`."""
    __tracebackhide__ = True
    found = _tool_calls(subject)
    unwanted = found if tool is None else _fitting(found, tool, arguments)
    if unwanted:
        what = "no tool" if tool is None else _told(tool, arguments)
        raise AssertionError(f"{what} was to be called, and there was: {', '.join(map(_call_told, unwanted))}")


def assert_cost_below(subject: Used, *, usd: float) -> None:
    """Fail unless an answer, a `Usage`, or several together cost less than this.

    >>> assert_cost_below(Usage(input_tokens=10, output_tokens=5, total_tokens=15, cost_ticks=300_000), usd=0.01)
    >>> assert_cost_below(Usage(input_tokens=10, output_tokens=5, total_tokens=15, cost_ticks=300_000), usd=0.00001)
    Traceback (most recent call last):
    AssertionError: it cost $0.00003, and less than $0.00001 was expected: 10 tokens in (0 cached), 5 out (0 reasoning)
    """
    __tracebackhide__ = True
    usages = _usages(subject)
    if any(usage.cost_ticks is None for usage in usages):
        raise AssertionError(
            "what it cost is not known: the server did not say, and the catalogue has no price of the model"
        )
    cost = sum(usage.cost_ticks or 0 for usage in usages) / TICKS_PER_USD
    if not cost < usd:
        estimated = " (estimated)" if any(usage.estimated for usage in usages) else ""
        raise AssertionError(
            f"it cost {_dollars(cost)}{estimated}, and less than {_dollars(usd)} was expected: {_tokens(usages)}"
        )


def assert_tokens_below(
    subject: Used,
    *,
    total: int | None = None,
    input: int | None = None,
    output: int | None = None,
    reasoning: int | None = None,
) -> None:
    """Fail unless an answer, a `Usage`, or several together took fewer tokens. `output` includes the reasoning.

    >>> usage = Usage(input_tokens=10, output_tokens=25, total_tokens=35)
    >>> assert_tokens_below(usage, total=100)
    >>> assert_tokens_below(usage, input=20, output=20)
    Traceback (most recent call last):
    AssertionError: 25 output tokens, and fewer than 20 were expected: 10 tokens in (0 cached), 25 out (0 reasoning)
    """
    __tracebackhide__ = True
    limits = {"total": total, "input": input, "output": output, "reasoning": reasoning}
    if all(limit is None for limit in limits.values()):
        raise TypeError("assert_tokens_below needs a limit: total=, input=, output= or reasoning=")
    usages = _usages(subject)
    for name, limit in limits.items():
        used = sum(getattr(usage, f"{name}_tokens") for usage in usages)
        if limit is not None and used >= limit:
            raise AssertionError(f"{used} {name} tokens, and fewer than {limit} were expected: {_tokens(usages)}")


def _tool_calls(subject: Called) -> list[ToolCall]:
    wanted = getattr(subject, "tool_calls", None)
    if wanted is not None:
        return list(wanted)
    requests: Sequence[_Request] | None = getattr(subject, "calls", None)
    if requests is None:
        raise TypeError(f"{type(subject).__name__} has no tool calls: pass an Answer, a MockTransport or a Simulator")
    handled = (call for request in requests for call in _handled(request))
    return list({call.id: call for call in handled}.values())


def _handled(request: _Request) -> Iterator[ToolCall]:
    """The tool calls in the conversation of a request, in either dialect."""
    try:
        body = request.json
    except ValueError:
        return
    for item in _objects(body, "messages"):
        for call in _objects(item, "tool_calls"):
            yield _call(call.get("id"), call.get("function") or {})
    for item in _objects(body, "input"):
        if item.get("type") == "function_call":
            yield _call(item.get("call_id"), item)


def _objects(value: Any, name: str) -> list[Mapping[str, Any]]:
    items = value.get(name) if isinstance(value, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _call(id: str | None, function: Mapping[str, Any]) -> ToolCall:
    return ToolCall(id=id or "", name=function.get("name") or "", arguments=function.get("arguments") or "")


def _fitting(calls: Iterable[ToolCall], tool: str, arguments: Mapping[str, Any]) -> list[ToolCall]:
    named = (call for call in calls if call.name == tool)
    return [call for call in named if not fragment_differences(arguments, _arguments(call))]


def _why_not_called(found: Sequence[ToolCall], tool: str, arguments: Mapping[str, Any]) -> str:
    lines = [f"{_told(tool, arguments)} was not called"]
    lines.append(f"  there was: {', '.join(map(_call_told, found))}" if found else "  no tool was called at all")
    compared = [(fragment_differences(arguments, _arguments(call)), call) for call in found if call.name == tool]
    if compared:
        differences, nearest = min(compared, key=lambda pair: len(pair[0]))
        lines += [f"  nearest: {_call_told(nearest)}", *(f"    {line}" for line in differences)]
    return "\n".join(lines)


def _arguments(call: ToolCall) -> Any:
    try:
        return msgspec.json.decode(call.arguments or "{}")
    except msgspec.DecodeError:
        return call.arguments


def _call_told(call: ToolCall) -> str:
    arguments = _arguments(call)
    told = _told(call.name, arguments) if isinstance(arguments, dict) else f"{call.name}({call.arguments!r})"
    return mask_keys(told if len(told) <= _SHOWN else f"{told[:_SHOWN]}...)")


def _told(tool: str, arguments: Mapping[str, Any]) -> str:
    return f"{tool}({', '.join(f'{name}={shown(value)}' for name, value in arguments.items())})"


def _usages(subject: Used) -> list[Usage]:
    if isinstance(subject, Usage):
        return [subject]
    usage = getattr(subject, "usage", None)
    if isinstance(usage, Usage):
        return [usage]
    if isinstance(subject, str) or not isinstance(subject, Iterable):
        raise TypeError(f"{type(subject).__name__} has no usage: pass an Answer, a Usage, or several of them")
    return [found for each in subject for found in _usages(each)]


def _tokens(usages: Sequence[Usage]) -> str:
    known = ("input", "cached", "output", "reasoning")
    sums = {name: sum(getattr(usage, f"{name}_tokens") for usage in usages) for name in known}
    return "{input} tokens in ({cached} cached), {output} out ({reasoning} reasoning)".format(**sums)


def _dollars(amount: float) -> str:
    return f"${amount:.10f}".rstrip("0").rstrip(".")
