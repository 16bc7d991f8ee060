"""The output items of a streamed response while they arrive, and how they come to be what a plain reply has."""

from typing import Any, NamedTuple

from grokkit.wire.extra import objects


class Place(NamedTuple):
    """Where in an item a streamed text belongs: into parts of a list, or into a field of its own."""

    item: str
    """The type of the item."""
    holder: str
    """The item's field."""
    part: str | None = None
    """The type of the part; None where the text is the field itself."""

    @property
    def field(self) -> str:
        """The name of the text itself, in the part and in the events that tell it whole."""
        if self.part is None:
            return self.holder
        return "refusal" if self.part == "refusal" else "text"


OUTPUT_TEXT = Place("message", "content", "output_text")
REFUSAL = Place("message", "content", "refusal")
REASONING_TEXT = Place("reasoning", "content", "reasoning_text")
REASONING_SUMMARY = Place("reasoning", "summary", "summary_text")
ARGUMENTS = Place("function_call", "arguments")

_EMPTY: tuple[object, ...] = (None, "", [], {})
_NAMES = ("type", "id", "call_id", "name")


class OpenText:
    """One text of an item, in pieces, and what was said of the part around it."""

    __slots__ = ("annotations", "part", "pieces", "place")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.pieces: list[str] = []
        self.part: dict[str, Any] = {}
        self.annotations: list[dict[str, Any]] = []

    def settle(self, whole: str) -> str:
        """The text is known to its end; what of it had not been told yet."""
        told = "".join(self.pieces)
        if whole == told or not whole:
            return ""
        self.pieces = [whole]
        return whole[len(told) :] if whole.startswith(told) else ""

    def assembled(self) -> str | dict[str, Any]:
        """The text, within its part where it has one."""
        text = "".join(self.pieces)
        if self.place.part is None:
            return text
        around: dict[str, Any] = {"type": self.place.part}
        if self.place.part == "output_text":
            around |= {"logprobs": [], "annotations": []}
        around |= self.part
        around[self.place.field] = text or around.get(self.place.field, "")
        return around | {"annotations": self.annotations} if self.annotations else around


class OpenItem:
    """What is known of an item: what the server said of it, and its texts so far."""

    __slots__ = ("done", "index", "position", "raw", "texts")

    def __init__(self, index: int | None, position: int, kind: str | None) -> None:
        self.index = index
        self.position = position
        self.raw: dict[str, Any] = {"type": kind} if kind else {}
        self.done = False
        self.texts: dict[tuple[str, int], OpenText] = {}

    @property
    def type(self) -> str:
        """The item's type; empty when nothing tells it."""
        kind = self.raw.get("type")
        return kind if isinstance(kind, str) else ""

    def text(self, place: Place, index: int | None) -> OpenText:
        """One of its texts; `index` counts the parts of one holder, and None means the last one in this place."""
        if index is None:
            index = max((at for (_, at), text in self.texts.items() if text.place is place), default=None)
        text = self.texts.get((place.holder, index)) if index is not None else None
        return text or self.begin(place, index)

    def begin(self, place: Place, index: int | None) -> OpenText:
        """A text that begins, after those there are in its holder when nothing tells its `index`."""
        if index is None:
            index = max((at + 1 for holder, at in self.texts if holder == place.holder), default=0)
        return self.texts.setdefault((place.holder, index), OpenText(place))

    def finish(self, raw: dict[str, Any]) -> None:
        """The server gave the item whole."""
        self.raw = filled(raw, self.lasting())
        self.done = True

    def lasting(self) -> dict[str, Any]:
        """What holds for the item whatever is said of it later: all of it when it was given whole, else its
        names and its texts. What else an item begins with (`arguments`, an `action`) may give way to other fields.
        """
        names = {name: self.raw[name] for name in _NAMES if name in self.raw}
        return self.raw if self.done else self._with_texts(names)

    def assembled(self) -> dict[str, Any]:
        """The item as it stands, in the shape the server would give it."""
        if self.done or not self.texts:
            return self.raw
        item = self._with_texts(self.raw)
        return {"role": "assistant"} | item if item.get("type") == "message" else item

    def closed(self, status: str) -> dict[str, Any]:
        """The item as it stands at the end of the response, whose status it shares when nothing said it was done."""
        item = self.assembled()
        return item if self.done else item | {"status": status}

    def _with_texts(self, item: dict[str, Any]) -> dict[str, Any]:
        whole = dict(item)
        for (holder, index), text in sorted(self.texts.items(), key=lambda entry: entry[0]):
            told = text.assembled()
            if isinstance(told, dict):
                whole[holder] = _with_part(objects(whole.get(holder)), index, told)
            elif told:
                whole[holder] = told
        return whole


def filled(raw: dict[str, Any], earlier: dict[str, Any]) -> dict[str, Any]:
    """An item or a part, with what it lacks, but for its status, taken from what was said of it earlier.

    >>> filled({"type": "reasoning", "summary": []}, {"encrypted_content": "x", "summary": [{"text": "So"}]})
    {'type': 'reasoning', 'summary': [{'text': 'So'}], 'encrypted_content': 'x'}
    """
    whole = dict(raw)
    for name, before in earlier.items():
        value = whole.get(name)
        if name == "status" or before in _EMPTY:
            continue
        if value in _EMPTY:
            whole[name] = before
        elif name in {"content", "summary"} and isinstance(value, list) and isinstance(before, list):
            pairs = zip(value, before, strict=False)
            first = [filled(part, old) if _are_alike(part, old) else part for part, old in pairs]
            whole[name] = [*first, *value[len(first) :]]
    return whole


def match(final: list[dict[str, Any]], seen: list[OpenItem]) -> list[OpenItem | None]:
    """For each item of a whole response the one seen on the way, if any: by type and id, else by type, in order."""
    left = list(seen)
    matched: list[OpenItem | None] = [_taken(left, item, same_id=True) for item in final]
    return [was or _taken(left, item, same_id=False) for was, item in zip(matched, final, strict=True)]


def _taken(left: list[OpenItem], item: dict[str, Any], *, same_id: bool) -> OpenItem | None:
    for candidate in left:
        if candidate.raw.get("type") == item.get("type") and (
            not same_id or (item.get("id") and candidate.raw.get("id") == item.get("id"))
        ):
            left.remove(candidate)
            return candidate
    return None


def _with_part(parts: list[dict[str, Any]], index: int, part: dict[str, Any]) -> list[dict[str, Any]]:
    if 0 <= index < len(parts):
        return [*parts[:index], parts[index] | part, *parts[index + 1 :]]
    return [*parts, part]


def _are_alike(part: object, earlier: object) -> bool:
    return isinstance(part, dict) and isinstance(earlier, dict) and part.get("type") == earlier.get("type")
