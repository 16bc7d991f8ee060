"""Values picked out of a prompt: the city of `Weather in Oslo?`, the number of `for 3 days`, what stands in quotes."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\w)")
_QUOTED = re.compile(r"\"([^\"]+)\"|'([^']{2,})'|“([^”]+)”|`([^`]+)`")
_NAMES = re.compile(
    r"\b(?:in|for|at|of|to|from|about|near|called|named|is|am)\s+((?:[A-Z][\w'-]*)(?:\s+[A-Z][\w'-]*)*)"
)
_PLAIN = re.compile(r"\b(?:in|for|at|about|near) (?:the )?([a-z][\w-]+)")
_CAPITALS = re.compile(
    r"(?:(?<![.?!:]\s)(?<!^)\b[A-Z][\w'-]*(?:[ ]+[A-Z][\w'-]*)*)|(?:\b[A-Z][\w'-]*(?:[ ]+[A-Z][\w'-]*)+)", re.MULTILINE
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"https?://[^\s\"'<>)]+")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_WORD = re.compile(r"[A-Za-z]+")


class Hints:
    """What a prompt offers for fields. Each value is used once, so that two fields get two values."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._numbers = [float(found) for found in _NUMBER.findall(_DATE.sub(" ", text))]
        quoted = ["".join(groups) for groups in _QUOTED.findall(text)]
        found = [*quoted, *_NAMES.findall(text), *_CAPITALS.findall(text)]
        self._names: list[str] = list(dict.fromkeys(found))

    def text_for(self, field: str) -> str | None:
        """A text for a field of this name: said beside the name, else the next name or quotation."""
        if said := self._said(field, r"[\"']?([\w@./:+-]+(?:\s[A-Z][\w'-]*)*)"):
            return said
        if self._names:
            return self._names.pop(0)
        plain = _PLAIN.search(self.text)
        return plain[1] if plain else None

    def formatted(self, format_: str) -> str | None:
        """A text of a format that stands in the prompt."""
        looks = {"email": _EMAIL, "uri": _URL, "date": _DATE}
        found = looks[format_].search(self.text) if format_ in looks else None
        return found.group() if found else None

    def number_for(self, field: str) -> float | None:
        """A number for a field of this name: said beside the name, else the next number."""
        for pattern in (
            rf"{_loosely(field)}\W{{1,3}}(?:is |of |to |= ?)?(-?\d+(?:\.\d+)?)",
            rf"(-?\d+(?:\.\d+)?) {_loosely(field)}",
        ):
            if found := re.search(pattern, self.text, re.IGNORECASE):
                number = float(found[1])
                if number in self._numbers:
                    self._numbers.remove(number)
                return number
        return self._numbers.pop(0) if self._numbers else None

    def one_of(self, values: list[object]) -> object | None:
        """The first of some values that the prompt names."""
        lowered = self.text.lower()
        named = [value for value in values if isinstance(value, str) and value.lower() in lowered]
        return max(named, key=len, default=None)

    def whole(self) -> str:
        """The prompt itself, on one line: what a field of free text gets."""
        return " ".join(self.text.split())

    def _said(self, field: str, value: str) -> str | None:
        if not words_of(field):
            return None
        found = re.search(rf"\b{_loosely(field)}\b\s?(?:is|=|:)\s{{0,3}}{value}", self.text, re.IGNORECASE)
        return found[1] if found else None


def words_of(name: str) -> list[str]:
    """The words a name is made of.

    >>> words_of("get_currentWeather")
    ['get', 'current', 'weather']
    """
    return [word.lower() for word in _WORD.findall(re.sub(r"([a-z])([A-Z])", r"\1 \2", name).replace("_", " "))]


def _loosely(field: str) -> str:
    return r"[\s_-]?".join(map(re.escape, words_of(field))) or re.escape(field)
