"""Error replies recorded from the real API become the right errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grokkit.errors import BadCall, GrokError, InvalidRequest
from grokkit.wire.error_body import classify

CAPTURES = Path(__file__).parents[3] / "shared" / "captures" / "har" / "error-handling.json"


def _replies() -> list[tuple[int, dict[str, str], bytes]]:
    if not CAPTURES.exists():
        return []
    replies = [entry["response"] for entry in json.loads(CAPTURES.read_text(encoding="utf-8"))]
    return [(reply["status"], reply["headers"], reply["body"].encode()) for reply in replies]


pytestmark = pytest.mark.skipif(not CAPTURES.exists(), reason="the recordings are not here")


def _errors() -> list[GrokError]:
    return [classify(*reply) for reply in _replies() if reply[0] >= 400]


def test_every_recorded_failure_is_a_call_to_fix() -> None:
    failures = _errors()

    assert failures
    assert all(isinstance(error, BadCall) and not error.retryable for error in failures)


def test_the_flat_400_keeps_the_words_of_the_server() -> None:
    error = next(error for error in _errors() if error.status == 400)

    assert isinstance(error, InvalidRequest)
    assert (error.code, error.message) == ("400", "Bad data: Messages cannot be empty")


def test_the_plain_text_422_names_the_field() -> None:
    error = next(error for error in _errors() if error.status == 422)

    assert isinstance(error, InvalidRequest)
    assert error.param == "messages[0].role"
    assert "invalid_role" in error.message
