"""`ai` with `@ai-sdk/xai` from npm, unchanged: the newest, and the last one that has chat completions too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from grokkit.testing.simulator import Simulator

ADA = {"name": "Ada Lovelace", "age": 36}
OSLO = {"asked": ["Oslo"], "text": "weather says: rain"}
PATHS = {"chat": "/v1/chat/completions", "responses": "/v1/responses"}


@pytest.fixture(
    scope="module",
    params=[
        ("ai-6", "@ai-sdk/xai-3", "chat"),
        ("ai-6", "@ai-sdk/xai-3", "responses"),
        ("ai", "@ai-sdk/xai", "responses"),
    ],
    ids=["xai-3-chat", "xai-3-responses", "xai-5-responses"],
)
def client(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module")
def steps(run: Any, simulator: Simulator, errors: tuple[str, ...], client: tuple[str, ...]) -> Any:
    return run(simulator, "ai.mjs", *client, *errors)


@pytest.fixture
def dialect(client: tuple[str, ...]) -> str:
    return client[-1]


def test_generate_text_is_answered(steps: Any, simulator: Simulator, dialect: str) -> None:
    plain = steps["plain"]

    assert (plain["text"], plain["finish"]) == ("6 * 7 = 42", "stop")
    assert min(plain["tokens"]) > 0
    assert PATHS[dialect] in {seen.path for seen in simulator.calls}


def test_stream_text_brings_text_in_pieces_and_usage(steps: Any) -> None:
    streamed = steps["streamed"]

    assert (streamed["text"], streamed["finish"]) == ("1, 2, 3, 4, 5", "stop")
    assert streamed["pieces"] > 1
    assert streamed["tokens"] > 0


def test_reasoning_is_a_part_of_its_own(steps: Any) -> None:
    streamed = steps["reasoning"]

    assert (streamed["reasoning"], streamed["text"]) == ("Hm, let me see.", "Yes.")
    assert streamed["kinds"].index("reasoning-end") < streamed["kinds"].index("text-start")


def test_tools_are_called_and_their_results_used(steps: Any) -> None:
    assert steps["tools"] == OSLO | {"steps": 2}
    assert steps["streamed tools"] == OSLO


def test_structured_output_fits_its_schema(steps: Any) -> None:
    assert steps["structured"] == steps["structured by generateObject"] == ADA
    assert steps["structured by streamObject"] == {"partials": True, "object": ADA}


def test_sources_are_given_by_responses_and_refused_by_chat(steps: Any, dialect: str) -> None:
    if dialect == "chat":
        assert "Live search is deprecated" in steps.error("sources")["message"]
    else:
        assert steps["sources"] == {"text": "It is so.", "urls": ["https://example.org/a"]}


def test_an_image_may_be_asked_about(steps: Any) -> None:
    assert steps["seen image"] == "1 + 1 = 2"


@pytest.mark.parametrize(
    ("step", "status", "retryable", "text"),
    [
        ("fails with rate_limit", 429, True, "resource-exhausted: Too many requests for team"),
        ("fails with credits", 429, True, "has used all available credits"),
        ("fails with no_key", 401, False, "unauthenticated: No API key provided."),
        ("wrong key", 400, False, "invalid-argument: Incorrect API key provided: xa***ng."),
        ("fails with content", 403, False, "permission-denied: Content violates usage guidelines."),
        ("fails with model", 404, False, "not-found: The model grok-4.7 does not exist"),
        ("fails with unreadable", 422, False, "Unprocessable "),  # Entity, or Content from Python 3.13 on
        ("fails with server", 500, True, "internal: Internal error"),
        ("fails with edge", 520, True, ""),
    ],
)
def test_errors_are_read(steps: Any, step: str, status: int, retryable: bool, text: str) -> None:
    error = steps.error(step)

    assert (error["name"], error["status"], error["retryable"]) == ("AI_APICallError", status, retryable)
    assert text in error["message"]


def test_an_unknown_model_is_refused_in_the_dialect_s_own_way(steps: Any, dialect: str) -> None:
    assert steps.error("unknown model")["status"] == {"chat": 404, "responses": 400}[dialect]


def test_a_stream_that_breaks_is_told(steps: Any) -> None:
    broken = steps["error in mid-stream"]

    assert "Timed out waiting for first token" in broken["error"]
    assert steps.error("cut in mid-stream")["name"] == "AI_APICallError"
