"""A turn: what was asked, what came of it. Turns are only ever added; what they mean together is worked out here."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from grokkit.sessions.doctor import Item
from grokkit.wire.usage import Usage

_TEXTS = ("input_text", "output_text", "text")


class Head(msgspec.Struct, frozen=True, omit_defaults=True):
    """Marks of what stood before the items in a prompt: equal marks mean that nothing changed."""

    model: str = ""
    instructions: str = ""
    tools: tuple[str, ...] = ()
    text: str = ""
    """The form that was asked of the answer."""


class Turn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of a session. A rewind and a compaction are entries too, so that nothing is ever lost.

    >>> Turn(input=[{"role": "user", "content": "Hi"}], output=[{"role": "assistant", "content": "Hello!"}]).said
    'Hi\\nHello!'
    """

    id: str = msgspec.field(default_factory=lambda: uuid.uuid4().hex)
    kind: Literal["turn", "compaction", "rewind"] = "turn"
    input: list[Item] = []
    """What was asked: messages, results of tools."""
    output: list[Item] = []
    """What the model made of it, or what a compaction put in the place of all before."""
    partial: bool = False
    """Whether the answer was cut off, or left before its end."""
    broke: str | None = None
    """What cut it off, by the name of the error."""
    created: float = 0.0
    """Seconds since 1970."""
    model: str = ""
    """The model that answered."""
    request_id: str | None = None
    usage: Usage | None = None
    context_tokens: int = 0
    """How long the conversation was with this turn's answer, as far as is known."""
    based_on: int = 0
    """The version of the session that the model had seen: others may have added turns since."""
    upto: int = 0
    """For a rewind the version gone back to; for a compaction the last one that is in it."""
    copied: bool = False
    """Whether it was taken over from another session, where its usage counts."""
    head: Head | None = None

    @property
    def said(self) -> str:
        """All that was said in it, as plain text."""
        return "\n".join(text for item in (*self.input, *self.output) if (text := item_text(item)))


class Placed(NamedTuple):
    """A turn and its version: 1 for the first entry of a session."""

    version: int
    turn: Turn


def item_text(item: Item) -> str:
    """The text of a message; empty for what is none.

    >>> item_text({"role": "user", "content": [{"type": "input_text", "text": "Hi"}, {"type": "input_image"}]})
    'Hi'
    """
    content = item.get("content") if item.get("type") in {None, "message"} else None
    if isinstance(content, str):
        return content
    parts: list[Any] = content if isinstance(content, list) else []
    return "".join(_part_text(part) for part in parts if isinstance(part, dict))


def _part_text(part: dict[str, Any]) -> str:
    text = part.get("text")
    return text if part.get("type") in _TEXTS and isinstance(text, str) else ""


def live(entries: Iterable[Turn]) -> list[Placed]:
    """The entries that count: those that no later one rewound.

    >>> turns = [Turn(id="1"), Turn(id="2"), Turn(kind="rewind", upto=1), Turn(id="3")]
    >>> [(version, turn.id) for version, turn in live(turns)]
    [(1, '1'), (4, '3')]
    """
    kept: list[Placed] = []
    for version, turn in enumerate(entries, 1):
        if turn.kind != "rewind":
            kept.append(Placed(version, turn))
            continue
        while kept and kept[-1].version > turn.upto:
            kept.pop()
    return kept


def turns_only(placed: Iterable[Placed]) -> list[Placed]:
    """What was said and answered, without the compactions in between."""
    return [one for one in placed if one.turn.kind == "turn"]


def end_of_first(placed: Sequence[Placed], count: int | None) -> int:
    """The version at which the first turns end (so many, or but so many where negative): right before the next one.

    What made them short, after they were said, belongs to them.

    >>> entries = [Turn(id="1"), Turn(kind="compaction", upto=1), Turn(id="3")]
    >>> [end_of_first(live(entries), count) for count in (0, 1, -1, None)]
    [0, 2, 2, 3]
    """
    said = turns_only(placed)
    left_out = said[len(said[:count]) :]
    if left_out:
        return left_out[0].version - 1
    return placed[-1].version if placed else 0


def items_of(placed: Sequence[Placed]) -> list[Item]:
    """What the model is to be told of all this: the last compaction in place of what it holds, then turn by turn."""
    compaction = next((one.turn for one in reversed(placed) if one.turn.kind == "compaction"), None)
    items = [] if compaction is None else list(compaction.output)
    held = 0 if compaction is None else compaction.upto
    for version, turn in turns_only(placed):
        if version > held:
            items += [*turn.input, *turn.output]
    return items
