"""An exchange in words: what was asked, what came back, which events a stream had. Short, and without secrets."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.errors import GrokError
from grokkit.masking import mask_keys
from grokkit.testing.cassette.scrub import Scrubber
from grokkit.wire.sse import SSEDecoder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from grokkit.testing.pytest_plugin.exchanges import Exchange
    from grokkit.testing.simulator import Seen

_LONGEST_TEXT = 300
_MOST_ITEMS = 12
_LONGEST_BODY = 2000
_DONE = b"[DONE]"
_DELTAS = (
    ("content", "text"),
    ("reasoning_content", "reasoning"),
    ("tool_calls", "tool call"),
)


def exchange_lines(exchange: Exchange, seen: Seen | None) -> Iterator[str]:
    """An exchange; `seen` is what the simulator knows of it."""
    call, scrubber = exchange.call, Scrubber()
    scrubber.learn(call)
    yield f"{exchange.number}. {call.ref} -> {_outcome(exchange)}"
    ids = {"request": exchange.request_id, "client": call.id}
    yield "   ids: " + ", ".join(f"{name} {scrubber.text(value)}" for name, value in ids.items() if value)
    if content := _content(exchange):
        yield f"   asked: {_body(content, scrubber)}"
    if exchange.size:
        yield from (f"   {line}" for line in _reply_lines(exchange, scrubber))
    if exchange.error is not None:
        yield f"   then: {_error(exchange.error)}"
    if seen is not None:
        yield from _script_lines(seen)


def seen_lines(seen: Seen) -> Iterator[str]:
    """A request that came to the simulator from elsewhere: over a socket."""
    yield f"-  {seen!r}, {seen.frames} events, {seen.sent} bytes{', the caller left' if seen.disconnected else ''}"
    yield f"   ids: request {seen.id}"
    if seen.content:
        yield f"   asked: {_body(seen.content, Scrubber())}"
    yield from _script_lines(seen)


def event_names(frames: Iterable[bytes]) -> list[str]:
    """The kinds of events, in their order, each run of the same kind as one.

    >>> event_names([b'{"type":"a"}', b'{"type":"b"}', b'{"type":"b"}', b"[DONE]"])
    ['a', 'b x2', '[DONE]']
    """
    named = [(name, len(list(run))) for name, run in itertools.groupby(map(_event_name, frames))]
    return [name if count == 1 else f"{name} x{count}" for name, count in named]


def _outcome(exchange: Exchange) -> str:
    if exchange.status is None:
        return "no reply"
    left = "" if exchange.ended or exchange.error else ", not read to its end"
    return f"{exchange.status}{left}"


def _content(exchange: Exchange) -> bytes | None:
    try:
        return exchange.call.content()
    except GrokError:
        return None


def _reply_lines(exchange: Exchange, scrubber: Scrubber) -> Iterator[str]:
    if "event-stream" not in exchange.headers.get("content-type", ""):
        yield f"replied: {_body(bytes(exchange.body), scrubber)}"
        return
    decoder = SSEDecoder(max_event_size=len(exchange.body) + 1)
    frames = [event.data for event in [*decoder.feed(bytes(exchange.body)), *decoder.close()]]
    yield f"events ({len(frames)}): {scrubber.text(', '.join(event_names(frames)))}"
    values = [value for frame in frames if isinstance(value := _decoded(frame), dict)]
    if text := "".join(map(_piece, values)):
        yield f"said: {_shortened(scrubber.text(text))!r}"
    if calls := [call for value in values for call in _calls(value)]:
        yield f"called: {_shortened(scrubber.text(', '.join(calls)))}"
    if usage := next((found for value in reversed(values) if (found := _usage(value))), None):
        yield f"usage: {json.dumps(_short(usage))}"
    if frames and not _is_good_end(frames[-1]):
        yield f"last: {_body(frames[-1], scrubber)}"


def _event_name(frame: bytes) -> str:
    value = _decoded(frame)
    if not isinstance(value, dict):
        return frame.decode("utf-8", "replace") if frame == _DONE else "not JSON"
    if isinstance(value.get("type"), str):
        return str(value["type"])
    delta = _delta(value)
    name = next((name for field, name in _DELTAS if delta.get(field)), None)
    return name or next((name for name in ("error", "usage", "choices") if value.get(name)), "other")


def _piece(value: Mapping[str, Any]) -> str:
    """The text that an event adds to the answer."""
    piece = value.get("delta") if value.get("type") == "response.output_text.delta" else _delta(value).get("content")
    return piece if isinstance(piece, str) else ""


def _calls(value: Mapping[str, Any]) -> Iterator[str]:
    """The function calls that an event brings, in either dialect."""
    item = value.get("item")
    if value.get("type") == "response.output_item.done" and isinstance(item, dict):
        if item.get("type") == "function_call":
            yield f"{item.get('name')}({item.get('arguments')})"
        return
    for call in _delta(value).get("tool_calls") or ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            yield f"{function.get('name') or '...'}({function.get('arguments')})"


def _usage(value: Mapping[str, Any]) -> Any:
    response = value.get("response")
    return response.get("usage") if isinstance(response, dict) else value.get("usage")


def _is_good_end(frame: bytes) -> bool:
    value = _decoded(frame)
    return frame == _DONE or (isinstance(value, dict) and value.get("type") == "response.completed")


def _delta(value: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = value.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    delta = first.get("delta")
    return delta if isinstance(delta, dict) else {}


def _body(content: bytes, scrubber: Scrubber) -> str:
    value = _decoded(content)
    if value is None:
        text = scrubber.data(content[:_LONGEST_BODY]).decode("utf-8", "replace")
        return _cut(scrubber.text(repr(text) if "\0" in text else text), _LONGEST_TEXT)
    return _cut(json.dumps(_short(scrubber.value(value)), ensure_ascii=False), _LONGEST_BODY)


def _short(value: Any) -> Any:
    """The value with long texts and lists cut."""
    if isinstance(value, str):
        return _shortened(value)
    if isinstance(value, dict):
        return {name: _short(item) for name, item in value.items() if item not in (None, [], {})}
    if isinstance(value, list):
        more = [f"... {len(value) - _MOST_ITEMS} more"] if len(value) > _MOST_ITEMS else []
        return [_short(item) for item in value[:_MOST_ITEMS]] + more
    return value


def _script_lines(seen: Seen) -> Iterator[str]:
    if seen.rule:
        yield f"   answered by: {mask_keys(seen.rule)}"
    if seen.fault:
        yield f"   fault: {seen.fault}"


def _decoded(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _error(error: BaseException) -> str:
    line = str(error).partition("\n")[0]
    return mask_keys(f"{type(error).__name__}: {line}" if line else type(error).__name__)


def _shortened(text: str) -> str:
    return _cut(text, _LONGEST_TEXT)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}... ({len(text)} characters)"
