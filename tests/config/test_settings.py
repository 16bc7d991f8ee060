"""What `Config` takes and refuses, how it shows itself and how it is changed."""

import copy
import functools
import pickle
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.config import SETTINGS, Config, Headers, Secret, SecretURL, Timeouts
from grokkit.config.kinds import Kind
from grokkit.errors import ConfigInvalid

KEY = "xai-0123456789abcdefghij"


def make(**values: Any) -> Config:
    return Config(**values)


def test_without_a_word_everything_is_at_its_default() -> None:
    config = Config()

    assert config.api_key is None
    assert config.base_url == "https://api.x.ai/v1"
    assert config.model == "grok-4.7"
    assert config.store is False
    assert config.stream_long_calls is True
    assert config.max_event_size == 16 * 2**20
    assert repr(config) == "Config()"


@pytest.mark.parametrize(
    ("given_url", "held"),
    [
        ("https://api.x.ai/v1/", "https://api.x.ai/v1"),
        ("HTTP://LocalHost:8080", "http://localhost:8080"),
        ("http://[::1]:8080/v1//", "http://[::1]:8080/v1"),
    ],
)
def test_a_base_url_is_normalised(given_url: str, held: str) -> None:
    assert make(base_url=given_url).base_url == held


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("api.x.ai/v1", "starts with https:// or http://"),
        ("ftp://api.x.ai", "starts with https:// or http://"),
        ("https:///v1", "names no host"),
        ("https://api.x.ai/v1?a=b", r"no \?query"),
        ("https://api.x.ai/v1#a", "no #fragment"),
        ("https://me:hunter2@api.x.ai/v1", "no user name or password"),
        ("https://api.x.ai:port/v1", "no valid URL"),
        ("https://[::1/v1", "no valid URL"),
        ("https://api.x.ai/v 1", "has a space"),
        ("https://api.x.ai/\nv1", "control character"),
        ("", "takes a URL"),
        (7, "takes a URL; found the number 7"),
    ],
)
def test_a_base_url_that_cannot_be_is_refused(url: Any, reason: str) -> None:
    with pytest.raises(ConfigInvalid, match=reason) as caught:
        make(base_url=url)

    assert "hunter2" not in str(caught.value)


def test_a_proxy_keeps_its_password_to_itself() -> None:
    config = make(proxy="http://me:hunter2@proxy.example:3128")

    assert isinstance(config.proxy, SecretURL)
    assert config.proxy.reveal() == "http://me:hunter2@proxy.example:3128"
    assert "hunter2" not in repr(config)
    assert all("hunter2" not in repr(setting) for setting in config.explain())


@pytest.mark.parametrize("proxy", ["proxy:3128", "http://proxy/path", "ftp://proxy", "http://me:hunter2@/"])
def test_a_proxy_that_cannot_be_is_refused(proxy: str) -> None:
    with pytest.raises(ConfigInvalid, match="argument: proxy") as caught:
        make(proxy=proxy)

    assert "hunter2" not in str(caught.value)


def test_a_key_is_kept_as_a_secret() -> None:
    config = make(api_key=KEY)

    assert config.api_key == Secret(KEY)
    assert KEY not in repr(config)
    assert make(api_key=Secret(KEY)) == config


def test_a_key_may_be_a_function_whose_arguments_are_not_shown() -> None:
    source = functools.partial(lambda key: key, KEY)

    config = make(api_key=source)

    assert config.api_key is source
    assert KEY not in repr(config)
    assert config.explain()[0].value == "a function"


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "empty or blank"),
        (" \n", "empty or blank"),
        (f"{KEY}\n", "space or line break"),
        (f"{KEY[:9]} {KEY[9:]}", "space or line break"),
        (f"Bearer {KEY}", "starts with 'Bearer'"),
        (f'"{KEY}"', "quotation mark"),
        (f"{KEY}é", "characters in it that no key has"),
        (f"{KEY}\x00", "characters in it that no key has"),
        (7, "found the number 7"),
        ([KEY], "found a list"),
        ({"key": KEY}, "found a table"),
    ],
)
def test_a_key_that_cannot_be_one_is_refused_and_not_shown(key: Any, reason: str) -> None:
    with pytest.raises(ConfigInvalid, match=reason) as caught:
        make(api_key=key)

    assert KEY[4:] not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("model", ""),
        ("model", "grok 4"),
        ("model", 4),
        ("store", "yes"),
        ("store", 1),
        ("max_connections", 0),
        ("max_connections", True),
        ("max_connections", 1.5),
        ("max_body_size", "many"),
        ("max_body_size", -1),
        ("max_event_size", "0 MiB"),
        ("headers", ["a"]),
        ("headers", {"a b": "c"}),
        ("headers", {"a": "b\r\nc: d"}),
        ("headers", {"a": 7}),
        ("timeout", "soon"),
        ("user_agent", "a\nb"),
        ("ca_file", 7),
        ("ca_file", ""),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(name: str, wrong: Any) -> None:
    with pytest.raises(ConfigInvalid, match=rf"^argument: {name}") as caught:
        make(**{name: wrong})

    assert "found" in str(caught.value)


def test_a_private_key_needs_its_certificate() -> None:
    with pytest.raises(ConfigInvalid, match="client_cert is not"):
        make(client_key="key.pem")


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=20, max_size=60), st.data())
def test_a_secret_in_the_wrong_place_is_never_in_the_error(secret: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([spec.name for spec in SETTINGS]))
    value = data.draw(st.sampled_from([secret, [secret], {secret: secret}, {"total": secret}, f" {secret} "]))

    try:
        config = make(**{name: value})
        shown = repr(config.api_key)
    except ConfigInvalid as error:
        shown = f"{error!r} {error} {error.hint}"

    assert secret not in shown


def test_a_derived_config_keeps_what_is_not_changed() -> None:
    config = make(timeout=60, headers={"x-team": "search"}, model="grok-4")

    derived = config.replace(timeout=timedelta(seconds=10), headers={"x-run": "7"}, store=True)

    assert derived.timeout == Timeouts(total=10)
    assert derived.headers == {"x-team": "search", "x-run": "7"}
    assert derived.model == "grok-4"
    assert config.store is False


def test_a_derived_config_tells_what_changed() -> None:
    derived = make(model="grok-4").replace(model="grok-4.7", timeout={"idle": 5})
    settings = {setting.name: setting for setting in derived.explain()}

    assert settings["model"].source == "with_options"
    assert [(origin.value, origin.source) for origin in settings["model"].overrode] == [("grok-4", "argument")]
    assert settings["timeout.idle"].source == "with_options"
    assert settings["timeout.total"].source == "default"


def test_a_derived_config_refuses_unknown_names_and_a_profile() -> None:
    with pytest.raises(ConfigInvalid, match="with_options: grokkit has no setting 'modle'") as caught:
        Config().replace(modle="grok-4")
    with pytest.raises(ConfigInvalid, match="chosen when a client is made"):
        Config().replace(profile="work")

    assert caught.value.hint == "did you mean model?"


def test_configs_are_equal_by_their_values_and_not_by_their_sources() -> None:
    assert make(model="grok-4") == Config().replace(model="grok-4")
    assert hash(make(model="grok-4")) == hash(Config().replace(model="grok-4"))


def test_a_config_is_frozen_copied_and_not_pickled_with_its_key() -> None:
    config = make(api_key=KEY, headers={"a": "b"}, ca_file="ca.pem")

    assert copy.deepcopy(config) == config
    assert config.headers == Headers({"a": "b"})
    assert config.ca_file == Path("ca.pem")
    with pytest.raises(AttributeError):
        config.model = "other"  # type: ignore[misc]
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(config)


@given(st.data())
def test_what_is_shown_can_be_said_again_in_the_environment(data: st.DataObject) -> None:
    values = {
        "model": st.from_regex(r"[a-z][a-z0-9.-]{0,12}", fullmatch=True),
        "user_agent": st.from_regex(r"[a-z]{1,9}/[0-9.]{1,4}", fullmatch=True),
        "trust_env": st.booleans(),
        "store": st.booleans(),
        "max_connections": st.integers(1, 10**9),
        "max_body_size": st.integers(1, 2**40),
        "max_event_size": st.integers(1, 64).map(lambda count: count * 2**20),
    }
    name = data.draw(st.sampled_from(sorted(values)))
    spec = next(spec for spec in SETTINGS if spec.name == name)
    value = data.draw(values[name])
    assert isinstance(spec.kind, Kind)

    assert spec.kind.fit(spec.kind.from_text(spec.kind.shown(value))) == value
