"""Filters as listings take them, and chunks as collections cut them."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.testing.simulator.nouns.collections.chunks import cut, problem_of
from grokkit.testing.simulator.nouns.filters import compile_filter
from grokkit.testing.simulator.refusal import Refusal

FIELDS: dict[str, Any] = {"name": "fuzzy", "size": "number", "at": "moment", "id": "exact", "kind": "partial"}
RECORD = {"name": "Report 2026.pdf", "size": 12, "at": 1_790_000_000.0, "id": "file_1", "kind": "application/pdf"}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ('name = "report"', True),
        ('name = "rapport 2026.pdf"', True),
        ('name != "report"', False),
        ("size = 12", True),
        ("size > 12 OR size < 12", False),
        ("size:10..12", True),
        ("size:13..20", False),
        ("size >= 12 id = file_1", True),
        ('id = "file_1" AND NOT kind = "image"', True),
        ("NOT (size = 12 OR size = 13)", False),
        ('at > "2026-01-01T00:00:00Z"', True),
        ('at < "2026-01-01T00:00:00Z"', False),
        ('kind = "pdf"', True),
        ("id = FILE_1", False),
    ],
)
def test_a_filter_holds_or_not(text: str, fits: bool) -> None:
    assert compile_filter(text, FIELDS)(RECORD) is fits


def test_a_field_that_a_record_has_not_fits_nothing_but_its_denial() -> None:
    assert not compile_filter("owner = me", FIELDS, others="any")(RECORD)
    assert compile_filter("owner != me", FIELDS, others="any")(RECORD)


@given(text=st.text('nameszi=<>!:.()"\\ ANDORT019-', max_size=30))
def test_a_filter_is_read_or_refused_and_never_anything_else(text: str) -> None:
    with contextlib.suppress(Refusal):
        assert compile_filter(text, FIELDS, others="any")(RECORD) in {True, False}


@given(text=st.text(max_size=60), size=st.integers(1, 12), overlap=st.integers(0, 11))
def test_chunks_are_the_text_again_without_their_overlaps(text: str, size: int, overlap: int) -> None:
    overlap = min(overlap, size - 1)
    configuration = {"chars_configuration": {"max_chunk_size_chars": size, "chunk_overlap_chars": overlap}}

    chunks = cut(text, "a.txt", configuration)

    assert problem_of(configuration) is None
    assert all(len(chunk) <= size for chunk in chunks)
    assert "".join(chunk[overlap if index else 0 :] for index, chunk in enumerate(chunks)) == text


@pytest.mark.parametrize("unit", ["chars", "tokens", "bytes"])
def test_chunks_are_stripped_and_named_when_asked(unit: str) -> None:
    configuration = {
        f"{unit}_configuration": {f"max_chunk_size_{unit}": 100},
        "strip_whitespace": True,
        "inject_name_into_chunks": True,
    }

    assert cut("  Hello world  ", "a.txt", configuration) == ["a.txt\nHello world"]
