from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit import errors
from grokkit.config import Retry
from grokkit.layers.retry import Again, Failure, Stop, decide
from grokkit.wire.error_body import classify, in_stream_error

if TYPE_CHECKING:
    from grokkit.errors import GrokError

AGAIN, NEVER = "again", "never"
TOO_FAST = (
    "Too many requests for team 00000000-0000 and model grok-4.3. Your team's rate limit is - Requests per Second "
    "(actual/limit): 2/2, Requests per Minute (actual/limit): 73/60."
)
AT_CAPACITY = "The model is at capacity right now, please use a higher service tier."
MONEY_GONE = "Your team 0000 has used all available credits or reached its monthly spending limit."
PAGE = b"<!DOCTYPE html><html><head><title>Web server is down</title></head></html>"
NOW = datetime(2026, 10, 30, 12, 0, 0, tzinfo=UTC)


def flat(text: str, code: object = "resource-exhausted") -> bytes:
    return json.dumps({"code": code, "error": text}).encode()


def decision(
    error: GrokError,
    policy: Retry | None = None,
    *,
    attempt: int = 1,
    method: str = "POST",
    acts: bool = False,
    remaining: float | None = None,
    random: float = 0.5,
) -> Again | Stop:
    return decide(policy or Retry(), Failure(error, attempt, method, acts, remaining), lambda: random)


def verdict(error: GrokError, policy: Retry | None = None, **facts: Any) -> str:
    decided = decision(error, policy, **facts)
    return AGAIN if isinstance(decided, Again) else decided.reason or NEVER


REPLIES: list[tuple[int, bytes, str, str]] = [
    # status, body, with the defaults, with ambiguous=False
    (429, flat(TOO_FAST), AGAIN, AGAIN),
    (429, flat(AT_CAPACITY), AGAIN, AGAIN),
    (429, flat(MONEY_GONE, "Some resource has been exhausted"), NEVER, NEVER),
    (429, flat("You ran out of credits. [WKE=personal-team-blocked:spending-limit]", 429), NEVER, NEVER),
    (429, flat("something nobody has seen before"), AGAIN, AGAIN),
    (429, b"", AGAIN, AGAIN),
    (402, b"", NEVER, NEVER),
    (400, flat("Model not found: grok-9", "invalid-argument"), NEVER, NEVER),
    (400, flat("Incorrect API key provided", "invalid-argument"), NEVER, NEVER),
    (400, flat("maximum prompt length is 256000 tokens", "invalid-argument"), NEVER, NEVER),
    (401, b"", NEVER, NEVER),
    (403, flat("Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"), NEVER, NEVER),
    (403, b"", NEVER, NEVER),
    (404, b"", NEVER, NEVER),
    (405, b"", NEVER, NEVER),
    (408, b"", AGAIN, AGAIN),
    (409, b"", AGAIN, AGAIN),
    (413, b"", NEVER, NEVER),
    (415, b"", NEVER, NEVER),
    (422, b"Failed to deserialize the JSON body into the target type", NEVER, NEVER),
    (500, flat("Internal error", "internal"), AGAIN, "ambiguous"),
    (500, b"", AGAIN, "ambiguous"),
    (501, b"", NEVER, NEVER),
    (502, b"", AGAIN, "ambiguous"),
    (503, b"", AGAIN, AGAIN),
    (503, flat(AT_CAPACITY), AGAIN, AGAIN),
    (504, b"", AGAIN, "ambiguous"),
    *((status, PAGE, AGAIN, "ambiguous") for status in (520, 521, 522, 523, 524, 530)),
    (525, PAGE, NEVER, NEVER),
    (526, PAGE, NEVER, NEVER),
    (529, b"", AGAIN, AGAIN),
    (302, b"", NEVER, NEVER),
]


@pytest.mark.parametrize(("status", "body", "expected", "cautious"), REPLIES)
def test_a_post_is_made_again_where_that_can_help(status: int, body: bytes, expected: str, cautious: str) -> None:
    error = classify(status, {}, body)

    assert verdict(error) == expected
    assert verdict(error, Retry(ambiguous=False)) == cautious


@pytest.mark.parametrize(("status", "body", "expected", "cautious"), REPLIES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PUT"])
def test_what_can_be_done_twice_is_never_ambiguous(
    method: str, status: int, body: bytes, expected: str, cautious: str
) -> None:
    error = classify(status, {}, body)

    assert verdict(error, Retry(ambiguous=False), method=method, acts=True) == expected


@pytest.mark.parametrize(("status", "body", "expected", "cautious"), REPLIES)
def test_tools_that_act_do_not_act_twice_unless_that_is_allowed(
    status: int, body: bytes, expected: str, cautious: str
) -> None:
    error = classify(status, {}, body)

    assert verdict(error, acts=True) == cautious.replace("ambiguous", "effects")
    assert verdict(error, Retry(effects=True), acts=True) == expected
    assert verdict(error, Retry(effects=True, ambiguous=False), acts=True) == cautious


KINDS: list[tuple[type[GrokError], str, str]] = [
    # class, with the defaults, with ambiguous=False
    (errors.ConnectionFailed, AGAIN, AGAIN),
    (errors.NameNotResolved, AGAIN, AGAIN),
    (errors.ConnectTimedOut, AGAIN, AGAIN),
    (errors.ConnectionLost, AGAIN, "ambiguous"),
    (errors.TimedOut, AGAIN, "ambiguous"),
    (errors.FirstEventTimedOut, AGAIN, "ambiguous"),
    (errors.StreamStalled, AGAIN, "ambiguous"),
    (errors.WireTimedOut, AGAIN, "ambiguous"),
    (errors.ResponseFailed, AGAIN, "ambiguous"),
    (errors.NoCapacity, AGAIN, AGAIN),
    (errors.RateLimited, AGAIN, AGAIN),
    (errors.StreamInterrupted, AGAIN, "ambiguous"),
    (errors.QueueFull, NEVER, NEVER),
    (errors.CircuitOpen, NEVER, NEVER),
    (errors.DeadlineExceeded, NEVER, NEVER),
    (errors.WouldExceedDeadline, NEVER, NEVER),
    (errors.OutOfCredits, NEVER, NEVER),
    (errors.ContentRefused, NEVER, NEVER),
    (errors.CertificateRejected, NEVER, NEVER),
    (errors.InvalidRequest, NEVER, NEVER),
    (errors.ReplyUnreadable, NEVER, NEVER),
    (errors.ReplyTooLarge, NEVER, NEVER),
]


@pytest.mark.parametrize(("kind", "expected", "cautious"), KINDS)
def test_each_class_of_errors_has_its_answer(kind: type[GrokError], expected: str, cautious: str) -> None:
    assert verdict(kind("it went wrong")) == expected
    assert verdict(kind("it went wrong"), Retry(ambiguous=False)) == cautious


@pytest.mark.parametrize("kind", [errors.FirstEventTimedOut, errors.StreamStalled, errors.WireTimedOut])
def test_a_time_limit_that_passed_twice_is_not_waited_for_again(kind: type[GrokError]) -> None:
    assert decision(kind("late"), attempt=1) != Stop()
    assert decision(kind("late"), attempt=2) == Stop(
        "attempts", "a time limit passed twice; each try would take as long"
    )


@pytest.mark.parametrize("kind", [errors.QueueFull, errors.CircuitOpen, errors.DeadlineExceeded])
def test_what_grokkit_itself_gave_up_stays_so_whatever_the_flag_says(kind: type[GrokError]) -> None:
    assert decision(kind("no", retryable=True, retry_after=0.1)) == Stop()


def test_the_flag_of_an_error_decides() -> None:
    assert verdict(errors.NotFound("not yet", retryable=True)) == AGAIN
    assert verdict(errors.NoCapacity("full", retryable=False)) == NEVER


def test_an_error_in_the_stream_is_a_failure_like_any_other() -> None:
    error = in_stream_error({"code": "The service is currently unavailable", "error": "Timed out"})

    assert error is not None
    assert verdict(error) == AGAIN


@pytest.mark.parametrize(
    ("status", "body", "advice", "expected"),
    [
        (500, b"", "false", NEVER),
        (429, flat(TOO_FAST), "false", NEVER),
        (503, b"", "false", NEVER),
        (404, b"", "true", NEVER),
        (400, flat("something odd", "invalid-argument"), "true", NEVER),
        (429, flat(MONEY_GONE), "true", NEVER),
        (401, b"", "true", NEVER),
        (500, b"", "maybe", AGAIN),
    ],
)
def test_the_server_can_say_no_and_not_more(status: int, body: bytes, advice: str, expected: str) -> None:
    assert verdict(classify(status, {"x-should-retry": advice}, body)) == expected


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry-after": "7"}, 7.0, 7.7),
        ({"retry-after": "1"}, 1.0, 1.5),
        ({"retry-after": "120"}, 120.0, 132.0),
        ({"retry-after": "0"}, 0.0, 0.5),
        ({"retry-after": "-5"}, 0.0, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25, 0.75),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=20)), "date": format_datetime(NOW)}, 20.0, 22.0),
        ({"retry-after": format_datetime(NOW - timedelta(days=20)), "date": format_datetime(NOW)}, 0.0, 0.5),
        ({"retry-after": "soon"}, 0.0, 1.0),
        ({"retry-after": "nan"}, 0.0, 1.0),
        ({"retry-after": "inf"}, 0.0, 1.0),
        ({}, 0.0, 1.0),
    ],
)
def test_the_server_is_obeyed_and_never_early(headers: dict[str, str], least: float, most: float) -> None:
    error = classify(429, headers, flat(TOO_FAST))

    assert decision(error, random=0.0) == Again(least)
    latest = decision(error, random=1.0)
    assert isinstance(latest, Again)
    assert latest.delay == pytest.approx(most)


@pytest.mark.parametrize("asked", [-3.0, float("nan")])
def test_a_wait_that_makes_no_sense_is_none(asked: float) -> None:
    assert isinstance(decision(errors.NoCapacity("full", retry_after=asked), random=1.0), Again)


@pytest.mark.parametrize(("asked", "shown"), [(300.0, "300 s"), (1e9, "1000000000 s"), (float("inf"), "inf s")])
def test_a_wait_above_the_ceiling_is_not_begun(asked: float, shown: str) -> None:
    stop = decision(errors.RateLimited("slow down", retry_after=asked), Retry(ceiling=60))

    assert stop == Stop("ceiling", f"the server asks to wait {shown}, more than the 60 s of Retry(ceiling)")


def test_a_wait_that_the_call_has_no_time_for_is_not_begun() -> None:
    stop = decision(errors.RateLimited("slow down", retry_after=300.0), remaining=12.52)

    assert stop == Stop("deadline", "the server asks to wait 300 s and 12.5 s are left of this call's time")


def test_neither_is_one_of_our_own_choice() -> None:
    stop = decision(errors.NoCapacity("full"), Retry(base=8), remaining=3.0, random=0.9)

    assert stop == Stop("deadline", "the next try would be after 7.2 s and 3 s are left of this call's time")


def test_a_call_whose_time_is_over_is_not_made_again() -> None:
    stop = decision(errors.NoCapacity("full"), remaining=-1.0, random=0.0)

    assert stop == Stop("deadline", "the next try would be after 0 s and 0 s are left of this call's time")


def test_the_jitter_leaves_time_for_the_try() -> None:
    again = decision(errors.NoCapacity("full", retry_after=100.0), remaining=101.0, random=1.0)

    assert again == Again(100.5)


def test_waits_double_up_to_the_cap() -> None:
    policy = Retry(max=10, base=0.5, cap=5)

    waits = [decision(errors.NoCapacity("full"), policy, attempt=attempt, random=1.0) for attempt in range(1, 7)]

    assert waits == [Again(0.5), Again(1.0), Again(2.0), Again(4.0), Again(5.0), Again(5.0)]


def test_waits_for_a_rate_limit_begin_at_a_second() -> None:
    waits = [decision(errors.RateLimited("slow down"), attempt=attempt, random=1.0) for attempt in (1, 2, 3)]

    assert waits == [Again(1.0), Again(2.0), Again(4.0)]


def test_tries_are_counted() -> None:
    error = errors.NoCapacity("full")

    assert [verdict(error, Retry(max=2), attempt=attempt) for attempt in (1, 2, 3)] == [AGAIN, AGAIN, "attempts"]


FAILED = st.sampled_from([kind for kind, *_ in KINDS])
POLICIES = st.builds(
    Retry,
    max=st.integers(0, 10**9),
    base=st.floats(1e-3, 1e3),
    cap=st.floats(1e3, 1e6),
    ceiling=st.floats(1e-3, 1e6),
    ambiguous=st.booleans(),
    effects=st.booleans(),
)


@given(
    policy=POLICIES,
    kind=FAILED,
    asked=st.none() | st.floats(),
    attempt=st.integers(1, 10**9),
    method=st.sampled_from(["GET", "POST"]),
    acts=st.booleans(),
    remaining=st.none() | st.floats(-1e6, 1e6),
    seed=st.integers(),
)
def test_every_wait_is_within_its_bounds(
    *,
    policy: Retry,
    kind: type[GrokError],
    asked: float | None,
    attempt: int,
    method: str,
    acts: bool,
    remaining: float | None,
    seed: int,
) -> None:
    error = kind("it went wrong", retry_after=asked)

    decided = decide(policy, Failure(error, attempt, method, acts, remaining), Random(seed).random)

    if isinstance(decided, Stop):
        assert decided.reason in {None, "attempts", "deadline", "ceiling", "ambiguous", "effects"}
        return
    assert attempt <= policy.max
    assert remaining is None or decided.delay < remaining
    if asked is not None and asked >= 0:
        assert asked <= decided.delay <= asked * 1.1 + policy.base
        assert asked <= policy.ceiling
    elif asked is None:
        assert 0 <= decided.delay <= policy.cap
