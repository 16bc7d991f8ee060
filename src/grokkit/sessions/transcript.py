"""A session as JSON lines, and back; other programs' lines of items are read too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.errors import InvalidRequest
from grokkit.sessions.markdown import from_markdown
from grokkit.sessions.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grokkit.sessions.doctor import Item
    from grokkit.sessions.store import SessionInfo

_FORMAT = "grokkit_session"
_VERSION = 1
_ID_LENGTH = 32
_encode = msgspec.json.Encoder().encode


class Transcript(msgspec.Struct, frozen=True):
    """What an exported session holds."""

    entries: list[Turn]
    name: str = ""
    title: str = ""
    tags: tuple[str, ...] = ()


def to_lines(info: SessionInfo, entries: Iterable[Turn]) -> str:
    """The session whole: a line on what it is, and one for each entry, rewinds and compactions included."""
    about = {_FORMAT: _VERSION, "name": info.name, "title": info.title, "tags": info.tags, "created": info.created}
    return "".join(_encode(line).decode() + "\n" for line in (about, *entries))


def read_transcript(text: str) -> Transcript:
    """The session in a text: JSON lines, ours or items of the Responses API, or our Markdown.

    Raises `InvalidRequest` for a text that is neither.
    """
    if not text.lstrip().startswith("{"):
        title, items = from_markdown(text)
        if not items:
            raise _unreadable("it has neither JSON lines nor a heading such as '## User'")
        return Transcript(as_turns(items), title=title)
    lines = [_line(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if _FORMAT not in lines[0]:
        return Transcript(as_turns(_items(lines)))
    if lines[0][_FORMAT] != _VERSION:
        raise InvalidRequest(
            "the text is a session in a form that this version of grokkit does not know",
            param="text",
            hint="import it with the version that it was exported with, or a later one",
        )
    try:
        about = msgspec.convert({**lines[0], "entries": lines[1:]}, Transcript)
    except msgspec.ValidationError as error:
        raise _unreadable(f"an entry in it is no turn: {error}") from error
    return msgspec.structs.replace(about, entries=[_with_id(entry) for entry in about.entries])


def as_turns(items: Sequence[Item]) -> list[Turn]:
    """Items as turns: a new one begins with each message of the user that follows something of the model's."""
    turns: list[tuple[list[Item], list[Item]]] = []
    for item in items:
        asks = item.get("role") in {"user", "system", "developer"} or str(item.get("type")).endswith("_output")
        if not turns or (asks and turns[-1][1]):
            turns.append(([], []))
        turns[-1][0 if asks else 1].append(item)
    return [Turn(input=asked, output=answered) for asked, answered in turns]


def dated(entries: Sequence[Turn], now: float) -> list[Turn]:
    """The entries, with a time for those of other programs, which have none."""
    return [entry if entry.created else msgspec.structs.replace(entry, created=now) for entry in entries]


def _with_id(entry: Turn) -> Turn:
    """Ids that are not of our making are not of our length either, and stores count on that."""
    known = len(entry.id) == _ID_LENGTH and entry.id.isascii()
    return entry if known else msgspec.structs.replace(entry, id=Turn().id)


def _items(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for item in lines:
        if not item.get("type") and not item.get("role"):
            raise _unreadable("an object in it is no item: it has neither `type` nor `role`")
    return lines


def _line(number: int, line: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _unreadable(f"line {number} is no JSON") from error
    if not isinstance(value, dict):
        raise _unreadable(f"line {number} is no object")
    return value


def _unreadable(why: str) -> InvalidRequest:
    return InvalidRequest(
        f"the text is no session that can be read: {why}", param="text", hint="pass what `export` gave"
    )
