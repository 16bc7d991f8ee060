"""Every name in a config file is found on its line."""

import contextlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from grokkit.config.toml_text import parse_toml
from grokkit.config.unfit import Unfit
from grokkit.config.yaml_text import parse_yaml

names = st.from_regex(r"[a-z_]{1,6}", fullmatch=True)
values = st.sampled_from(
    [
        "1",
        "true",
        '"a # b"',
        "'[x] = {'",
        '"""\nmodel = 1\n[a]\n"""',
        "'''\n'' = 1\n'''",
        '"""quoted\\""""""',
        "[\n  1, # one ]\n  2,\n]",
        "{ a = { b = 1 }, c = [1, 2] }",
        '"\\"="',
    ]
)
entries = st.dictionaries(names, values, max_size=6)
fillers = st.sampled_from(["", "\n", "# key = 1\n", "  \n# [a]\n"])


@given(entries, st.dictionaries(names, entries, max_size=3), fillers)
def test_the_line_of_every_toml_name_is_known(top: dict[str, str], tables: dict[str, Any], filler: str) -> None:
    text = ""
    expected: dict[tuple[str, ...], int] = {}
    for name, value in top.items():
        expected["k" + name,] = line_of_next(text := text + filler)
        text += f"k{name} = {value} # said\n"
    for table, items in tables.items():
        expected["t", table] = line_of_next(text := text + filler)
        text += f'[t . "{table}"] # a table\n'
        for name, value in items.items():
            expected["t", table, name] = line_of_next(text := text + filler)
            text += f"  '{name}' = {value}\n"

    lines = parse_toml(text.removesuffix("\n"))[1]

    assert lines == expected


def line_of_next(text: str) -> int:
    return text.count("\n") + 1


def test_dotted_names_and_arrays_of_tables_have_lines_too() -> None:
    _, lines = parse_toml("a.b.c = 1\n\n[[d.e]]\nf = 1\n[[d.e]]\nf = 2\n")

    assert lines == {
        ("a",): 1,
        ("a", "b"): 1,
        ("a", "b", "c"): 1,
        ("d", "e"): 3,
        ("d", "e", "f"): 4,
    }


def test_the_line_of_every_yaml_name_is_known() -> None:
    table, lines = parse_yaml("a: 1\n# c\nb:\n  c: |\n    d: 1\n  e: {f: 2,\n    g: 3}\n")

    assert table["b"] == {"c": "d: 1\n", "e": {"f": 2, "g": 3}}
    assert lines == {
        ("a",): 1,
        ("b",): 3,
        ("b", "c"): 4,
        ("b", "e"): 6,
        ("b", "e", "f"): 6,
        ("b", "e", "g"): 7,
    }


@given(st.text())
def test_no_text_makes_a_parser_raise_anything_unforeseen(text: str) -> None:
    for parse in (parse_toml, parse_yaml):
        with contextlib.suppress(Unfit):
            parse(text)
