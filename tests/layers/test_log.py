from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from grokkit.errors import ConnectionLost
from grokkit.testing import MockTransport, json_reply

if TYPE_CHECKING:
    from tests.conftest import Face

    from grokkit import Call, Reply

MODEL = "grok-4.20-non-reasoning"
KEY = "xai-0123456789abcdefghij"
PLAIN = {"id": "r", "output": [], "status": "completed", "model": MODEL}
SECRETS = ("the prompt", "the answer", KEY, "another secret")


def answer(_: Call) -> Reply:
    text = [{"type": "output_text", "text": "the answer"}]
    reply = {**PLAIN, "output": [{"type": "message", "content": text}]}
    return json_reply(reply, headers={"x-request-id": "req-1"})


@pytest.fixture
def attempts(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "grokkit")
    return caplog


async def test_an_attempt_is_a_command_that_can_be_run_and_gives_nothing_away(
    face: Face, attempts: pytest.LogCaptureFixture
) -> None:
    client = face.client(transport=MockTransport(answer), api_key=KEY, model=MODEL, headers={"x-token": SECRETS[3]})

    await face.call(client.ask, "the prompt", extra_query={"page": "1"})

    sent, answered = (record.getMessage() for record in attempts.records if record.name == "grokkit.attempts")
    assert sent.startswith("grok.attempt curl -X POST 'https://api.x.ai/v1/responses?page=1'")
    assert '-H "Authorization: Bearer $XAI_API_KEY"' in sent
    assert "-H 'x-token: ***'" in sent
    assert "--data-binary @body.json" in sent
    assert answered.startswith(f"grok.attempt_answered POST /v1/responses ({MODEL}) ")
    assert " 200 request=req-1 after " in answered
    for record in attempts.records:
        assert not any(secret in record.getMessage() for secret in SECRETS)


async def test_a_failed_attempt_is_one_line_with_the_kind_of_error(
    face: Face, attempts: pytest.LogCaptureFixture
) -> None:
    def lost(_: Call) -> Reply:
        raise ConnectionLost("gone\nfor good")

    client = face.client(transport=MockTransport(lost), model=MODEL)

    with pytest.raises(ConnectionLost):
        await face.call(client.ask, "the prompt")

    failed = attempts.records[-2].getMessage()
    assert failed.startswith("grok.attempt_failed POST ")
    assert failed.endswith(r"ConnectionLost('gone\nfor good')")
    assert not any("\n" in record.getMessage() for record in attempts.records)


async def test_the_message_of_a_foreign_error_is_not_logged(face: Face, attempts: pytest.LogCaptureFixture) -> None:
    def broken(_: Call) -> Reply:
        raise LookupError("another secret")

    with pytest.raises(LookupError):
        await face.call(face.client(transport=MockTransport(broken), model=MODEL).ask, "the prompt")

    texts = [record.getMessage() for record in attempts.records]
    assert [text.rpartition(" ")[2] for text in texts[1:]] == ["LookupError", "LookupError"]
    assert not any(secret in text for text in texts for secret in SECRETS)


async def test_nothing_is_prepared_when_nobody_listens(face: Face, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "grokkit")

    await face.call(face.client(transport=MockTransport(answer), model=MODEL).ask, "Hi")

    assert [record.name for record in caplog.records] == ["grokkit"]
