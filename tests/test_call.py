"""The words of the spine keep their secrets and their limits."""

import pytest

from grokkit.call import Call, Reply
from grokkit.errors import InvalidRequest, ReplyTooLarge
from grokkit.testing import Body

KEY = "xai-0123456789abcdefghijklmnop"


def a_call(**fields: object) -> Call:
    base = Call(method="POST", base_url="https://api.x.ai/v1", path="/responses", operation="responses", id="c-1")
    return base.replace(**fields)


def test_a_call_shows_neither_its_key_nor_its_content() -> None:
    call = a_call(headers={"Authorization": f"Bearer {KEY}"}, body={"input": "a private matter"}, model="grok-4.7")

    assert repr(call) == str(call) == "<Call POST /v1/responses (grok-4.7), c-1>"


def test_a_changed_call_leaves_the_first_as_it_was() -> None:
    call = a_call()

    assert call.replace(path="/models").url == "https://api.x.ai/v1/models"
    assert call.url == "https://api.x.ai/v1/responses"


def test_a_body_without_a_json_form_is_the_callers_to_mend() -> None:
    with pytest.raises(InvalidRequest, match="cannot be written as JSON") as caught:
        a_call(body={"input": object()}).content()

    assert caught.value.client_request_id == "c-1"


async def test_a_reply_is_read_once_and_kept() -> None:
    stream = Body([b"one ", b"two"])
    reply = Reply(200, {}, stream=stream)

    assert await reply.read(100) == b"one two"
    assert await reply.read(100) == b"one two"
    assert stream.closed


@pytest.mark.parametrize("announced", ["11", "99999999999999999999"])
async def test_a_reply_that_announces_too_much_is_closed_unread(announced: str) -> None:
    stream = Body([b"x"])

    with pytest.raises(ReplyTooLarge):
        await Reply(200, {"content-length": announced}, stream=stream).read(10)

    assert stream.closed


async def test_a_reply_that_grows_too_large_is_closed_on_the_way() -> None:
    stream = Body([b"x" * 6, b"x" * 6, b"x" * 6])

    with pytest.raises(ReplyTooLarge):
        await Reply(200, {}, stream=stream).read(10)

    assert stream.closed
