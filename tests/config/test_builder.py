"""A client in steps."""

from datetime import timedelta

import pytest

from grokkit.config import SETTINGS, Builder, Config, Headers, Secret, Timeouts, resolve

KEY = "xai-0123456789abcdefghij"


def made(**arguments: object) -> dict[str, object]:
    return arguments


def test_every_setting_has_a_step() -> None:
    steps = {"headers": "header", "client_key": "client_cert"}

    for spec in SETTINGS:
        assert callable(getattr(Builder, steps.get(spec.name, spec.name)))


def test_steps_make_the_arguments_of_the_client() -> None:
    clock, transport, layer = object(), object(), object()

    arguments = (
        Builder(made)
        .api_key(KEY)
        .base_url("http://localhost:8080/v1")
        .model("grok-4")
        .timeout(total=120, idle=60)
        .timeout(connect=timedelta(seconds=2))
        .header("X-Team", "search")
        .header("x-run", "7")
        .client_cert("cert.pem", "key.pem")
        .store()
        .trust_env(trusted=False)
        .transport(transport)
        .clock(clock)
        .hook(print)
        .hook(repr)
        .layer(layer)
        .option("retries", 4)
        .build()
    )

    assert arguments == {
        "api_key": Secret(KEY),
        "base_url": "http://localhost:8080/v1",
        "model": "grok-4",
        "timeout": Timeouts(total=120, idle=60, connect=2),
        "headers": Headers({"x-team": "search", "x-run": "7"}),
        "client_cert": "cert.pem",
        "client_key": "key.pem",
        "store": True,
        "trust_env": False,
        "transport": transport,
        "clock": clock,
        "hooks": [print, repr],
        "layers": [layer],
        "retries": 4,
    }


@pytest.mark.parametrize("given", [60, timedelta(minutes=1), Timeouts(total=60)])
def test_a_timeout_may_be_one_value(given: float | timedelta | Timeouts) -> None:
    assert Builder(made).timeout(given).build() == {"timeout": Timeouts(total=60)}


def test_each_step_leaves_the_builder_before_it_as_it_was() -> None:
    first = Builder(made).hook(print).header("a", "b")

    first.hook(repr).header("c", "d").model("grok-4")

    assert first.build() == {"hooks": [print], "headers": Headers({"a": "b"})}


def test_a_builder_shows_no_secret() -> None:
    builder = Builder(made).api_key(KEY).proxy("http://me:hunter2@proxy:1").header("Authorization", "hunter2")

    assert KEY not in repr(builder)
    assert "hunter2" not in repr(builder)


def test_what_it_collects_can_be_resolved() -> None:
    steps = Builder(made).api_key(KEY).timeout(idle=5).proxy("http://me:hunter2@proxy:1").max_body_size("1 MiB")

    config = resolve(steps.build(), environ={"GROKKIT_TIMEOUT": "60"}, files=False)

    assert config == Config(
        api_key=Secret(KEY),
        timeout=Timeouts(total=60, idle=5),
        proxy=config.proxy,
        max_body_size=2**20,
    )
    assert config.proxy is not None
    assert config.proxy.reveal() == "http://me:hunter2@proxy:1"
