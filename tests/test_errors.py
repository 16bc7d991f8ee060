"""The error tree: what each error knows, says and hides."""

from __future__ import annotations

import copy
import pickle
import re
import traceback
from pathlib import Path

import pytest

from grokkit import agents, errors, sessions, tools
from grokkit.errors import CallRef, GrokError
from grokkit.wire.answer import Origin, chat_answer

KEY = "xai-" + "Ab9" * 28
CALL = CallRef("POST", "https://api.x.ai/v1/responses?stream=true", "responses.create", "grok-4.7")
PAGE = Path(__file__).parents[1] / "docs" / "errors.md"


def _tree(root: type[GrokError]) -> list[type[GrokError]]:
    return [root, *(below for child in root.__subclasses__() for below in _tree(child))]


CLASSES = [kind for kind in _tree(GrokError) if kind.__module__ == errors.__name__]
FAMILIES = (errors.BadCall, errors.TryLater, errors.AskSomeone, errors.ReportBug)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_is_drawn_in_the_module_docstring_and_explained(kind: type[GrokError]) -> None:
    drawn = re.findall(r"\w+", errors.__doc__ or "")

    assert kind.__name__ in drawn
    assert kind.__doc__


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind is not GrokError])
def test_every_class_belongs_to_exactly_one_family(kind: type[GrokError]) -> None:
    families = [family for family in FAMILIES if issubclass(kind, family)]

    assert len(families) == 1


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if not kind.__subclasses__()])
def test_every_leaf_says_what_to_try(kind: type[GrokError]) -> None:
    error = errors.ExtraMissing("x", extra="cli") if kind is errors.ExtraMissing else kind("x")

    assert error.hint or kind is errors.TryLater


@pytest.mark.parametrize("kind", CLASSES)
def test_only_waiting_helps_the_family_that_says_so(kind: type[GrokError]) -> None:
    error = kind("x")

    expected = issubclass(kind, errors.TryLater) and not issubclass(kind, errors.DeadlineExceeded)
    assert error.retryable is expected


def test_text_tells_what_happened_to_which_call_and_what_to_try() -> None:
    error = errors.KeyRejected("no such key", status=401, code="unauthenticated", request_id="r1", hint="log in")

    text = str(error.with_call(CALL, "c1"))

    assert text.split("\n") == [
        "no such key (401 unauthenticated)",
        "call: POST /v1/responses (grok-4.7)",
        "ids: request r1, client c1",
        "try: log in",
    ]


def test_text_is_the_bare_message_when_nothing_else_is_known() -> None:
    assert str(GrokError("odd")) == "odd"


def test_attempts_are_told_when_there_was_more_than_one() -> None:
    error = errors.ServerFailed("down").with_call(CALL, "c1")
    error.attempts = 3

    assert "call: POST /v1/responses (grok-4.7), 3 attempts" in str(error)


def test_a_code_that_is_a_sentence_or_the_status_is_not_repeated() -> None:
    sentence = errors.InvalidRequest("x", status=400, code="Client specified an invalid argument")
    number = errors.InvalidRequest("x", status=400, code="400")

    assert str(sentence).startswith("x (400)")
    assert str(number).startswith("x (400)")


def test_with_call_fills_only_what_is_unknown() -> None:
    first = CallRef("GET", "/v1/models", "models.list")
    error = GrokError("x", call=first, client_request_id="mine")

    same = error.with_call(CALL, "other")

    assert same is error
    assert (error.call, error.client_request_id) == (first, "mine")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://api.x.ai/v1/chat/completions", "/v1/chat/completions"),
        ("wss://api.x.ai/v1/responses?model=a#b", "/v1/responses"),
        ("https://api.x.ai", "/"),
        ("/v1/models?next=https://elsewhere/x", "/v1/models"),
    ],
)
def test_a_call_shows_its_path_only(url: str, path: str) -> None:
    assert str(CallRef("GET", url, "x")) == f"GET {path}"


@pytest.mark.parametrize("kind", CLASSES)
def test_pickling_and_copying_keep_everything(kind: type[GrokError]) -> None:
    error = kind("gone", hint="h", status=500, code="c", param="p", request_id="r", retry_after=1.5, body="b")
    error.with_call(CALL, "c1").attempts = 2
    error.add_note("seen twice")

    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is kind
        assert vars(twin) == vars(error)
        assert str(twin) == str(error)


def test_pickling_keeps_what_single_classes_add() -> None:
    limited = errors.RateLimited("fast", observed={"requests_per_minute": 73.0}, limit={"requests_per_minute": 60.0})
    missing = errors.ExtraMissing("no click", extra="cli")

    assert pickle.loads(pickle.dumps(limited)).observed == {"requests_per_minute": 73.0}
    assert pickle.loads(pickle.dumps(missing)).extra == "cli"
    assert missing.hint == "pip install 'grokkit[cli]'"


def test_an_interrupted_stream_carries_what_had_arrived() -> None:
    raw = {"id": "a1", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Once upon"}}]}
    error = errors.StreamInterrupted("cut", partial=chat_answer(raw, Origin()))

    twin = pickle.loads(pickle.dumps(error))

    assert error.partial is not None
    assert error.partial.text == "Once upon"
    assert twin.partial == error.partial


def test_no_key_shows_in_message_repr_attributes_or_traceback() -> None:
    call = CallRef("GET", f"https://user:secret@api.x.ai/v1/models?key={KEY}", "models.list")
    try:
        raise errors.KeyRejected(
            f"Bearer {KEY} refused", hint=f"not {KEY}", code=KEY, param=KEY, body=f'{{"key":"{KEY}"}}', request_id=KEY
        ).with_call(call, "c1")
    except GrokError as error:
        shown = "".join(traceback.format_exception(error))
        everything = [str(error), repr(error), shown, repr(vars(error)), repr(error.args), repr(error.call)]

    assert not [text for text in everything if KEY in text or "secret" in text]


def test_repr_shows_class_message_and_what_the_server_named() -> None:
    error = errors.ParameterRejected("no", status=400, code="x", param="stop", request_id="r1")

    assert repr(error) == "ParameterRejected('no', status=400, code='x', param='stop', request_id='r1')"


def test_what_the_caller_states_wins_over_the_class() -> None:
    error = errors.EdgeFailed("tls", retryable=False, hint="wait for xAI")

    assert error.retryable is False
    assert error.hint == "wait for xAI"


@pytest.mark.parametrize("kind", CLASSES)
def test_the_reference_page_has_a_section_on_every_class(kind: type[GrokError]) -> None:
    headings = re.findall(r"^#+ `(\w+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert headings.count(kind.__name__) == 1


def test_the_reference_page_has_a_section_on_every_error_that_a_package_offers() -> None:
    headings = re.findall(r"^#+ `(\w+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    offered = [(name, getattr(package, name)) for package in (agents, sessions, tools) for name in package.__all__]
    names = [name for name, value in offered if isinstance(value, type) and issubclass(value, GrokError)]

    assert names
    assert [name for name in names if headings.count(name) != 1] == []
