"""No secret reaches the file, wherever it stands and however it is written."""

import base64
import json
import tempfile
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grokkit.call import Call, Reply
from grokkit.config import Secret
from grokkit.testing import Body, MockTransport
from grokkit.testing.cassette import Cassette
from grokkit.testing.cassette.scrub import Scrubber

WORD = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=20, max_size=80)
KEYS = st.builds("{}{}".format, st.sampled_from(["xai-", "sk-", "xai-token-"]), WORD)
ANY_SECRET = st.text("abcdefghijklmnopqrstuvwxyz0123456789+/.!~$ä", min_size=16, max_size=60)
TEXT = st.text(max_size=30)


def form(content, kind="text/plain"):
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: {kind}\r\n\r\n'
    return {
        "body": head.encode() + content + b"\r\n--b--\r\n",
        "headers": {"content-type": "multipart/form-data; boundary=b"},
    }


def event(value):
    return b"data: " + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def encoded(text):
    return base64.b64encode(text.encode()).decode()


IN_REQUESTS = {
    "a header": lambda key: {"headers": {"x-own": key}},
    "a header that is kept": lambda key: {"headers": {"accept": key}},
    "a cookie": lambda key: {"headers": {"cookie": f"a={key}; b=c"}},
    "a text": lambda key: {"body": {"input": f"my key: {key}."}},
    "deep in a body": lambda key: {"body": {"tools": [{"headers": [{"x": f"Bearer {key}"}]}]}},
    "the name of a field": lambda key: {"body": {key: 1}},
    "JSON inside a text": lambda key: {"body": {"arguments": json.dumps({"token": key})}},
    "a data URL": lambda key: {"body": {"url": f"data:text/plain;base64,{encoded(f'it is {key}')}"}},
    "base64 for URLs": lambda key: {"body": {"x": base64.urlsafe_b64encode(f"\xff\xfe{key}".encode()).decode()}},
    "basic credentials": lambda key: {"body": {"x": f"Basic {encoded(f'user:{key}')}"}},
    "a query": lambda key: {"query": {"q": key}},
    "a query in the path": lambda key: {"path": f"/files?q={quote(key, safe='')}"},
    "the path": lambda key: {"path": f"/files/{quote(key, safe='')}/x"},
    "the user of a URL": lambda key: {"base_url": f"https://user:{quote(key, safe='')}@x.ai/v1"},
    "lines of JSON": lambda key: {"body": b"\n".join([json.dumps({"a": key}).encode()] * 2)},
    "a text body": lambda key: {"body": f"hello {key} bye".encode(), "headers": {"content-type": "text/plain"}},
    "a form": lambda key: form(f"hello {key}".encode()),
    "JSON in a form": lambda key: form(json.dumps({"a": [key]}).encode(), "application/json"),
    "bytes in a form": lambda key: form(b"\x00\xff" + key.encode() + b"\xff", "image/png"),
    "bytes": lambda key: {"body": b"\x00\xff" + key.encode() + b"\x00"},
    "broken JSON": lambda key: {"body": f'{{"a": "{key}"'.encode()},
}
IN_REPLIES = {
    "JSON": ("application/json", lambda key: json.dumps({"error": f"Incorrect API key provided: {key}."}).encode()),
    "escaped JSON": ("application/json", lambda key: json.dumps({"a": key}).replace("-", "\\u002d").encode()),
    "text": ("text/plain", lambda key: f"key {key} is wrong".encode()),
    "HTML": ("text/html", lambda key: f"<p title='{key}'>".encode()),
    "bytes": ("audio/mpeg", lambda key: b"\xff\xfb" + key.encode()),
    "an event": ("text/event-stream", lambda key: event({"delta": f"say {key}"})),
    "an event with spaces": ("text/event-stream", lambda key: b'data: {"a": "' + key.encode() + b'"}\n\n'),
    "a comment": ("text/event-stream", lambda key: f": {key}\n\n".encode()),
    "an event in pieces": ("text/event-stream", lambda key: f"event: x\ndata: {key}\n\n".encode()),
    "a cut event": ("text/event-stream", lambda key: event({"a": key})[:-3]),
}
IN_HEADERS = ("set-cookie", "x-request-id", "www-authenticate", "location", "server", "content-type", "x-own")


async def written(asked, reply):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.json"
        answer = await Cassette(path, transport=MockTransport(lambda _: reply)).send(asked)
        await answer.read(1_000_000)
        return path.read_text("utf-8")


def call(**fields):
    return Call(
        **{"method": "POST", "base_url": "https://api.x.ai/v1", "path": "/x", "operation": "t", "id": "c", **fields}
    )


def reply(kind="application/json", body=b"{}", headers=None):
    return Reply(200, {"content-type": kind, **(headers or {})}, stream=Body([body[:7], body[7:]]))


def assert_absent(secret, text):
    inside = json.loads(text)
    assert secret not in text
    assert quote(secret, safe="") not in text
    assert secret not in json.dumps(inside, ensure_ascii=False)
    for run in walk(inside):
        assert secret.encode() not in decoded(run), run


def walk(value):
    if isinstance(value, str):
        yield from value.replace(",", " ").split()
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(item)


def decoded(run):
    try:
        return base64.b64decode(run + "=" * (-len(run) % 4), altchars=b"-_" if "-" in run or "_" in run else b"+/")
    except ValueError:
        return b""


@pytest.mark.parametrize("place", IN_REQUESTS.values(), ids=IN_REQUESTS)
@given(key=KEYS)
@settings(max_examples=25, deadline=None)
async def test_a_key_in_a_request_never_reaches_the_file(place, key):
    assert_absent(key, await written(call(**place(key)), reply()))


@pytest.mark.parametrize(("kind", "place"), IN_REPLIES.values(), ids=IN_REPLIES)
@given(key=KEYS)
@settings(max_examples=25, deadline=None)
async def test_a_key_in_a_reply_never_reaches_the_file(kind, place, key):
    assert_absent(key, await written(call(), reply(kind, place(key))))


@pytest.mark.parametrize("header", IN_HEADERS)
@given(key=KEYS)
@settings(max_examples=25, deadline=None)
async def test_a_key_in_a_header_of_a_reply_never_reaches_the_file(header, key):
    assert_absent(key, await written(call(), reply(headers={header: f"a {key}"})))


@pytest.mark.parametrize("place", IN_REQUESTS.values(), ids=IN_REQUESTS)
@given(secret=ANY_SECRET)
@settings(max_examples=25, deadline=None)
async def test_the_key_in_use_never_reaches_the_file_whatever_it_looks_like(place, secret):
    fields = place(secret)
    fields["headers"] = {**fields.get("headers", {}), "Authorization": f"Bearer {secret}"}

    assert_absent(secret, await written(call(**fields), reply()))


@pytest.mark.parametrize(("kind", "place"), IN_REPLIES.values(), ids=IN_REPLIES)
@given(secret=ANY_SECRET)
@settings(max_examples=25, deadline=None)
async def test_a_server_that_repeats_the_key_in_use_does_not_bring_it_into_the_file(kind, place, secret):
    asked = call(headers={"authorization": f"Bearer {secret}"})

    assert_absent(secret, await written(asked, reply(kind, place(secret))))


@pytest.mark.parametrize("name", ["api_key", "apiKey", "X-API-Key", "client_secret", "authorization", "password"])
@given(secret=WORD)
@settings(max_examples=25, deadline=None)
async def test_a_field_that_promises_a_secret_is_hidden_whatever_it_holds(name, secret):
    for value in ({name: secret}, {"headers": {name: secret}}, [{"a": {name: secret}}]):
        assert_absent(secret, await written(call(body={"x": value}), reply(body=json.dumps(value).encode())))
    assert_absent(secret, await written(call(query={name: secret}), reply()))


async def test_a_key_that_travels_in_the_context_is_known():
    secret = "not/like a key at all"

    assert_absent(secret, await written(call(body={"a": secret}, context={"api_key": Secret(secret)}), reply()))


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)
    )
)
def test_scrubbing_twice_changes_nothing_more(value):
    scrubber = Scrubber()
    once = scrubber.value(value)

    assert scrubber.value(once) == once


PLAIN = [
    "The quick brown fox; tokens: 12, api version 3",
    {"token_ids": [1], "pagination_token": "abc", "max_tokens": 5, "create_api_key_id": "276a4be1-763d"},
    {"url": "https://imgen.x.ai/xai-imgen/xai-tmp-imgen-x.jpeg"[:24]},
    {"b64_json": base64.b64encode(bytes(range(256)) * 20).decode()},
    {"id": "49c031a9-cbc1-9d3e-bfda-3414ac644167"},
]


@pytest.mark.parametrize("value", PLAIN)
def test_what_is_no_secret_stays(value):
    assert Scrubber().value(value) == value
