from __future__ import annotations

import logging
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from grokkit.errors import CallRef, RateLimited
from grokkit.telemetry.events import CallFailed, CallFinished, CallStarted, Event, OutputStarted, ReplyStarted
from grokkit.telemetry.logging import in_brief, log_event
from grokkit.wire.usage import Usage

if TYPE_CHECKING:
    from typing import Any

CALL = CallRef("POST", "https://api.x.ai/v1/responses", "responses", "grok-4.7")
SHOWN = "POST /v1/responses (grok-4.7)"
COMMON: dict[str, Any] = {"call": CALL, "client_request_id": "c-1"}
USAGE = Usage(
    input_tokens=3,
    output_tokens=4,
    reasoning_tokens=0,
    cached_tokens=0,
    total_tokens=7,
    cost_ticks=None,
    estimated=False,
    server_side_tools={},
)


def finished(**changes: Any) -> CallFinished:
    facts = {
        "request_id": "r-1",
        "elapsed": 1.5,
        "time_to_output": None,
        "model": "grok-4.7",
        "usage": USAGE,
        "complete": True,
    }
    return CallFinished(**COMMON, **{**facts, **changes})


def failed(error: Exception | None) -> CallFailed:
    return CallFailed(**COMMON, request_id=None, elapsed=0.25, error=error)


@pytest.mark.parametrize(
    ("event", "level", "text"),
    [
        (
            finished(),
            logging.INFO,
            f"grok.call_finished {SHOWN} 1.500s request=r-1 client=c-1 tokens=3+4 served_by=grok-4.7",
        ),
        (
            finished(usage=None, model=None, complete=False, request_id=None),
            logging.INFO,
            f"grok.call_finished {SHOWN} 1.500s request=- client=c-1 left early",
        ),
        (
            failed(RateLimited("slow\ndown", status=429)),
            logging.WARNING,
            rf"grok.call_failed {SHOWN} 0.250s request=- client=c-1 RateLimited('slow\ndown', status=429)",
        ),
        (
            failed(ValueError("the prompt")),
            logging.WARNING,
            f"grok.call_failed {SHOWN} 0.250s request=- client=c-1 ValueError",
        ),
        (
            failed(None),
            logging.WARNING,
            f"grok.call_failed {SHOWN} 0.250s request=- client=c-1 cancelled",
        ),
    ],
)
def test_an_ended_call_is_one_line_with_the_event_beside_it(
    event: Event, level: int, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "grokkit")

    log_event(event)

    (record,) = caplog.records
    assert (record.name, record.levelno, record.getMessage()) == ("grokkit", level, text)
    assert record.grok is event  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "event",
    [
        CallStarted(**COMMON),
        ReplyStarted(**COMMON, request_id=None, status=200, elapsed=0.1),
        OutputStarted(**COMMON, request_id=None, elapsed=0.1),
    ],
)
def test_what_happens_on_the_way_is_not_logged(event: Event, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "grokkit")

    log_event(event)

    assert caplog.records == []


def test_finished_calls_are_silent_at_the_usual_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "grokkit")

    log_event(finished())

    assert caplog.records == []


def test_a_foreign_error_is_told_by_kind_and_ours_on_one_line() -> None:
    assert in_brief(KeyError("xai-0123456789abcdef")) == "KeyError"
    assert "\n" not in in_brief(RateLimited("a\nb", status=429))


def test_a_program_that_does_not_listen_hears_nothing() -> None:
    script = """
from grokkit import GrokError, Grok
from grokkit.testing import MockTransport, json_reply
try:
    Grok(api_key="k", retries=0, transport=MockTransport(lambda _: json_reply({}, status=500)), model="m").ask("Hi")
except GrokError as error:
    print(type(error).__name__)
"""
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)

    assert (finished.stdout, finished.stderr) == ("ServerFailed\n", "")
