from __future__ import annotations

import shlex

import pytest

from grokkit.telemetry.curl import as_curl

URL = "https://api.x.ai/v1/responses"


@pytest.mark.parametrize(
    "name", ["Authorization", "authorization", "Cookie", "x-api-key", "Proxy-Authorization", "X-Anything"]
)
def test_a_header_that_may_hold_a_secret_is_masked(name: str) -> None:
    assert "hunter2" not in as_curl("GET", URL, {name: "hunter2"}, None)


def test_headers_that_tell_the_kind_of_call_are_shown() -> None:
    shown = as_curl("POST", URL, {"Accept": "text/event-stream", "x-client-request-id": "c-1"}, b"{}")

    assert "-H 'Accept: text/event-stream' -H 'x-client-request-id: c-1'" in shown


def test_the_body_is_left_out_and_its_size_told() -> None:
    shown = as_curl("POST", URL, {}, b'{"input": "the prompt"}')

    assert shown.endswith("--data-binary @body.json  # 23 bytes, left out")
    assert "the prompt" not in shown


def test_the_key_is_the_shell_s_variable() -> None:
    assert shlex.split(as_curl("GET", URL, {}, None)) == [
        "curl",
        "-X",
        "GET",
        URL,
        "-H",
        "Authorization: Bearer $XAI_API_KEY",
    ]


def test_what_a_shell_would_act_on_is_quoted() -> None:
    shown = as_curl("GET", f"{URL}/a;rm -rf $HOME?q=`id`", {"Accept": "'; id; '"}, None)

    assert shlex.split(shown)[3] == f"{URL}/a;rm -rf $HOME?q=`id`"
    assert shlex.split(shown)[-1] == "Accept: '; id; '"


def test_a_key_in_the_address_is_masked() -> None:
    assert "0123456789" not in as_curl("GET", f"{URL}?key=xai-0123456789abcdefghij", {}, None)
