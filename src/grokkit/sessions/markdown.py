"""A conversation as Markdown for people, and back: headings say who speaks, calls and results are JSON in fences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.sessions.turn import item_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grokkit.sessions.doctor import Item
    from grokkit.sessions.turn import Turn

_SPEAKERS = {"user": "User", "assistant": "Grok", "system": "System", "developer": "Developer"}
_ROLES = {name: role for role, name in _SPEAKERS.items()}
_TOOL = "Tool"
_CUT = "*(cut off)*"
_OURS = re.compile(rf"(\\*)(# [^\n]*|## (?:User|Grok|System|Developer|Tool)|{re.escape(_CUT)})[ \t\r]*")
"""A line that is ours, or would be without its backslashes. Lines end with a line feed alone: what else ends lines
elsewhere may stand in what was said."""
_SILENT = {"reasoning", "compaction"}


def to_markdown(title: str, turns: Iterable[Turn]) -> str:
    """The conversation for people: what was said, the calls and results; reasoning stays out.

    >>> from grokkit.sessions.turn import Turn
    >>> turn = Turn(input=[{"role": "user", "content": "Hi"}], output=[{"role": "assistant", "content": "Hello!"}])
    >>> print(to_markdown("Greeting", [turn]))
    # Greeting
    <BLANKLINE>
    ## User
    <BLANKLINE>
    Hi
    <BLANKLINE>
    ## Grok
    <BLANKLINE>
    Hello!
    <BLANKLINE>
    """
    sections = [f"# {' '.join(title.split())}"]
    for turn in turns:
        sections += [section for item in (*turn.input, *turn.output) if (section := _section(item))]
        if turn.partial:
            sections.append(_CUT)
    return "\n\n".join(sections) + "\n"


def from_markdown(text: str) -> tuple[str, list[Item]]:
    """The title and the items of such a text. What stands before the first heading is left out."""
    title = ""
    items: list[Item] = []
    for heading, body in _sections(text):
        name = heading.removeprefix("## ")
        if heading.startswith("# "):
            title = heading.removeprefix("# ")
        elif name == _TOOL:
            items += _fenced(body)
        elif said := _unescaped(body.strip("\r\n")):
            items.append({"role": _ROLES[name], "content": said})
    return title, items


def _section(item: Item) -> str:
    if item.get("type") in _SILENT:
        return ""
    speaker = _SPEAKERS.get(str(item.get("role")))
    if speaker is None:
        return f"## {_TOOL}\n\n```json\n{msgspec.json.encode(item).decode()}\n```"
    said = "\n\n".join(part for part in (_escaped(item_text(item)), *_others(item)) if part)
    return f"## {speaker}\n\n{said}" if said else ""


def _others(item: Item) -> Iterator[str]:
    """A mark for each part that is no text."""
    content: Any = item.get("content")
    for part in content if isinstance(content, list) else []:
        kind = part.get("type") if isinstance(part, dict) else None
        if isinstance(kind, str) and not kind.endswith("text"):
            yield f"*({kind})*"


def _sections(text: str) -> Iterator[tuple[str, str]]:
    heading = ""
    body: list[str] = []
    for line in text.split("\n"):
        found = _OURS.fullmatch(line)
        if found is None or found[1]:
            body.append(line)
        elif found[2] != _CUT:
            if heading:
                yield heading, "\n".join(body)
            heading, body = found[2].rstrip(), []
    if heading:
        yield heading, "\n".join(body)


def _fenced(body: str) -> Iterator[Item]:
    for line in body.split("\n"):
        try:
            item = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            continue
        if isinstance(item, dict):
            yield item


def _escaped(text: str) -> str:
    """A line of what was said that looks like one of ours gets a backslash more."""
    return "\n".join("\\" + line if _OURS.fullmatch(line) else line for line in text.split("\n"))


def _unescaped(text: str) -> str:
    return "\n".join(line[1:] if _OURS.fullmatch(line) else line for line in text.split("\n"))
