"""Masking: no key survives, whatever surrounds it; plain words stay readable."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.masking import mask_keys

KEY_BODY = st.text(string.ascii_letters + string.digits, min_size=20, max_size=90)
KEYS = st.builds(lambda body: f"xai-{body}", KEY_BODY) | st.builds(lambda body: f"sk-proj-{body}1", KEY_BODY)
AROUND = st.text(max_size=40) | st.text(string.printable, max_size=40)


@given(before=AROUND, key=KEYS, after=AROUND)
def test_a_key_is_masked_wherever_it_stands(before: str, key: str, after: str) -> None:
    masked = mask_keys(before + key + after)

    assert key not in masked
    assert key[-16:] not in masked or key[-16:] in before + after


@given(key=KEY_BODY, after=st.sampled_from(["", " ", '"', "'", "\n", ",", "}", "</b>", "…", "\\n", ")"]))
def test_a_bearer_token_is_masked_whatever_it_looks_like(key: str, after: str) -> None:
    masked = mask_keys(f'{{"authorization": "Bearer {key}{after}')

    assert key not in masked


@given(key=KEYS, cut=st.integers(7, 90))
def test_a_key_that_was_cut_off_is_masked_too(key: str, cut: int) -> None:
    masked = mask_keys("your key " + key[:cut])

    assert len(masked) <= len("your key xai-***")


@given(st.text() | st.builds("{} {}".format, KEYS, st.text()))
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask_keys(mask_keys(text)) == mask_keys(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("xai-abc", "xai-***"),
        ("key xai-AbC123-x_9.", "key xai-***."),
        ("xai%2Dabcdef", "xai%2D***"),
        (r"xai\u002dabcdef", r"xai\u002d***"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("bearer%20abcdef", "bearer%20***"),
        ("Basic dXNlcjpwYXNz", "Basic ***"),
        ("eyJhbGciOi.eyJzdWIi.c2ln", "eyJ***"),
        ("git said ghp_abcdefghijklmnop1234 is old", "git said ghp_*** is old"),
        ("AKIAIOSFODNN7EXAMPLE", "AKIA***"),
        ("xoxb-1234567890-abcdef", "xoxb-***"),
        ('{"api_key": "secret", "a": 1}', '{"api_key": "***", "a": 1}'),
        ("?api_key=secret&a=1", "?api_key=***&a=1"),
        ("API key provided: hunter2. You", "API key provided: ***. You"),
        ("https://me:pass@proxy:80/", "https://***@proxy:80/"),
    ],
)
def test_forms_of_a_credential(text: str, masked: str) -> None:
    assert mask_keys(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Invalid bearer token. Use Bearer authentication",
        "Incorrect API key provided: xa***yz",
        "the task-based risk-free disk-cache",
        "ghp_ and AKIA are prefixes, hf_hub is a package",
        "Basic usage of api.x.ai and docs.x.ai/v1?a=b:c",
        "messages[0].role: unknown variant `x`",
        "api_key: expected a string",
        "",
    ],
)
def test_words_that_are_no_credentials_stay(text: str) -> None:
    assert mask_keys(text).replace("provided: ***", "provided: xa***yz") == text
