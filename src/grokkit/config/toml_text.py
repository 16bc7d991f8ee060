"""A TOML text as values, and the line on which each name stands."""

import re
from collections.abc import Iterator

from .tables import Keys, Lines, Table
from .unfit import Unfit, redact

_TOKEN = re.compile(
    r"""
      \#[^\n]*
    | \"{3}(?:\\.|[^\\])*?\"{3,5}
    | '{3}.*?'{3,5}
    | "(?:\\.|[^"\\\n])*"
    | '[^'\n]*'
    | [][{}=\n]
    """,
    re.VERBOSE | re.DOTALL,
)


def parse_toml(text: str) -> tuple[Table, Lines]:
    """The values of a TOML text and their lines; raises `Unfit` with the place of a mistake.

    >>> parse_toml("model = 'grok-4'")
    ({'model': 'grok-4'}, {('model',): 1})
    """
    import tomllib

    try:
        return tomllib.loads(text), dict(reversed([*_lines(text)]))
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).partition(" (at ")
        named = re.search(r"line (\d+)", place)
        line = named[1] if named else text.rstrip().count("\n") + 1
        raise Unfit(f":{line}: is not TOML: {redact(reason)}") from None
    except RecursionError:
        raise Unfit(": is nested too deeply") from None


def _lines(text: str) -> Iterator[tuple[Keys, int]]:
    """The line of each table and each key of a valid TOML text."""
    table: Keys = ()
    for statement, line in _statements(text):
        keys = _keys(statement)
        if statement.startswith("["):
            table = keys
            yield table, line
        else:
            yield from ((table + keys[:length], line) for length in range(1, len(keys) + 1))


def _statements(text: str) -> Iterator[tuple[str, int]]:
    """Each `[table]`, and each key before its `=`, with its line."""
    depth, start, named = 0, 0, False
    text += "\n"
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        elif depth == 0 and not named and mark[0] in "=\n#":
            statement = text[start : token.start()].strip()
            named = True
            if statement:
                yield statement, text.count("\n", 0, token.start()) + 1
        if mark == "\n" and depth == 0:
            start, named = token.end(), False


def _keys(statement: str) -> Keys:
    import tomllib

    header = statement.startswith("[")
    level: object = tomllib.loads(statement if header else f"{statement} = 0")
    keys: list[str] = []
    while isinstance(level, dict | list) and level:
        if isinstance(level, dict):
            key, level = next(iter(level.items()))
            keys.append(key)
        else:
            level = level[0]
    return tuple(keys)
