"""Chat Completions: chunks in, events out, and the completion they add up to.

Nothing that the server says is lost, known to this version or not; `grokkit.wire.adding` has the rule for what is
unknown. A chunk is merged whole unless it equals the last one merged, byte for byte, in all but its text or its
reasoning: then it has nothing else to say, and only that piece is taken (`grokkit.wire.stencil`). A stream in which
no two chunks are alike is merged whole to its end.
"""

from collections.abc import Iterable
from typing import Any

from grokkit.errors import ReplyUnreadable, StreamCorrupted
from grokkit.wire.adding import replaced
from grokkit.wire.chat import ChatChunk
from grokkit.wire.chat_choice import OpenChoice
from grokkit.wire.error_body import in_stream_error
from grokkit.wire.events import Citation, CitationAdded, OtherEvent, ReasoningDelta, StreamEvent, TextDelta
from grokkit.wire.extra import objects
from grokkit.wire.reading import Reader, read_object
from grokkit.wire.stencil import Stencil

_read = Reader(ChatChunk)
_FIRST_STANDS = frozenset({"id", "created", "model"})
_NO_FRAME = b"{}"
_MOST_UNUSED = 8


class ChatAccumulator:
    """The state of one streamed chat completion.

    >>> accumulator = ChatAccumulator()
    >>> [event.text for event in accumulator.push(b'{"choices":[{"index":0,"delta":{"content":"Hi"}}]}')]
    ['Hi']
    >>> accumulator.raw()["choices"][0]["message"]["content"]
    'Hi'
    """

    ends_itself = False  # usage follows the finish

    def __init__(self) -> None:
        self.begun = False
        self.finished = False
        self._choices: dict[int, OpenChoice] = {}
        self._head: dict[str, Any] = {"id": "", "object": "chat.completion", "created": 0, "model": ""}
        self._citations: set[str] = set()
        self._whole: dict[str, Any] | None = None
        self._repeated: Stencil | None = None
        self._unused = 0
        self._pieces: list[str] = []
        self._event: type[TextDelta | ReasoningDelta] = TextDelta
        self._index = 0

    def push(self, frame: bytes) -> Iterable[StreamEvent]:
        """See `Accumulator.push`."""
        if self._repeated is not None:
            piece = self._repeated.text_of(frame)
            if piece:
                self._unused = 0
                self._pieces.append(piece)
                return (self._event(frame, piece, self._index),)
        try:
            raw = read_object(frame)
        except ReplyUnreadable as error:
            raise StreamCorrupted(error.message, hint=error.hint) from error
        return self._merge(frame, raw)

    def push_whole(self, body: bytes) -> Iterable[StreamEvent]:
        """See `Accumulator.push_whole`."""
        raw = read_object(body)
        events = self._merge(body, raw)
        self._whole = raw
        return events

    def end(self) -> Iterable[StreamEvent]:
        """See `Accumulator.end`."""
        self.finished = True
        return [event for choice in self._choices.values() for event in choice.end(_NO_FRAME)]

    def raw(self) -> dict[str, Any]:
        """See `Accumulator.raw`."""
        if self._whole is not None:
            return self._whole
        return self._head | {"choices": [self._choices[index].raw() for index in sorted(self._choices)]}

    def _merge(self, frame: bytes, raw: dict[str, Any]) -> list[StreamEvent]:
        choices = [_as_chunk(choice) for choice in objects(raw.get("choices"))]
        if raw.get("error") or not choices:
            error = in_stream_error(raw)
            if error is not None:
                raise error
        chunk = _read.convert(raw | {"choices": choices})
        self.begun = True
        self._merge_head(raw)
        events: list[StreamEvent] = []
        for choice, choice_raw in zip(chunk.choices, choices, strict=True):
            events += self._choice(choice.index).add(frame, choice, choice_raw)
        events += self._new_citations(frame, chunk.citations or ())
        self.finished = self._is_finished(chunk)
        self._repeated = self._cut(frame, choices, events)
        return events if events or choices else [OtherEvent(frame, chunk.object or "chat.completion.chunk")]

    def _merge_head(self, raw: dict[str, Any]) -> None:
        for name, value in raw.items():
            before = self._head.get(name)
            if name in _FIRST_STANDS:
                self._head[name] = before or value
            elif name not in {"choices", "object"}:
                self._head[name] = replaced(before, value)

    def _choice(self, index: int) -> OpenChoice:
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = OpenChoice(index)
        return choice

    def _new_citations(self, frame: bytes, urls: Iterable[str]) -> list[StreamEvent]:
        new = [url for url in dict.fromkeys(urls) if url not in self._citations]
        self._citations.update(new)
        return [CitationAdded(frame, Citation(url=url)) for url in new]

    def _is_finished(self, chunk: ChatChunk) -> bool:
        """Every answer said why it ended; or the usage came, alone, which is the last thing to come."""
        counts = bool(chunk.usage and not chunk.choices)
        return bool(self._choices) and (counts or all(choice.finish_reason for choice in self._choices.values()))

    def _cut(self, frame: bytes, choices: list[dict[str, Any]], events: list[StreamEvent]) -> Stencil | None:
        """What the next chunks probably look like, after one that brought a piece of text and no more."""
        if len(events) != 1 or len(choices) != 1 or self._unused > _MOST_UNUSED:
            return None
        event = events[0]
        if isinstance(event, TextDelta):
            field, self._pieces = "content", self._choice(event.choice).text
        elif isinstance(event, ReasoningDelta):
            field, self._pieces = "reasoning_content", self._choice(event.choice).reasoning
        else:
            return None
        if not _says_only(choices[0], field):
            return None
        self._unused += 1
        self._event, self._index = type(event), event.choice
        stencil = Stencil.cut(frame, field.encode(), event.text)
        return stencil if stencil and _is_cut_right(stencil, field, event.text + "?") else None


def _as_chunk(choice: dict[str, Any]) -> dict[str, Any]:
    """A choice of a chunk; that of a plain reply holds the same in its message."""
    return choice if "delta" in choice or "message" not in choice else choice | {"delta": choice["message"]}


def _says_only(choice: dict[str, Any], field: str) -> bool:
    """Whether nothing but this field of the choice's delta would add up if it were said once more."""
    return not choice.get("logprobs") and all(
        name in {field, "role"} or value is None for name, value in choice.get("delta", {}).items()
    )


def _is_cut_right(stencil: Stencil, field: str, probe: str) -> bool:
    """Whether another text in the stencil is another text of the delta."""
    choices = _read.read(stencil.filled(probe)).choices
    return bool(choices) and getattr(choices[0].delta, field) == probe
