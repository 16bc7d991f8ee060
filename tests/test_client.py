"""A client on either face: what it is made of, what it derives, how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from grokkit import AsyncGrok, Config, Grok, Secret
from grokkit.config import Timeouts
from grokkit.errors import ClientClosed, ConfigInvalid, GrokError, KeyMissing, KeyRejected
from grokkit.testing import MockTransport, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Face

    from grokkit import Call, Next, Reply

MODEL = "grok-4.20-non-reasoning"
PLAIN = {"id": "r", "output": [], "status": "completed", "model": MODEL}
KEY = "xai-0123456789abcdefghij"


@pytest.fixture
def mock() -> MockTransport:
    return MockTransport(lambda _: json_reply(PLAIN))


@pytest.fixture
def options(mock: MockTransport) -> dict[str, Any]:
    return {"transport": mock, "model": MODEL}


class TestMaking:
    """What a client is made of."""

    def test_settings_come_from_arguments_before_the_environment(
        self, face: Face, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GROKKIT_MODEL", "grok-4.3")
        monkeypatch.setenv("GROKKIT_BASE_URL", "http://127.0.0.1:1/v1")

        client = face.client(model=MODEL)

        assert (client.config.model, client.config.base_url) == (MODEL, "http://127.0.0.1:1/v1")
        sources = {setting.name: setting.source for setting in client.explain()}
        assert sources["model"] == "argument"
        assert sources["base_url"] == "environment GROKKIT_BASE_URL"

    @pytest.mark.parametrize(
        ("name", "near"),
        [("tiemout", "timeout"), ("layer", "layers"), ("hook", "hooks"), ("apikey", "api_key"), ("modle", "model")],
    )
    def test_an_unknown_setting_is_named_with_the_nearest_one(self, face: Face, name: str, near: str) -> None:
        with pytest.raises(ConfigInvalid) as caught:
            face.client(**{name: 1})

        assert name in caught.value.message
        assert caught.value.hint == f"did you mean {near}?"

    def test_a_setting_like_no_other_gets_the_list(self, face: Face) -> None:
        with pytest.raises(ConfigInvalid) as caught:
            face.client(zzzzzz=1)

        assert "base_url" in str(caught.value.hint)

    def test_its_repr_tells_where_it_goes_and_no_secret(self, face: Face, options: dict[str, Any]) -> None:
        client = face.client(**options, api_key=KEY)

        assert repr(client) == f"<{face.kind.__name__} https://api.x.ai/v1 {MODEL}>"
        assert KEY not in repr(vars(client)) + repr(client.config) + repr(client.stack) + repr(client.explain())

    async def test_it_is_built_step_by_step(self, face: Face, mock: MockTransport) -> None:
        seen: list[object] = []

        async def layer(call: Call, call_next: Next) -> Reply:
            seen.append(call.path)
            return await call_next(call)

        client = (
            face.kind.builder()
            .api_key(KEY)
            .base_url("http://127.0.0.1:1/v1")
            .model(MODEL)
            .timeout(total=60)
            .timeout(idle=5)
            .header("X-Team", "search")
            .transport(mock)
            .hook(lambda event: seen.append(type(event).__name__))
            .layer(layer)
            .build()
        )
        await face.call(client.ask, "Hi")

        assert type(client) is face.kind
        assert client.config.timeout == Timeouts(total=60, idle=5)
        assert seen == ["CallStarted", "/responses", "ReplyStarted", "CallFinished"]
        assert mock.calls[0].headers["x-team"] == "search"
        assert mock.calls[0].headers["authorization"] == f"Bearer {KEY}"

    def test_a_builder_says_what_is_wrong_when_it_builds(self, face: Face) -> None:
        with pytest.raises(ConfigInvalid, match="base_url"):
            face.kind.builder().base_url("nowhere").build()

    def test_nothing_is_asked_of_the_network_before_a_call(self, face: Face, mock: MockTransport) -> None:
        face.client(transport=mock)

        assert mock.calls == []


class TestDerived:
    """`with_options`."""

    async def test_it_shares_transport_and_layers(
        self, face: Face, mock: MockTransport, options: dict[str, Any]
    ) -> None:
        client = face.client(**options)

        derived = client.with_options(model="grok-4.3", headers={"X-Team": "search"})
        await face.call(derived.responses.delete, "r_1")

        assert type(derived) is type(client)
        assert derived.stack is client.stack
        assert (derived.config.model, client.config.model) == ("grok-4.3", MODEL)
        assert mock.calls[0].headers["x-team"] == "search"

    async def test_timeouts_and_headers_are_merged(self, face: Face, mock: MockTransport) -> None:
        client = face.client(
            transport=mock, model=MODEL, timeout={"total": 60, "idle": 5}, headers={"a": "1", "b": "1"}
        )

        derived = client.with_options(timeout={"idle": 7}, headers={"b": "2"}).with_options(timeout={"wire": 3})
        await face.call(derived.ask, "Hi", timeout={"connect": 1})

        assert derived.config.timeout == Timeouts(total=60, idle=7, wire=3)
        limits = mock.calls[0].limits
        assert (limits.total, limits.idle, limits.wire, limits.connect) == (60, 7, 3, 1)
        assert (mock.calls[0].headers["a"], mock.calls[0].headers["b"]) == ("1", "2")

    async def test_its_own_key_signs_its_calls(self, face: Face, mock: MockTransport, options: dict[str, Any]) -> None:
        client = face.client(**options, api_key="the-first")
        second = client.with_options(api_key="the-second")
        third = second.with_options(timeout=5)
        fourth = third.with_options(api_key=lambda: "the-fourth")

        for each in (client, second, third, fourth, client):
            await face.call(each.ask, "Hi")

        keys = [call.headers["authorization"].removeprefix("Bearer the-") for call in mock.calls]
        assert keys == ["first", "second", "second", "fourth", "first"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"proxy": "http://127.0.0.1:3128"},
            {"ca_file": "ca.pem"},
            {"trust_env": False},
            {"max_connections": 1},
            {"transport": None},
            {"layers": []},
            {"hooks": []},
            {"clock": None},
            {"client_cert": "a.pem", "client_key": "b.pem"},
        ],
    )
    def test_what_is_shared_cannot_be_changed(
        self, face: Face, options: dict[str, Any], changes: dict[str, Any]
    ) -> None:
        client = face.client(**options)

        with pytest.raises(ConfigInvalid, match=f"with_options cannot change {', '.join(sorted(changes))}") as caught:
            client.with_options(**changes)

        assert caught.value.param == min(changes)

    @pytest.mark.parametrize("changes", [{"profile": "work"}, {"modle": "x"}, {"timeout": -1}, {"api_key": ""}])
    def test_what_cannot_be_right_is_refused(
        self, face: Face, options: dict[str, Any], changes: dict[str, Any]
    ) -> None:
        with pytest.raises(ConfigInvalid):
            face.client(**options).with_options(**changes)

    async def test_closing_it_closes_nothing_but_itself(self, face: Face, options: dict[str, Any]) -> None:
        client = face.client(**options)
        derived = client.with_options(timeout=5)

        await face.call(derived.close)

        with pytest.raises(ClientClosed):
            await face.call(derived.ask, "Hi")
        assert (await face.call(client.ask, "Hi")).id == "r"

    async def test_it_is_closed_with_its_parent(self, face: Face, options: dict[str, Any]) -> None:
        client = face.client(**options)
        derived = client.with_options(timeout=5).with_options(timeout=6)

        await face.call(client.close)

        with pytest.raises(ClientClosed):
            await face.call(derived.ask, "Hi")

    def test_one_derived_without_changes_is_the_same_in_all_settings(self, face: Face, options: dict[str, Any]) -> None:
        client = face.client(**options)

        assert client.with_options().config == client.config


class TestClosing:
    """`close`."""

    async def test_a_closed_client_refuses_calls_and_says_which(self, face: Face, options: dict[str, Any]) -> None:
        client = face.client(**options)
        await face.call(client.close)

        with pytest.raises(ClientClosed) as caught:
            await face.call(client.ask, "Hi")

        assert str(caught.value).splitlines()[:2] == ["this client is closed", f"call: POST /v1/responses ({MODEL})"]

    async def test_a_closed_client_refuses_streams_and_listings(self, face: Face, options: dict[str, Any]) -> None:
        client = face.client(**options)
        await face.call(client.close)

        with pytest.raises(ClientClosed):
            async with face.reading(client.stream("Hi")):
                pass
        with pytest.raises(ClientClosed):
            await face.call(client.models.list)

    async def test_closing_twice_is_no_harm(self, face: Face) -> None:
        client = face.client()

        await face.call(client.close)
        await face.call(client.close)

    async def test_a_transport_of_your_own_is_not_closed(self, face: Face) -> None:
        class Own(MockTransport):
            closed = False

            async def aclose(self) -> None:
                self.closed = True

        own = Own(lambda _: json_reply(PLAIN))

        await face.call(face.client(transport=own, model=MODEL).close)

        assert not own.closed

    def test_the_blocking_client_is_a_context_manager(self, options: dict[str, Any]) -> None:
        with Grok(api_key="k", **options) as grok:
            assert grok.ask("Hi").id == "r"

        with pytest.raises(ClientClosed):
            grok.ask("Hi")

    async def test_the_async_client_is_a_context_manager(self, options: dict[str, Any]) -> None:
        async with AsyncGrok(api_key="k", **options) as grok:
            assert (await grok.ask("Hi")).id == "r"

        with pytest.raises(ClientClosed):
            await grok.ask("Hi")


class TestKeys:
    """Where the key of a call comes from."""

    async def test_a_missing_key_is_told_with_the_ways_to_give_one(self, face: Face, mock: MockTransport) -> None:
        client = face.kind(transport=mock)

        with pytest.raises(KeyMissing) as caught:
            await face.call(client.ask, "Hi")

        hint = str(caught.value.hint)
        assert all(way in hint for way in ("XAI_API_KEY", "its api_key", "grokkit.toml", "Grok.local()"))
        assert mock.calls == []

    async def test_the_environment_has_one(
        self, face: Face, mock: MockTransport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XAI_API_KEY", "from-the-environment")

        await face.call(face.kind(transport=mock, model=MODEL).ask, "Hi")

        assert mock.calls[0].headers["authorization"] == "Bearer from-the-environment"

    @pytest.mark.parametrize("kind", ["plain", "async", "object"])
    async def test_a_function_is_asked_for_every_call(self, face: Face, options: dict[str, Any], kind: str) -> None:
        keys = iter(["one", "two", "three"])

        class Rotating:
            async def __call__(self) -> str:
                return next(keys)

        async def rotating() -> str:
            return next(keys)

        source: Callable[[], Any] = {"plain": lambda: next(keys), "async": rotating, "object": Rotating()}[kind]
        client = face.client(**options, api_key=source)

        for _ in range(3):
            await face.call(client.ask, "Hi")

        sent = [call.headers["authorization"] for call in options["transport"].calls]
        assert sent == ["Bearer one", "Bearer two", "Bearer three"]

    @pytest.mark.parametrize("given", [None, "", 7, "key\n", "Bearer key", "two words", b"bytes"])
    async def test_what_a_function_gives_has_to_be_a_key(
        self, face: Face, options: dict[str, Any], given: object
    ) -> None:
        client = face.client(**options, api_key=lambda: given)

        with pytest.raises(KeyMissing, match="what the api_key function gave") as caught:
            await face.call(client.ask, "Hi")

        assert "two words" not in str(caught.value)
        assert options["transport"].calls == []

    async def test_a_function_that_fails_fails_the_call_as_it_is(self, face: Face, options: dict[str, Any]) -> None:
        def vault() -> str:
            raise LookupError("sealed")

        with pytest.raises(LookupError, match="sealed"):
            await face.call(face.client(**options, api_key=vault).ask, "Hi")

    async def test_a_header_of_your_own_signs_instead(self, face: Face, mock: MockTransport) -> None:
        client = face.kind(transport=mock, model=MODEL)

        await face.call(client.ask, "Hi", extra_headers={"Authorization": "Bearer mine"})

        assert {name.lower(): value for name, value in mock.calls[0].headers.items()}["authorization"] == "Bearer mine"
        assert sum(name.lower() == "authorization" for name in mock.calls[0].headers) == 1

    @pytest.mark.parametrize("key", [KEY, Secret(KEY)])
    async def test_no_key_is_in_what_goes_wrong(self, face: Face, key: str | Secret) -> None:
        mock = MockTransport(lambda _: json_reply({"error": f"Incorrect API key provided: {KEY}"}, status=401))
        client = face.client(transport=mock, model=MODEL, api_key=key)

        with pytest.raises(KeyRejected) as caught:
            await face.call(client.ask, "Hi")

        assert KEY not in f"{caught.value} {caught.value!r} {vars(caught.value)}"


class TestLayers:
    """The pipeline of a client."""

    def test_the_stack_is_shown_outermost_first(self, face: Face, mock: MockTransport) -> None:
        class Mine:
            def __repr__(self) -> str:
                return "mine"

            async def __call__(self, call: Call, call_next: Next) -> Reply:
                return await call_next(call)

        class MyAttempt(Mine):
            ring = "attempt"

            def __repr__(self) -> str:
                return "my attempt"

        stack = face.client(transport=mock, layers=[MyAttempt(), Mine()], hooks=[print], retries=4).stack

        assert str(stack).splitlines() == [
            "trace",
            "mine",
            "deadline",
            "retry",
            "rate_limit",
            "circuit",
            "my attempt",
            "log",
            "auth",
            "transport(MockTransport)",
        ]
        assert repr(stack).startswith("<Stack trace > mine > ")

    async def test_layers_of_one_ring_are_passed_in_the_order_given(self, face: Face, options: dict[str, Any]) -> None:
        passed: list[str] = []

        def layer(name: str, ring: str) -> Any:
            async def pass_through(call: Call, call_next: Next) -> Reply:
                passed.append(f"{name} in")
                reply = await call_next(call)
                passed.append(f"{name} out")
                return reply

            pass_through.ring = ring  # type: ignore[attr-defined]
            return pass_through

        layers = [layer("c", "attempt"), layer("a", "call"), layer("d", "attempt"), layer("b", "call")]

        await face.call(face.client(**options, layers=layers).ask, "Hi")

        assert passed == ["a in", "b in", "c in", "d in", "d out", "c out", "b out", "a out"]

    async def test_a_layer_changes_the_call_and_answers_it_by_itself(self, face: Face, options: dict[str, Any]) -> None:
        async def elsewhere(call: Call, call_next: Next) -> Reply:
            return await call_next(call.replace(headers={**call.headers, "x-seen": "yes"}))

        async def answered(call: Call, call_next: Next) -> Reply:
            if call.path == "/models":
                return await json_reply_read({"data": [{"id": "from-the-layer"}]})
            return await call_next(call)

        client = face.client(**options, layers=[elsewhere, answered])

        assert [model.id for model in await face.call(client.models.list)] == ["from-the-layer"]
        await face.call(client.ask, "Hi")
        assert [call.headers["x-seen"] for call in options["transport"].calls] == ["yes"]

    async def test_an_error_of_a_layer_of_ours_knows_its_call(self, face: Face, options: dict[str, Any]) -> None:
        async def refuse(call: Call, call_next: Next) -> Reply:
            raise GrokError("not today")

        with pytest.raises(GrokError) as caught:
            await face.call(face.client(**options, layers=[refuse]).ask, "Hi")

        assert str(caught.value.call) == f"POST /v1/responses ({MODEL})"
        assert caught.value.client_request_id


async def json_reply_read(value: object) -> Reply:
    reply = json_reply(value)
    await reply.read(1000)
    return reply


class TestTimeouts:
    """How long: by client, by derived client, by call."""

    @pytest.mark.parametrize(
        ("settings", "limits"),
        [
            ([{}, {}, {}], (3600, 120)),
            ([{"timeout": 60}, {}, {}], (60, 120)),
            ([{"timeout": 60}, {"timeout": 30}, {}], (30, 120)),
            ([{"timeout": 60}, {"timeout": {"idle": 3}}, {"timeout": 10}], (10, 3)),
            ([{"timeout": 60}, {}, {"timeout": None}], (None, 120)),
            ([{"timeout": None}, {}, {"timeout": Timeouts(idle=None)}], (None, None)),
        ],
    )
    async def test_the_nearest_word_counts(
        self, face: Face, options: dict[str, Any], settings: list[dict[str, Any]], limits: tuple[float | None, ...]
    ) -> None:
        client, derived, call = settings

        await face.call(face.client(**options, **client).with_options(**derived).ask, "Hi", **call)

        in_force = options["transport"].calls[0].limits
        assert (in_force.total, in_force.idle) == limits

    @pytest.mark.parametrize(("model", "seconds"), [(MODEL, 120), ("grok-4.7", 600), ("somebody-else's", 600)])
    async def test_models_that_reason_get_more_time(self, face: Face, model: str, seconds: float) -> None:
        mock = MockTransport(lambda call: json_reply({**PLAIN, "model": call.model}))

        await face.call(face.client(transport=mock, model=model, stream_long_calls=False).ask, "Hi")

        assert mock.calls[0].limits.first_event == seconds

    async def test_a_wrong_limit_is_refused(self, face: Face, options: dict[str, Any]) -> None:
        with pytest.raises(ConfigInvalid, match="timeout"):
            await face.call(face.client(**options).ask, "Hi", timeout=-1)


async def test_warming_up_lists_the_models(face: Face) -> None:
    mock = MockTransport(lambda _: json_reply({"data": []}))

    await face.call(face.client(transport=mock).warmup)

    assert [(call.method, call.path) for call in mock.calls] == [("GET", "/models")]


def test_a_config_file_is_read_when_the_client_is_made(
    face: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "grokkit.toml").write_text('model = "grok-4.3"\n')
    monkeypatch.chdir(tmp_path)

    assert face.client().config.model == "grok-4.3"
    assert isinstance(face.client().config, Config)
