"""Two values compared as a server sees them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from grokkit.testing.canonical import differences

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_a_value_does_not_differ_from_itself_in_another_spelling(value):
    again = json.loads(json.dumps(value, sort_keys=True))

    assert differences(value, again) == []


@given(JSON, JSON)
def test_values_that_differ_have_a_line_for_it(one, other):
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    assert same <= (differences(one, other) == [])
    assert (differences(one, other) == []) == (differences(other, one) == [])


def test_slashes_in_names_are_escaped_in_the_pointer():
    assert differences({"a/b": {"c~d": 1}}, {"a/b": {"c~d": 2}}) == ["/a~1b/c~0d: recorded 1, asked 2"]


def test_ignored_fields_do_not_count_wherever_a_glob_finds_them():
    one, other = {"m": [{"id": 1, "x": 1}, {"id": 2}]}, {"m": [{"id": 3, "x": 1}, {"id": 4}]}

    assert differences(one, other, ignore=["/m/*/id"]) == []
