"""What is done for calls that do not come through at once, as settings."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grokkit.config import (
    NOT_GIVEN,
    POLICY_NAMES,
    Cache,
    Circuit,
    Config,
    Fallback,
    Hedge,
    Policies,
    RateLimit,
    Retry,
    SecretURL,
    Timeouts,
    resolve,
)
from grokkit.errors import ConfigInvalid
from grokkit.stores import MemoryStore

MEMORY = MemoryStore()


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("retries", 2, Retry(max=2)),
        ("retries", 0, Retry(max=0)),
        ("retries", "off", Retry(max=0)),
        ("retries", True, Retry()),
        ("retries", {"ambiguous": False}, Retry(ambiguous=False)),
        ("retries", Retry(base=2, cap=timedelta(minutes=1)), Retry(base=2.0, cap=60.0)),
        ("rate_limit", "auto", RateLimit()),
        ("rate_limit", "off", RateLimit(mode="off")),
        ("rate_limit", {"requests_per_minute": 60}, RateLimit(requests_per_minute=60.0)),
        ("rate_limit", {"weights": {"a": 3}}, RateLimit(weights={"a": 3.0})),
        ("circuit", False, Circuit(failure_rate=None)),
        ("circuit", 0, Circuit(failure_rate=None)),
        ("circuit", True, Circuit()),
        ("circuit", 0.3, Circuit(failure_rate=0.3)),
        ("hedge", True, Hedge(percentile=0.95)),
        ("hedge", "on", Hedge(percentile=0.95)),
        ("hedge", False, Hedge()),
        ("hedge", 0, Hedge()),
        ("hedge", 0.95, Hedge(percentile=0.95)),
        ("hedge", {"after": 2}, Hedge(after=2.0)),
        ("fallback", ["grok-4.3", "grok-4.20"], Fallback(to=("grok-4.3", "grok-4.20"))),
        ("fallback", "grok-4.3", Fallback(to=("grok-4.3",))),
        ("fallback", False, Fallback()),
        ("fallback", [], Fallback()),
        ("rate_limit", False, RateLimit(mode="off")),
        ("cache", 0, Cache(enabled=False)),
        ("cache", True, Cache()),
        ("cache", False, Cache(enabled=False)),
        ("cache", "off", Cache(enabled=False)),
        ("cache", 600, Cache(ttl=600)),
        ("cache", "memory", Cache(store=SecretURL("memory"))),
        ("cache", "redis://me:secret@cache/0", Cache(store=SecretURL("redis://me:secret@cache/0"))),
        ("cache", MEMORY, Cache(store=MEMORY)),
        ("cache", {"store": "memory", "ttl": 5}, Cache(store=SecretURL("memory"), ttl=5)),
        ("cache", {"ttl": 5}, Cache(enabled=False, ttl=5)),
        ("cache", Cache(tags=["a"]), Cache(tags=("a",))),
    ],
)
def test_a_policy_has_a_short_form(name: str, given: Any, expected: object) -> None:
    assert getattr(resolve({name: given}, environ={}, files=False), name) == expected
    assert getattr(Config().policies(**{name: given}), name) == expected


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("retries", -1, "retries.max takes a whole number, 0 or more; found the number -1"),
        ("retries", "often", "retries takes a number of retries, or a table; found the text 'often'"),
        ("retries", {"maximum": 3}, "retries has no setting 'maximum'"),
        ("rate_limit", "fast", "rate_limit.mode takes auto or fixed or off"),
        ("rate_limit", {"tier": 7}, "rate_limit.tier takes a tier, 0 to 4; found the number 7"),
        ("rate_limit", {"burst": 2}, "rate_limit.burst takes a share from 0 to 1"),
        ("rate_limit", {"concurrency": 0}, "rate_limit.concurrency takes a whole number above 0, or none"),
        ("circuit", 7, "circuit.failure_rate takes a share from 0 to 1"),
        ("fallback", {"to": "a", "on": ["rain"]}, "fallback.on takes a list of capacity"),
        ("cache", "somewhere", "cache.store takes memory, or a URL such as"),
        ("fallback", True, "fallback takes a list of models, `off`, or a table; found true"),
        ("fallback", "on", "fallback takes a list of models, `off`, or a table; found the text 'on'"),
        ("fallback", 1, "fallback takes a list of models, `off`, or a table; found the number 1"),
        ("cache", -1, "cache.ttl takes a number above 0; found the number -1"),
        ("cache", {"stale": -1}, "cache.stale takes a number, 0 or more; found the number -1"),
        ("cache", {"max_entry": "big"}, "cache.max_entry takes a number of bytes above 0"),
        ("priority", "urgent", "priority takes high or normal or low"),
    ],
)
def test_what_a_policy_does_not_take_is_said_in_words(name: str, given: Any, words: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        resolve({name: given}, environ={}, files=False)
    assert words in caught.value.message

    with pytest.raises(ConfigInvalid) as caught:
        Config().policies(**{name: given})
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("policy", "parts", "words"),
    [
        (Circuit, {"open_for": 40}, "Circuit(open_for=40) is above its longest, 10"),
        (Circuit, {"open_for": 40, "longest": 20}, "Circuit(open_for=40) is above its longest, 20"),
        (Retry, {"base": 60}, "Retry(base=60) is above its cap, 30"),
        (Retry, {"base": 60, "cap": 30}, "Retry(base=60) is above its cap, 30"),
    ],
)
def test_a_first_wait_that_the_longest_would_cut_is_refused(policy: Any, parts: dict[str, Any], words: str) -> None:
    name = "circuit" if policy is Circuit else "retries"

    with pytest.raises(ConfigInvalid) as caught:
        policy(**parts)
    assert caught.value.message == words
    with pytest.raises(ConfigInvalid) as caught:
        resolve({name: parts}, environ={}, files=False)
    assert caught.value.message == f"argument: {words}"
    with pytest.raises(ConfigInvalid) as caught:
        Config().policies(**{name: parts})
    assert caught.value.message == f"call: {words}"


def test_a_first_wait_that_is_cut_names_its_source_and_what_to_write() -> None:
    with pytest.raises(ConfigInvalid, match=r"environment GROKKIT_CIRCUIT_OPEN_FOR: Circuit\(open_for=40\)") as caught:
        resolve({}, environ={"GROKKIT_CIRCUIT_OPEN_FOR": "40"}, files=False)

    assert caught.value.hint == "give both, as Circuit(open_for=40, longest=40)"
    assert Circuit(open_for=40, longest=40).open_for == 40


def test_the_longest_wait_alone_may_be_below_the_usual_first_one() -> None:
    assert Circuit(longest=1).longest == 1
    assert Config().policies(retries={"cap": 0.1}).retries.cap == 0.1


def test_a_fallback_that_is_only_switched_on_asks_for_names() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        Config().policies(fallback=True)

    assert caught.value.hint == 'name who is asked: fallback=["grok-4.3"]'


@pytest.mark.parametrize("name", ["retries", "rate_limit", "circuit", "hedge", "cache"])
@pytest.mark.parametrize("word", ["on", "true", "yes"])
def test_what_is_switched_on_in_the_environment_is_on(name: str, word: str) -> None:
    variable = {"cache": "GROKKIT_ANSWER_CACHE"}.get(name, f"GROKKIT_{name.upper()}")

    assert getattr(resolve({}, environ={variable: word}, files=False), name).is_on


@pytest.mark.parametrize("name", ["retries", "rate_limit", "circuit", "hedge", "fallback", "cache"])
@pytest.mark.parametrize("word", ["off", "false", "no", "0"])
def test_what_is_switched_off_in_the_environment_is_off(name: str, word: str) -> None:
    variable = {"cache": "GROKKIT_ANSWER_CACHE"}.get(name, f"GROKKIT_{name.upper()}")

    assert not getattr(resolve({}, environ={variable: word}, files=False), name).is_on


@pytest.mark.parametrize("word", ["on", "true", "1"])
def test_a_fallback_that_is_only_switched_on_in_the_environment_is_refused(word: str) -> None:
    with pytest.raises(ConfigInvalid, match="environment GROKKIT_FALLBACK: fallback takes a list of models"):
        resolve({}, environ={"GROKKIT_FALLBACK": word}, files=False)


def test_a_policy_made_by_hand_is_checked_too() -> None:
    with pytest.raises(ConfigInvalid, match=r"Retry\(base=...\) takes a number above 0; found the number -1"):
        Retry(base=-1)


def test_policies_come_from_files_and_the_environment_part_by_part(tmp_path: Path) -> None:
    (tmp_path / "grokkit.toml").write_text(
        """
        retries = 2
        fallback = ["grok-4.3"]
        state = "redis://:hunter2@localhost:6379/0"

        [rate_limit]
        tier = 3
        weights = { gold = 4 }
        """,
        encoding="utf-8",
    )
    environ = {"GROKKIT_RETRIES_AMBIGUOUS": "false", "GROKKIT_HEDGE": "0.9", "GROKKIT_FALLBACK_ON": "capacity, circuit"}

    config = resolve({}, environ=environ, cwd=tmp_path, home=tmp_path)

    assert config.retries == Retry(max=2, ambiguous=False)
    assert config.rate_limit == RateLimit(tier=3, weights={"gold": 4.0})
    assert config.hedge == Hedge(percentile=0.9)
    assert config.fallback == Fallback(to=("grok-4.3",), on=("capacity", "circuit"))
    assert "hunter2" not in repr(config) + "".join(map(repr, config.explain()))


def test_a_call_says_only_what_it_wants_otherwise() -> None:
    config = Config(retries=Retry(max=2, ambiguous=False), priority="low", tenant="a")

    assert config.policies() == Policies(retries=Retry(max=2, ambiguous=False), priority="low", tenant="a")
    assert config.policies(retries={"max": 5}, tenant=None) == Policies(
        retries=Retry(max=5, ambiguous=False), priority="low", tenant=None
    )


SET = resolve(
    {
        "retries": 2,
        "rate_limit": "off",
        "circuit": 0.3,
        "hedge": 0.9,
        "fallback": ["grok-4.3"],
        "cache": 60,
        "coalesce": True,
        "priority": "low",
        "model": "grok-4",
    },
    environ={},
    files=False,
)


@pytest.mark.parametrize(
    "name", ["retries", "rate_limit", "circuit", "hedge", "fallback", "cache", "coalesce", "priority", "model"]
)
@pytest.mark.parametrize("nothing", [None, NOT_GIVEN])
def test_none_says_nothing_of_a_client_a_derived_one_and_a_call(name: str, nothing: Any) -> None:
    made: Any = Config
    kept = getattr(SET, name)

    assert getattr(resolve({name: nothing}, environ={}, files=False), name) == getattr(Config(), name)
    assert getattr(made(**{name: nothing}), name) == getattr(Config(), name)
    assert getattr(SET.replace(**{name: nothing}), name) == kept
    if name in POLICY_NAMES:
        assert getattr(SET.policies(**{name: nothing}), name) == kept


def test_none_as_an_argument_leaves_what_the_environment_says() -> None:
    config = resolve({"retries": None, "circuit": None}, environ={"GROKKIT_RETRIES": "2"}, files=False)

    assert config.retries == Retry(max=2)
    assert config.circuit == Circuit()


def test_none_is_a_value_where_a_setting_has_one() -> None:
    config = Config(tenant="a", timeout=Timeouts(total=5), state=SecretURL("memory"))

    assert config.policies(tenant=None).tenant is None
    assert config.replace(tenant=None).tenant is None
    assert config.replace(timeout=None).timeout.total is None
    assert resolve({"state": None}, environ={"GROKKIT_STATE": "memory"}, files=False).state is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[rate_limit.weights]\ngold = 1\nshop = -3", ":3"),
        ("[rate_limit]\ntier = 2\nweights = { gold = 1, shop = -3 }", ":3"),
        ("[profiles.p]\n[profiles.p.rate_limit.weights]\nshop = -3", ":3 [profiles.p]"),
    ],
)
def test_a_wrong_weight_is_reported_on_its_line_and_with_its_name(tmp_path: Path, text: str, place: str) -> None:
    file = tmp_path / "grokkit.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigInvalid) as caught:
        resolve({}, environ={}, files=file)

    assert caught.value.message == (
        f"{file}{place}: rate_limit.weights of 'shop' takes a number above 0; found the number -3"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gold=1,shop", "of 'shop' takes a number above 0; found an empty text"),
        ("=3", "has a weight without a name"),
        ("xai-0123456789abcdef=0", "of a name of 20 characters takes a number above 0"),
    ],
)
def test_a_wrong_weight_in_the_environment_is_named(text: str, words: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        resolve({}, environ={"GROKKIT_RATE_LIMIT_WEIGHTS": text}, files=False)

    assert f"environment GROKKIT_RATE_LIMIT_WEIGHTS: rate_limit.weights {words}" in caught.value.message


def test_null_in_a_file_is_no_policy(tmp_path: Path) -> None:
    (tmp_path / "grokkit.yaml").write_text("retries: null", encoding="utf-8")

    with pytest.raises(ConfigInvalid, match=r"grokkit.yaml:1: retries takes a number of retries, .*; found none"):
        resolve({}, environ={}, files=tmp_path / "grokkit.yaml")


def test_a_state_in_a_file_lies_where_the_file_lies(tmp_path: Path) -> None:
    (tmp_path / "grokkit.toml").write_text('state = "sqlite:///state.db"', encoding="utf-8")

    config = resolve({}, environ={}, files=tmp_path / "grokkit.toml", cwd=tmp_path / "elsewhere", home=tmp_path)

    assert isinstance(config.state, SecretURL)
    assert config.state.reveal() == f"sqlite:///{tmp_path}/state.db"


def test_what_names_no_store_leaves_the_one_of_the_client() -> None:
    config = Config().replace(cache="redis://cache/0")
    kept = SecretURL("redis://cache/0")

    assert config.policies(cache=Cache(tags=["a"])).cache == Cache(store=kept, tags=["a"])
    assert config.policies(cache=True).cache == Cache(store=kept)
    assert config.policies(cache=600).cache == Cache(store=kept, ttl=600)
    assert config.policies(cache=False).cache == Cache(enabled=False, store=kept)
    assert config.replace(cache={"ttl": 5}).cache == Cache(store=kept, ttl=5)


def test_the_answer_cache_has_variables_of_its_own_beside_the_folder_of_weights() -> None:
    environ = {
        "GROKKIT_CACHE": "/var/cache/grokkit",
        "GROKKIT_ANSWER_CACHE": "redis://cache/0",
        "GROKKIT_ANSWER_CACHE_TTL": "60",
    }

    assert resolve({}, environ=environ, files=False).cache == Cache(store=SecretURL("redis://cache/0"), ttl=60)
