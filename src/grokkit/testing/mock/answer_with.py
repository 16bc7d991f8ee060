"""One answer of a route: what `reply(...)` was given, made into a reply to a certain call."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from grokkit.call import Reply
from grokkit.testing.mock.answers import Said, chat_answer, chat_frames, response, response_frames
from grokkit.testing.mock.refusals import refusal
from grokkit.testing.mock.replies import body_reply, json_reply, stream_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from grokkit.clock import Clock
    from grokkit.testing.mock.recorded import RecordedCall
    from grokkit.testing.mock.replies import Frame
    from grokkit.wire.events import ToolCall

_ERRORS_FROM = 400
_DIALECTS = {"/chat/completions": (chat_answer, chat_frames), "/responses": (response, response_frames)}


class AnswerOptions(TypedDict, total=False):
    """What `reply` and `then` take. At most one kind of content; a status from 400 on has xAI's body for it."""

    text: str
    """What the model says, in the dialect of the path, streamed or plain as the call asks. With a status
    from 400 on, the words of the refusal."""
    tool_calls: Sequence[ToolCall]
    """The calls the model wants made, alone or together with `text`."""
    reasoning: str
    model: str
    """The model that serves; the one asked for when not given."""
    json: Any
    body: bytes
    frames: Iterable[Frame]
    """The data of each event of a stream: values, texts, bytes; a `Pause`, or an error to raise there."""
    done: bool
    """Whether `frames` end with `[DONE]`: yes when not given."""
    error: Exception | type[Exception]
    """Raised by the transport in place of a reply."""
    status: int
    headers: Mapping[str, str]
    delay: float
    """Seconds on the mock's clock before the reply begins."""
    pace: float
    """Seconds on the mock's clock before each frame of a stream."""


_CONTENTS = ("text", "json", "body", "frames", "error")
_NAMES = AnswerOptions.__annotations__.keys()


class Answer:
    """One answer of a route, given `times` times (`None`: as often as asked)."""

    def __init__(
        self, function: Callable[[RecordedCall], Any] | Reply | str | None, options: AnswerOptions, times: int | None
    ) -> None:
        if isinstance(function, str):
            options = {"text": function, **options}
            function = None
        _refuse_nonsense(function, options, times)
        self._function = function
        self._options = options
        self.times = times

    def __str__(self) -> str:
        if self._function is not None:
            return getattr(self._function, "__name__", "a reply")
        return ", ".join(f"{name}={value!r}" for name, value in self._options.items())

    async def to(self, call: RecordedCall, number: int, clock: Clock) -> Reply:
        """The reply to this call, the `number`th that the mock answers."""
        if "delay" in self._options:
            await clock.sleep(self._options["delay"])
        if self._function is None:
            return _made(self._options, call, number, clock)
        result = self._function(call) if callable(self._function) else self._function
        return _as_reply(await result if inspect.isawaitable(result) else result, call, number, clock)


def _as_reply(result: Any, call: RecordedCall, number: int, clock: Clock) -> Reply:
    if isinstance(result, Reply):
        return result
    return _made({"text": result} if isinstance(result, str) else {"json": result}, call, number, clock)


def _made(options: AnswerOptions, call: RecordedCall, number: int, clock: Clock) -> Reply:
    if "error" in options:
        raise options["error"]
    status, headers = options.get("status", 200), options.get("headers")
    if "frames" in options:
        done, pace = options.get("done", True), options.get("pace", 0.0)
        return stream_reply(options["frames"], done=done, headers=headers, status=status, pace=pace, clock=clock)
    if "json" in options:
        return json_reply(options["json"], status=status, headers=headers)
    if "body" in options:
        return body_reply(options["body"], "application/octet-stream", status=status, headers=headers)
    if status >= _ERRORS_FROM:
        body, kind = refusal(status, options.get("text"))
        return body_reply(body, kind, status=status, headers=headers)
    return _spoken(options, call, number, clock)


def _spoken(options: AnswerOptions, call: RecordedCall, number: int, clock: Clock) -> Reply:
    plain, streamed = _DIALECTS.get(call.path.removeprefix("/v1"), (None, None))
    if plain is None or streamed is None:
        raise TypeError(f"text and tool_calls are answers of chat and Responses, and {call.ref} is neither: use json=")
    said = Said(
        id=f"mock-{number}",
        model=options.get("model") or call.model or "grok-4.7",
        text=options.get("text", ""),
        reasoning=options.get("reasoning", ""),
        tool_calls=tuple(options.get("tool_calls", ())),
        asked=max(len(call.content() or b"") // 4, 1),
    )
    headers = {"x-request-id": said.id, **options.get("headers", {})}
    if _wants_stream(call):
        return stream_reply(streamed(said), headers=headers, pace=options.get("pace", 0.0), clock=clock)
    return json_reply(plain(said), headers=headers)


def _wants_stream(call: RecordedCall) -> bool:
    try:
        return call.stream or call.json.get("stream") is True
    except (ValueError, AttributeError):
        return call.stream


def _refuse_nonsense(function: object, options: AnswerOptions, times: int | None) -> None:
    unknown = options.keys() - _NAMES
    if unknown:
        raise TypeError(f"reply() takes no {', '.join(sorted(unknown))}; it takes {', '.join(_NAMES)}, times")
    contents = [name for name in _CONTENTS if name in options]
    if len(contents) > 1 or (function is not None and options.keys() - {"delay"}):
        given = ["a function", *options] if function is not None else contents
        raise TypeError(f"reply() takes one kind of content, not {' and '.join(given)} together")
    if function is None and not options:
        raise TypeError(f"reply() needs something to reply with: {', '.join(_NAMES)}, or a function")
    if times is not None and times < 1:
        raise TypeError(f"times={times}: an answer is given at least once")
    if "json" in options:
        msgspec.json.encode(options["json"])
