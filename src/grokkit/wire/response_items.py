"""One output item of a streamed response while it arrives."""

from typing import Any

_PART_TYPES = {
    "text": "output_text",
    "refusal": "refusal",
    "summary": "summary_text",
    "reasoning": "reasoning_text",
}
_HOLDERS = {"text": "content", "refusal": "content", "summary": "summary", "reasoning": "content"}
_KINDS_OF_ITEM = {
    "text": "message",
    "summary": "reasoning",
    "reasoning": "reasoning",
    "arguments": "function_call",
}


class OpenItem:
    """What is known of an item: what the server said of it, and the pieces of its texts."""

    __slots__ = ("annotations", "done", "pieces", "position", "raw")

    def __init__(self, position: int) -> None:
        self.position = position
        self.raw: dict[str, Any] = {}
        self.done = False
        self.pieces: dict[tuple[str, int], list[str]] = {}
        self.annotations: list[dict[str, Any]] = []

    def add(self, kind: str, part: int, piece: str) -> None:
        """More of one of its texts."""
        pieces = self.pieces.get((kind, part))
        if pieces is None:
            self.pieces[kind, part] = [piece]
        else:
            pieces.append(piece)

    def settle(self, kind: str, part: int, whole: str) -> str:
        """The text is known to its end; what of it had not been told yet."""
        told = "".join(self.pieces.get((kind, part), ()))
        self.pieces[kind, part] = [whole]
        return whole[len(told) :] if whole.startswith(told) else ""

    def finish(self, raw: dict[str, Any]) -> None:
        """The server gave the item whole."""
        self.raw = filled(raw, self.assembled())
        self.done = True

    def assembled(self) -> dict[str, Any]:
        """The item as it stands, in the shape the server would give it."""
        if self.done:
            return self.raw
        item = dict(self.raw)
        for (kind, part), pieces in sorted(self.pieces.items()):
            item.setdefault("type", _KINDS_OF_ITEM.get(kind, ""))
            text = "".join(pieces)
            holder = _HOLDERS.get(kind)
            if holder is None:
                item[kind] = text
            else:
                item[holder] = _with_text(item.get(holder), part, _PART_TYPES[kind], text)
        if self.annotations and item.get("content"):
            first, *others = item["content"]
            item["content"] = [first | {"annotations": self.annotations}, *others]
        if item.get("type") == "message":
            item.setdefault("role", "assistant")
        return item


def filled(raw: dict[str, Any], earlier: dict[str, Any]) -> dict[str, Any]:
    """An item, with what it lacks taken from what was said of it earlier."""
    missing = {name: value for name, value in earlier.items() if raw.get(name) in (None, "", [])}
    return raw | missing if missing else raw


def _with_text(parts: Any, index: int, kind: str, text: str) -> list[dict[str, Any]]:
    kept = [dict(part) for part in parts or ()]
    while len(kept) <= index:
        blank = {"type": kind, "text": ""}
        kept.append(blank | {"logprobs": [], "annotations": []} if kind == "output_text" else blank)
    kept[index]["text"] = text
    return kept
