"""Docstrings in the styles that people write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.tools.docstrings import read_docstring

GOOGLE = """
    Forecast for a city.

    It looks ahead for a week.

    Args:
        city (str): its name,
            in any language
        **days: how many

    Returns:
        The forecast.

    Example:
        >>> 1
    """
NUMPY = """Forecast for a city.

    It looks ahead for a week.

    Parameters
    ----------
    city : str
        its name,
        in any language
    days : int, optional
        how many

    Returns
    -------
    str
        The forecast.
    """
SPHINX = """Forecast for a city.

    It looks ahead for a week.

    :param str city: its name,
        in any language
    :param days: how many
    :type days: int
    :returns: The forecast.
    :raises ValueError: never
    """


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX], ids=["google", "numpy", "sphinx"])
def test_each_style_says_the_same(text: str) -> None:
    documented = read_docstring(text)

    assert documented.description == "Forecast for a city.\n\nIt looks ahead for a week."
    assert documented.parameters == {"city": "its name, in any language", "days": "how many"}


@pytest.mark.parametrize(
    ("text", "description", "parameters"),
    [
        ("Forecast.  Args: city: its name. days: how many.", "Forecast.", {"city": "its name.", "days": "how many."}),
        ("Args:\n    city: its name", "", {"city": "its name"}),
        ("Note: it is slow.", "Note: it is slow.", {}),
        ("Costs: much.\n\nAttributes:\n    a: b", "Costs: much.", {"a": "b"}),
        ("A.\n\nParameters\n----------\na, b\n    both", "A.", {"a": "both", "b": "both"}),
        (
            "A.\n\nArgs:\n    a:\n        below\n    b: beside\n\nThe end.",
            "A.\n\nThe end.",
            {"a": "below", "b": "beside"},
        ),
        (None, "", {}),
    ],
)
def test_what_is_unusual_is_read_too(text: str | None, description: str, parameters: dict[str, str]) -> None:
    documented = read_docstring(text)

    assert (documented.description, documented.parameters) == (description, parameters)


@given(st.text(st.sampled_from("Args:\n -ab.:param")))
def test_no_text_upsets_it(text: str) -> None:
    assert read_docstring(text).description is not None
