"""Nothing gives a secret away but `reveal()`."""

import copy
import json
import pickle
import traceback
from dataclasses import asdict, dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit import Grok
from grokkit.config import Config, Headers, Secret, SecretURL, format_explanation, redact

KEY = "xai-0123456789abcdefghij"

keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=16, max_size=80)


def test_shows_the_vendor_prefix_and_the_last_two_characters() -> None:
    assert repr(Secret(KEY)) == "Secret('xai-...ij')"
    assert str(Secret(KEY)) == "xai-...ij"


def test_shows_no_prefix_that_is_no_vendor_s() -> None:
    assert repr(Secret("abc-0123456789abcdef")) == "Secret('...ef')"


@pytest.mark.parametrize("short", ["", "a", "xai-1234567", "123456789012345"])
def test_shows_nothing_of_a_short_text(short: str) -> None:
    assert repr(Secret(short)) == "Secret('***')"


@given(keys)
def test_no_way_of_writing_shows_more_than_the_mask(key: str) -> None:
    secret = Secret(key)
    ways = [str(secret), repr(secret), f"{secret}", f"{secret!r}", f"{secret:>40}", "%s %r".__mod__((secret, secret))]

    for way in ways:
        assert key not in way
        assert key[4:-2] not in way


def test_reveals_what_it_was_given() -> None:
    assert Secret(KEY).reveal() == KEY
    assert Secret(Secret(KEY)).reveal() == KEY


def test_takes_only_text() -> None:
    with pytest.raises(TypeError, match="Secret takes a str, not int"):
        Secret(7)  # type: ignore[arg-type]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_is_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret(KEY), protocol)


def test_is_not_encoded() -> None:
    with pytest.raises(TypeError):
        json.dumps(Secret(KEY))
    with pytest.raises(TypeError):
        msgspec.json.encode({"key": Secret(KEY)})
    with pytest.raises(TypeError):
        msgspec.to_builtins(Secret(KEY))

    assert KEY not in json.dumps(Secret(KEY), default=str)
    assert KEY.encode() not in msgspec.json.encode(Secret(KEY), enc_hook=str)


def test_has_no_attributes_to_walk() -> None:
    with pytest.raises(TypeError):
        vars(Secret(KEY))
    slots = [getattr(Secret(KEY), name) for name in Secret.__slots__]

    assert KEY not in repr(slots)


def test_stays_masked_in_dataclasses_and_copies() -> None:
    @dataclass
    class Holder:
        key: Secret

    holder = Holder(Secret(KEY))

    assert KEY not in repr(holder)
    assert KEY not in repr(asdict(holder))
    assert asdict(holder)["key"].reveal() == KEY
    assert copy.deepcopy(holder).key.reveal() == KEY
    assert copy.copy(holder.key) is holder.key


def test_is_masked_in_the_locals_of_a_traceback() -> None:
    def fail(secret: Secret) -> None:
        raise ValueError("no")

    try:
        fail(Secret(KEY))
    except ValueError as error:
        report = traceback.TracebackException.from_exception(error, capture_locals=True)
    inner = report.stack[-1].locals or {}

    assert inner["secret"] == "Secret('xai-...ij')"


@given(keys, keys)
def test_is_equal_and_hashed_by_its_text(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) == (one == other)
    assert hash(Secret(one)) == hash(Secret(one))
    assert Secret(one) != one


def test_compares_texts_that_are_not_ascii() -> None:
    assert Secret("schlüssel\ud800") == Secret("schlüssel\ud800")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://me:hunter2@proxy:3128", "http://***@proxy:3128"),
        ("http://tok@en@proxy:3128", "http://***@proxy:3128"),
        ("http://proxy:3128", "http://proxy:3128"),
        ("me:hunter2@proxy:3128", "***@proxy:3128"),
        ("redis://cache:6379/0?password=hunter2", "redis://cache:6379/0?***"),
        ("redis://me:hunter2@cache/0#hunter2", "redis://***@cache/0#***"),
        ("redis://me:hun?ter2@cache/0", "redis://***"),
        ("unix://me:hunter2@/run/redis.sock?db=0", "unix://***@/run/redis.sock?***"),
        ("sqlite:////home/me@work/state.db", "sqlite:////home/me@work/state.db"),
        ("memory", "memory"),
    ],
)
def test_a_secret_url_hides_who_asks(url: str, shown: str) -> None:
    assert str(SecretURL(url)) == shown
    assert SecretURL(url).reveal() == url


@given(
    password=st.text("QXZ0123456789:/?#@&=% ", min_size=1),
    place=st.sampled_from(
        [
            "redis://me:{}@cache.example/",
            "redis://:{}@cache.example/",
            "redis://cache.example/?password={}",
            "redis://cache.example/?db=a&password={}#there",
            "redis://me@cache.example/?{}",
            "redis://cache.example/#{}",
            "rediss://me:{0}@cache.example/?password={0}",
            "http://me:{}@proxy.example",
        ]
    ),
)
def test_no_way_of_showing_a_url_shows_any_part_of_a_password(password: str, place: str) -> None:
    url = SecretURL(place.format(password))
    config = Config(state=url)

    shown = [
        *(way.format(url) for way in ("{}", "{!r}", "{:>40}")),
        json.dumps(url, default=str),
        repr(config),
        format_explanation(setting for setting in config.explain() if setting.name == "state"),
    ]

    assert not set("QXZ0123456789") & set("".join(shown))


def test_a_password_is_in_no_account_of_a_client() -> None:
    with Grok(api_key=KEY, state="redis://me:hunter2@127.0.0.1:1/0?password=swordfish") as grok:
        shown = repr(grok) + repr(grok.config) + str(grok.config.state) + repr(grok.explain()) + repr(grok.health())

    assert "hunter2" not in shown
    assert "swordfish" not in shown


def test_headers_hide_credentials() -> None:
    headers = Headers({"X-Team": "search", "Authorization": "Basic abc", "X-Note": KEY, "Cookie": "a=b"})

    shown = repr(headers)

    assert "search" in shown
    assert all(hidden not in shown for hidden in ("abc", KEY, "a=b"))
    assert headers["AUTHORIZATION"] == "Basic abc"
    assert headers == {"x-team": "search", "authorization": "Basic abc", "x-note": KEY, "cookie": "a=b"}
    assert hash(headers) == hash(Headers(dict(headers)))


@given(st.text("abcdefghij0123456789", min_size=24, max_size=60).map(lambda tail: f"xai-{tail}"))
def test_redact_takes_keys_out_of_any_text(key: str) -> None:
    assert key not in redact(f"broken near {key!r}, at the end")


def test_redact_takes_queries_out_of_urls() -> None:
    assert redact("no store is named 'postgres://me:hunter2@h/0?pw=swordfish'") == (
        "no store is named 'postgres://***@h/0?***"
    )
    assert redact("what? is http://h/0 there?") == "what? is http://h/0 there?"
