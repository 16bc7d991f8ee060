from __future__ import annotations

import copy
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.wire.partial_json import MAX_DEPTH, MAX_NUMBER_LENGTH, MISSING, PartialJSON, partial_json

texts = st.text(st.characters(exclude_categories=()), max_size=8) | st.text('a"\\/\n\ud83d\ude00é🙂', max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
layouts = st.sampled_from([{}, {"ensure_ascii": False}, {"indent": 2}, {"separators": (",", ":")}])
documents = st.builds(lambda value, layout: json.dumps(value, **layout), values, layouts)
cuts = st.lists(st.integers(min_value=0, max_value=200), max_size=20)
fragments = st.lists(
    st.sampled_from([*'{}[]",:\\ -+.0123eEtfnu', '"a"', "true", "\\ud83d", "\\u", "\x00"]), max_size=20
)


def split(text: str, at: list[int]) -> list[str]:
    borders = sorted({0, len(text), *(cut for cut in at if cut < len(text))})
    return [text[start:end] for start, end in pairwise(borders)]


def is_prefix(part: object, whole: object) -> bool:
    """Whether `whole` can be `part` grown: nothing in it was wrong, and everything in it stays."""
    if part is MISSING:
        return True
    if isinstance(part, str) and isinstance(whole, str):
        return whole.startswith(part)
    if isinstance(part, list) and isinstance(whole, list):
        return are_prefixes(part, whole)
    if isinstance(part, dict) and isinstance(whole, dict):
        in_order = list(part) == list(whole)[: len(part)]
        return in_order and are_prefixes(list(part.values()), list(whole.values()))
    return same(part, whole)


def are_prefixes(part: list[object], whole: list[object]) -> bool:
    if len(part) > len(whole) or not part:
        return not part
    return same(part[:-1], whole[: len(part) - 1]) and is_prefix(part[-1], whole[len(part) - 1])


def same(one: object, other: object) -> bool:
    return repr(one) == repr(other)  # unlike ==, tells 1 from True and 1.0, and -0.0 from 0.0


@given(documents)
def test_a_complete_text_gives_what_json_gives(document: str) -> None:
    assert same(partial_json(document + "\n"), json.loads(document))


@given(documents)
def test_the_value_of_any_prefix_is_a_prefix_of_the_value(document: str) -> None:
    whole = json.loads(document)

    for end in range(len(document) + 1):
        assert is_prefix(partial_json(document[:end]), whole)


@given(documents)
def test_the_value_grows_and_never_changes_its_mind(document: str) -> None:
    growing = PartialJSON()
    snapshots = [copy.deepcopy(growing.feed(character)) for character in document]

    assert all(is_prefix(earlier, later) for earlier, later in pairwise(snapshots))


@given(documents, cuts, st.integers(min_value=0, max_value=200))
def test_any_split_gives_the_value_of_the_whole(document: str, at: list[int], end: int) -> None:
    start = document[:end]
    growing = PartialJSON()
    for piece in split(start, at):
        growing.feed(piece)

    assert same(growing.value, partial_json(start))


@given(fragments.map("".join), cuts)
def test_garbage_is_refused_however_it_is_split(text: str, at: list[int]) -> None:
    assert same(outcome(split(text, at)), outcome([text]))


def outcome(pieces: list[str]) -> object:
    growing = PartialJSON()
    try:
        for piece in pieces:
            growing.feed(piece)
    except ValueError:
        return ValueError
    return growing.value


@given(fragments.map("".join))
def test_what_json_reads_is_read_and_what_is_complete_json_reads(text: str) -> None:
    growing = PartialJSON()
    try:
        expected = json.loads(text)
    except ValueError:
        assert outcome([text + " "]) is ValueError or not fed(text + " ").complete
    else:
        growing.feed(text + " ")
        assert growing.complete
        assert same(growing.value, expected)


def fed(text: str) -> PartialJSON:
    growing = PartialJSON()
    growing.feed(text)
    return growing


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{", {}),
        ('{"a', {}),
        ('{"a"', {}),
        ('{"a":', {}),
        ('{"a": "', {"a": ""}),
        ('{"a": "b', {"a": "b"}),
        ('{"a": [', {"a": []}),
        ('{"a": {"b": [{"c": "d', {"a": {"b": [{"c": "d"}]}}),
        ('{"a": 1, ', {"a": 1}),
        ('{"a": 1, "b": 2', {"a": 1}),
        ("[1, 2", [1]),
        ("[1, 2 ", [1, 2]),
        ("[1, 2,", [1, 2]),
        ("[1, -", [1]),
        ("[1.5, 1.", [1.5]),
        ("[1e3, 1e", [1000.0]),
        ("[true, fals", [True]),
        ("[true, false", [True, False]),
        ("[nul", []),
        ("[null", [None]),
        ('"ab', "ab"),
        ("12 ", 12),
        (' \t\r\n"a" ', "a"),
    ],
)
def test_what_is_certain_shows(text: str, value: object) -> None:
    assert same(partial_json(text), value)


@pytest.mark.parametrize("text", ["", " \n", "1", "12", "-", "1e", "0.", "t", "tru", "nul"])
def test_without_a_certain_value_it_is_missing(text: str) -> None:
    assert partial_json(text) is MISSING
    assert not MISSING
    assert repr(MISSING) == "MISSING"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\\', "a\\"),
        ('"a\\', "a"),
        (r'"a\u', "a"),
        (r'"a\u00e', "a"),
        (r'"a\u00e9', "aé"),
        (r'"a\ud83d', "a"),
        ('"a\\ud83d\\', "a"),
        (r'"a\ud83d\ude0', "a"),
        (r'"a\ud83d\ude00', "a\U0001f600"),
        (r'"a\ud83dx', "a\ud83dx"),
        (r'"a\ud83d\n', "a\ud83d\n"),
        (r'"a\ud83d"', "a\ud83d"),
        (r'"a\ud83d\ud83d', "a\ud83d"),
        (r'"a\ude00', "a\ude00"),
        (r'"a\\ud83d', "a\\ud83d"),
    ],
)
def test_half_escapes_and_half_surrogate_pairs_are_held_back(text: str, value: str) -> None:
    assert partial_json(text) == value


MISPLACED = [
    "}",
    "]",
    "[}",
    "{]",
    "{1",
    '{"a"1',
    '{"a":}',
    '{"a":1,}',
    "[1,]",
    "[,",
    "[1 2",
    "1 2",
    '"a" "b"',
    "[1]]",
]
NO_NUMBERS = ["01", "-a", "1.e", "1e+-", "+1", ".5", "--", "0x10", "\N{ARABIC-INDIC DIGIT ONE}"]
NO_LITERALS = ["tx", "nulL", "truex", "true1", "NaN", "Infinity", "-Infinity", "abc", "'a'", "\ufeff1"]
NO_STRINGS = [r'"\x', r'"\u12G', r'"\ud83d\uZ', '"a\nb', '"\x00']


@pytest.mark.parametrize("text", [*MISPLACED, *NO_NUMBERS, *NO_LITERALS, *NO_STRINGS])
def test_garbage_raises_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        partial_json(text)


def test_garbage_is_named_with_its_place_and_stays_an_error() -> None:
    growing = PartialJSON()
    growing.feed('{"a": [1, ')

    with pytest.raises(ValueError, match=r"unexpected '\?' at character 10"):
        growing.feed("?")
    with pytest.raises(ValueError, match=r"unexpected '\?' at character 10"):
        growing.feed("2]}")
    assert growing.value == {"a": [1]}


def test_the_last_of_two_equal_keys_counts() -> None:
    assert partial_json('{"a": "old", "a": "n') == {"a": "n"}


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_is_bounded(opening: str, closing: str) -> None:
    deepest = opening * MAX_DEPTH + "0" + closing * MAX_DEPTH

    assert same(partial_json(deepest), json.loads(deepest))
    with pytest.raises(ValueError, match="deeper than 512"):
        partial_json(opening * (MAX_DEPTH + 1))


def test_the_length_of_a_number_is_bounded() -> None:
    longest = "1" * MAX_NUMBER_LENGTH

    assert partial_json(longest + " ") == int(longest)
    with pytest.raises(ValueError, match="4300 characters"):
        partial_json(longest + "1")


def test_complete_tells_a_whole_text_from_a_cut_one() -> None:
    growing = PartialJSON()
    completeness = []
    for piece in ["", '"', "a", '"', " "]:
        growing.feed(piece)
        completeness.append(growing.complete)

    assert completeness == [False, False, False, True, True]


def test_a_snapshot_of_a_string_does_not_change_later() -> None:
    growing = PartialJSON()
    earlier = growing.feed('"abc')

    assert growing.feed("def") == "abcdef"
    assert earlier == "abc"


def test_a_megabyte_in_small_pieces_takes_linear_time() -> None:
    growing = PartialJSON()
    growing.feed('{"code": "')
    for _ in range(250_000):
        growing.feed("x\\n=")
    growing.feed('", "lines": [')
    for _ in range(100_000):
        growing.feed("1,")

    value = growing.feed("1]}")

    assert value == {"code": "x\n=" * 250_000, "lines": [1] * 100_001}
