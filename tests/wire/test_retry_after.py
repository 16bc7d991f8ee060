"""How long a reply asks us to wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.wire.retry_after import retry_after, retry_after_text

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"
DATE_SECONDS = 1792567680.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"Retry-After": " 0.5 "}, 0.5),
        ({"RETRY-AFTER-MS": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, now=0.0) == seconds


def test_a_date_counts_from_now() -> None:
    assert retry_after({"retry-after": DATE}, now=DATE_SECONDS - 12) == 12.0


def test_a_date_counts_from_the_date_of_the_reply_so_that_a_wrong_clock_does_no_harm() -> None:
    headers = {"retry-after": DATE, "date": "Wed, 21 Oct 2026 07:27:30 GMT"}

    assert retry_after(headers) == 30.0


def test_a_date_that_has_passed_means_at_once() -> None:
    assert retry_after({"retry-after": DATE}, now=DATE_SECONDS + 60) == 0.0


@given(st.text())
def test_no_header_can_break_it(value: str) -> None:
    seconds = retry_after({"retry-after": value, "retry-after-ms": value}, now=0.0)

    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Please try again in 11.455s. Need more?", 11.455),
        ("try again in 1m30.5s", 90.5),
        ("Retry after 250ms", 0.25),
        ("Please retry in 2 minutes.", 120.0),
        ("wait for 3 seconds", 3.0),
        ("try again in 5 apples", None),
        ("try again later", None),
        ("", None),
    ],
)
def test_texts(text: str, seconds: float | None) -> None:
    assert retry_after_text(text) == (pytest.approx(seconds) if seconds else None)
