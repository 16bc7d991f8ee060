"""`openai` from npm, unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from grokkit.testing.simulator import Simulator

ADA = {"name": "Ada Lovelace", "age": 36}


@pytest.fixture(scope="module")
def steps(run: Any, simulator: Simulator, errors: tuple[str, ...]) -> Any:
    return run(simulator, "openai.mjs", *errors)


def test_a_plain_call_is_answered(steps: Any) -> None:
    plain = steps["plain"]

    assert (plain["text"], plain["finish"]) == ("6 * 7 = 42", "stop")
    assert plain["adds_up"]
    assert plain["request"] == plain["id"]


def test_a_stream_brings_text_end_and_usage(steps: Any) -> None:
    assert steps["streamed"] == {"text": "1, 2, 3, 4, 5", "finish": "stop", "usage": True}
    assert steps["streamed with helpers"] == {"text": "2 + 2 = 4"}


def test_a_tool_is_called_and_its_result_used(steps: Any) -> None:
    assert steps["tools"] == {"asked": ["Oslo"], "text": "weather says: rain"}
    assert steps["response with a tool"] == {"arguments": {"city": "Oslo"}, "text": "weather says: 3 degrees"}


@pytest.mark.parametrize("step", ["structured", "structured response"])
def test_structured_output_is_parsed(steps: Any, step: str) -> None:
    assert steps[step] == ADA


def test_a_response_is_whole_or_streamed(steps: Any) -> None:
    streamed = steps["streamed response"]

    assert steps["response"] == {"text": "2 + 2 = 4", "status": "completed"}
    assert streamed["text"] == streamed["final"] == "1, 2, 3, 4, 5"
    assert (streamed["first"], streamed["last"]) == ("response.created", "response.completed")


def test_files_come_and_go(steps: Any) -> None:
    text = "Grüße, Welt\n"

    assert steps["files"] == {
        "name": "greeting.txt",
        "bytes": len(text.encode()),
        "listed": ["greeting.txt"],
        "text": text,
        "deleted": True,
        "left": 0,
    }
    assert steps.error("a file that is not there")["class"] == "NotFoundError"


def test_models_embeddings_and_images_are_read(steps: Any) -> None:
    assert "grok-4.7" in steps["models"]
    assert len(set(steps["embeddings"])) == 1
    assert steps["image"] == [0xFF, 0xD8, 0xFF]


@pytest.mark.parametrize(
    ("step", "kind", "status"),
    [
        ("fails with rate_limit", "RateLimitError", 429),
        ("fails with credits", "RateLimitError", 429),
        ("fails with no_key", "AuthenticationError", 401),
        ("wrong key", "BadRequestError", 400),
        ("fails with content", "PermissionDeniedError", 403),
        ("fails with model", "NotFoundError", 404),
        ("fails with unreadable", "UnprocessableEntityError", 422),
        ("fails with server", "InternalServerError", 500),
        ("fails with edge", "InternalServerError", 520),
    ],
)
def test_errors_are_told_apart(steps: Any, step: str, kind: str, status: int) -> None:
    error = steps.error(step)

    assert (error["class"], error["status"]) == (kind, status)


def test_a_stream_that_breaks_is_told(steps: Any) -> None:
    assert steps.error("cut in mid-stream")["message"] == "terminated"
    assert "Timed out waiting for first token" in steps.error("error in mid-stream")["message"]


def test_it_retries_what_can_be_retried(steps: Any, simulator: Simulator) -> None:
    assert steps["unavailable once"] == "stop"
    assert [seen.status for seen in simulator.calls if seen.last == "unavailable once"] == [503, 200]
