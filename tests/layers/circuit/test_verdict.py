from __future__ import annotations

import asyncio

import pytest

from grokkit import errors
from grokkit.errors import GrokError
from grokkit.layers.circuit.verdict import in_brief, is_fault

FAULTS = {
    "NoCapacity",
    "ServerFailed",
    "EdgeFailed",
    "ResponseFailed",
    "ConnectionFailed",
    "NameNotResolved",
    "ConnectTimedOut",
    "ConnectionLost",
    "TimedOut",
    "FirstEventTimedOut",
    "StreamStalled",
    "WireTimedOut",
    "StreamInterrupted",
}
BLIND = {
    "GrokError",
    "BadCall",
    "InvalidRequest",
    "ContextTooLong",
    "ParameterRejected",
    "NotFound",
    "ModelNotFound",
    "RequestTooLarge",
    "ContentRefused",
    "DownloadRefused",
    "ConfigInvalid",
    "ExtraMissing",
    "Misused",
    "ClientClosed",
    "StreamNotOpen",
    "BlockingCallRefused",
    "TryLater",
    "RateLimited",
    "QueueFull",
    "CircuitOpen",
    "StoreUnavailable",
    "DeadlineExceeded",
    "WouldExceedDeadline",
    "AskSomeone",
    "KeyMissing",
    "KeyRejected",
    "PermissionDenied",
    "OutOfCredits",
    "CertificateRejected",
    "ReportBug",
    "ReplyUnreadable",
    "StreamCorrupted",
    "ReplyTooLarge",
    "EventTooLarge",
    "AnswerUnfit",
    "AnswerCutOff",
    "AnswerRefused",
}


def test_every_error_of_the_tree_has_been_thought_of() -> None:
    tree = {name for name, found in vars(errors).items() if isinstance(found, type) and issubclass(found, GrokError)}

    assert tree == FAULTS | BLIND


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_what_the_server_or_the_network_did_counts(name: str) -> None:
    assert is_fault(getattr(errors, name)("broken"))


@pytest.mark.parametrize("name", sorted(BLIND))
def test_what_anybody_else_did_does_not_count(name: str) -> None:
    assert not is_fault(getattr(errors, name)("broken"))


@pytest.mark.parametrize(
    "error", [asyncio.CancelledError(), KeyboardInterrupt(), ValueError("a layer's own"), OSError()]
)
def test_what_is_not_from_the_wire_does_not_count(error: BaseException) -> None:
    assert not is_fault(error)


@pytest.mark.parametrize("name", sorted((FAULTS | BLIND) - {"StreamInterrupted"}))
def test_a_broken_stream_is_judged_by_what_broke_it(name: str) -> None:
    error = errors.StreamInterrupted("broke off")
    error.__cause__ = getattr(errors, name)("the cause")

    assert is_fault(error) == (name in FAULTS)


def test_an_error_in_brief_is_one_short_line_without_secrets() -> None:
    brief = in_brief(errors.ServerFailed("no route\nfor xai-abcdef123456 " + "x" * 500))

    assert brief.startswith("ServerFailed: no route for xai-***")
    assert "abcdef" not in brief
    assert len(brief) == 200
    assert in_brief(TimeoutError()) == "TimeoutError"
