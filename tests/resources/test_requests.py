"""Each method of each resource: method, path, query and body that it sends, and what it makes of the reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from grokkit.errors import InvalidRequest, ModelNotFound, NotFound
from grokkit.testing import MockTransport, RecordedCall, json_reply
from grokkit.tools import Registry, ToolUnfit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Face

MODEL = "grok-4.20-non-reasoning"
MESSAGES = [{"role": "user", "content": "Hi"}]
RESPONSE = {
    "id": "r_1",
    "status": "completed",
    "model": MODEL,
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hello!"}]}],
}
COMPLETION = {
    "id": "c_1",
    "model": MODEL,
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello!"}}],
}
LISTED = [{"id": "grok-4.7", "aliases": ["grok-latest"]}, {"id": "new", "surprise": 1}]


async def ask(face: Face, reply: Any, work: Callable[[Any], tuple[Any, tuple[Any, ...], dict[str, Any]]]) -> Any:
    """What a method gives for this reply, and the call that it sent."""
    mock = MockTransport(lambda _: json_reply(reply, headers={"x-request-id": "req-1"}))
    method, arguments, options = work(face.client(transport=mock, model=MODEL))
    return await face.call(method, *arguments, **options), mock.calls[0]


def target(call: RecordedCall) -> str:
    query = "&".join(f"{name}={value}" for name, value in call.query.items())
    return f"{call.method} {call.path}{'?' if query else ''}{query}"


class TestChat:
    async def test_create(self, face: Face) -> None:
        answer, call = await ask(
            face,
            COMPLETION,
            lambda grok: (grok.chat.create, ("grok-4.20-non-reasoning",), {"messages": MESSAGES, "temperature": 0.2}),
        )

        assert (answer.text, answer.request_id, answer.finish_reason) == ("Hello!", "req-1", "stop")
        assert target(call) == "POST /chat/completions"
        assert call.json == {"model": MODEL, "messages": MESSAGES, "temperature": 0.2}
        assert (call.headers["accept"], call.headers["content-type"]) == ("application/json", "application/json")

    async def test_the_client_s_model_is_asked_when_none_is_named(self, face: Face) -> None:
        _, call = await ask(face, COMPLETION, lambda grok: (grok.chat.create, (), {"messages": MESSAGES}))

        assert (call.json["model"], call.model) == (MODEL, MODEL)

    async def test_stream(self, face: Face) -> None:
        mock = MockTransport(lambda _: json_reply(COMPLETION))

        async with face.reading(face.client(transport=mock, model=MODEL).chat.stream(messages=MESSAGES)) as reading:
            assert await reading.texts() == ["Hello!"]

        assert mock.calls[0].json == {
            "model": MODEL,
            "messages": MESSAGES,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        assert mock.calls[0].headers["accept"] == "text/event-stream"

    @pytest.mark.parametrize("method", ["create", "stream"])
    @pytest.mark.parametrize(("messages", "complaint"), [([], "is empty"), ("Hi", "is a str"), (None, "is empty")])
    async def test_messages_that_are_none_are_refused(
        self, face: Face, method: str, messages: Any, complaint: str
    ) -> None:
        chat = face.client(transport=MockTransport()).chat

        with pytest.raises(InvalidRequest, match=rf"chat.{method}\(\): messages {complaint}") as caught:
            await face.call(getattr(chat, method), messages=messages)

        assert caught.value.param == "messages"


class TestResponses:
    async def test_create(self, face: Face) -> None:
        answer, call = await ask(
            face, RESPONSE, lambda grok: (grok.responses.create, (), {"input": MESSAGES, "max_output_tokens": 5})
        )

        assert (answer.text, answer.id, answer.request_id) == ("Hello!", "r_1", "req-1")
        assert target(call) == "POST /responses"
        assert call.json == {"model": MODEL, "input": MESSAGES, "store": False, "max_output_tokens": 5}

    async def test_ask_is_create_for_a_text(self, face: Face) -> None:
        answer, call = await ask(face, RESPONSE, lambda grok: (grok.ask, ("Hi",), {"instructions": "Be brief"}))

        assert str(answer) == "Hello!"
        assert call.json == {"model": MODEL, "input": "Hi", "store": False, "instructions": "Be brief"}

    async def test_nothing_is_stored_unless_asked_for(self, face: Face) -> None:
        mock = MockTransport(lambda _: json_reply(RESPONSE))
        keeping = face.client(transport=mock, model=MODEL, store=True)

        await face.call(keeping.ask, "Hi")
        await face.call(keeping.ask, "Hi", store=False)
        await face.call(keeping.with_options(store=False).ask, "Hi")
        await face.call(keeping.with_options(store=False).ask, "Hi", store=True)

        assert [call.json["store"] for call in mock.calls] == [True, False, False, True]

    @pytest.mark.parametrize("given", ["", [], None])
    async def test_an_empty_input_is_refused(self, face: Face, given: Any) -> None:
        grok = face.client(transport=MockTransport())

        for method, arguments in ((grok.ask, (given,)), (grok.stream, (given,))):
            with pytest.raises(InvalidRequest, match="is empty"):
                await face.call(method, *arguments)
        for method in (grok.responses.create, grok.responses.stream, grok.responses.compact):
            with pytest.raises(InvalidRequest, match="is empty"):
                await face.call(method, input=given)

    async def test_get(self, face: Face) -> None:
        answer, call = await ask(face, RESPONSE, lambda grok: (grok.responses.get, ("r_1",), {}))

        assert target(call) == "GET /responses/r_1"
        assert call.body is None
        assert "content-type" not in call.headers
        assert (answer.text, answer.request_id) == ("Hello!", "req-1")

    async def test_get_gives_a_failed_response_as_it_is(self, face: Face) -> None:
        failed = {**RESPONSE, "status": "failed", "error": {"message": "no"}, "output": []}

        answer, _ = await ask(face, failed, lambda grok: (grok.responses.get, ("r_1",), {}))

        assert (answer.finish_reason, answer.text) == ("failed", "")

    async def test_delete(self, face: Face) -> None:
        deleted, call = await ask(
            face, {"id": "r_1", "deleted": True}, lambda grok: (grok.responses.delete, ("r_1",), {})
        )

        assert target(call) == "DELETE /responses/r_1"
        assert (deleted.id, deleted.deleted) == ("r_1", True)

    async def test_input_items(self, face: Face) -> None:
        page, call = await ask(
            face,
            {"data": [{"type": "message"}], "has_more": True, "last_id": "m_1"},
            lambda grok: (grok.responses.input_items, ("r_1",), {"limit": 5, "order": "asc", "after": "m_0"}),
        )

        assert target(call) == "GET /responses/r_1/input_items?limit=5&order=asc&after=m_0"
        assert (page.data, page.has_more, page.last_id) == ([{"type": "message"}], True, "m_1")

    async def test_compact(self, face: Face) -> None:
        compacted, call = await ask(
            face,
            {"id": "k_1", "output": [{"type": "compaction"}]},
            lambda grok: (grok.responses.compact, (), {"input": MESSAGES, "model": "grok-4.7"}),
        )

        assert target(call) == "POST /responses/compact"
        assert call.json == {"model": "grok-4.7", "input": MESSAGES}
        assert compacted.output == [{"type": "compaction"}]

    @pytest.mark.parametrize("method", ["get", "delete", "input_items"])
    async def test_an_id_is_needed_and_is_quoted(self, face: Face, method: str) -> None:
        with pytest.raises(InvalidRequest, match="response id is empty"):
            await face.call(getattr(face.client(transport=MockTransport()).responses, method), "")

        _, call = await ask(face, RESPONSE, lambda grok: (getattr(grok.responses, method), ("../models?x#y",), {}))

        assert call.path.startswith("/responses/..%2Fmodels%3Fx%23y")

    async def test_what_is_not_there_is_not_found(self, face: Face) -> None:
        mock = MockTransport(lambda _: json_reply({"error": "Response not found"}, status=404))

        with pytest.raises(NotFound) as caught:
            await face.call(face.client(transport=mock).responses.get, "r_1")

        assert str(caught.value.call) == "GET /v1/responses/r_1"


class TestModels:
    @pytest.mark.parametrize(
        ("method", "path", "name"),
        [
            ("list", "/models", "data"),
            ("list_language", "/language-models", "models"),
            ("list_image", "/image-generation-models", "models"),
            ("list_video", "/video-generation-models", "models"),
        ],
    )
    async def test_listings(self, face: Face, method: str, path: str, name: str) -> None:
        models, call = await ask(face, {name: LISTED}, lambda grok: (getattr(grok.models, method), (), {}))

        assert target(call) == f"GET {path}"
        assert [model.id for model in models] == ["grok-4.7", "new"]
        assert models[0].aliases == ["grok-latest"]

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("get", "/models"),
            ("get_language", "/language-models"),
            ("get_image", "/image-generation-models"),
            ("get_video", "/video-generation-models"),
        ],
    )
    async def test_one_of_them(self, face: Face, method: str, path: str) -> None:
        model, call = await ask(face, LISTED[0], lambda grok: (getattr(grok.models, method), ("a/b",), {}))

        assert target(call) == f"GET {path}/a%2Fb"
        assert model.id == "grok-4.7"

    @pytest.mark.parametrize("method", ["get", "get_language", "get_image", "get_video"])
    async def test_a_name_is_needed(self, face: Face, method: str) -> None:
        with pytest.raises(InvalidRequest, match="name is empty"):
            await face.call(getattr(face.client(transport=MockTransport()).models, method), "")

    async def test_an_unknown_one_is_not_found(self, face: Face) -> None:
        error = {"code": "not-found", "error": "The model gork does not exist or your team does not have access to it."}
        mock = MockTransport(lambda _: json_reply(error, status=404))

        with pytest.raises(ModelNotFound):
            await face.call(face.client(transport=mock).models.get, "gork")


class TestAccount:
    async def test_api_key(self, face: Face) -> None:
        info, call = await ask(
            face, {"name": "mine", "acls": ["api-key:model:*"]}, lambda grok: (grok.account.api_key, (), {})
        )

        assert target(call) == "GET /api-key"
        assert (info.name, info.acls) == ("mine", ["api-key:model:*"])

    async def test_me(self, face: Face) -> None:
        me, call = await ask(face, {"user_id": "u", "zdr_status": "zdr"}, lambda grok: (grok.account.me, (), {}))

        assert target(call) == "GET /me"
        assert (me.user_id, me.zdr_status) == ("u", "zdr")


class TestOptions:
    """What every method takes besides its subject."""

    async def test_extras_are_added_to_body_headers_and_query(self, face: Face) -> None:
        _, call = await ask(
            face,
            RESPONSE,
            lambda grok: (
                grok.ask,
                ("Hi",),
                {
                    "extra_body": {"new_field": [1], "store": True},
                    "extra_headers": {"X-Mine": "1", "Accept": "*/*"},
                    "extra_query": {"a": "b"},
                },
            ),
        )

        assert call.json == {"model": MODEL, "input": "Hi", "store": True, "new_field": [1]}
        assert (call.headers["x-mine"], call.headers["accept"]) == ("1", "*/*")
        assert len(call.headers) == len({name.lower() for name in call.headers})
        assert target(call) == "POST /responses?a=b"

    async def test_a_call_without_a_body_takes_extras_too(self, face: Face) -> None:
        _, call = await ask(
            face, {"data": []}, lambda grok: (grok.models.list, (), {"extra_query": {"a": "b"}, "timeout": 5})
        )

        assert target(call) == "GET /models?a=b"
        assert call.limits.total == 5

    async def test_a_model_among_the_extras_is_the_call_s(self, face: Face) -> None:
        answer, call = await ask(
            face,
            {**RESPONSE, "model": "grok-4.3"},
            lambda grok: (grok.ask, ("Hi",), {"extra_body": {"model": "grok-4.3"}}),
        )

        assert (call.model, call.json["model"], answer.model) == ("grok-4.3", "grok-4.3", "grok-4.3")

    @pytest.mark.parametrize(
        ("method", "wrong", "near"),
        [
            ("chat.create", "temprature", "did you mean 'temperature'?"),
            ("chat.stream", "max_token", "did you mean 'max_tokens'?"),
            ("responses.create", "max_output_token", "did you mean 'max_output_tokens'?"),
            ("responses.stream", "tiemout", "did you mean 'timeout'?"),
            ("responses.create", "zzz", "fields grokkit has no name for go in extra_body={'zzz': ...}"),
        ],
    )
    async def test_an_unknown_keyword_is_a_type_error_with_the_nearest_name(
        self, face: Face, method: str, wrong: str, near: str
    ) -> None:
        resource, _, name = method.partition(".")
        function = getattr(getattr(face.client(transport=MockTransport()), resource), name)
        subject = {"messages": MESSAGES} if resource == "chat" else {"input": "Hi"}

        with pytest.raises(TypeError) as caught:
            await face.call(function, **subject, **{wrong: 1})

        assert str(caught.value) == f"{method}() got an unexpected keyword argument {wrong!r}: {near}"

    @pytest.mark.parametrize(
        "work",
        [
            lambda grok: (grok.models.list, (), {"limit": 1}),
            lambda grok: (grok.models.get, ("m",), {"temperature": 1}),
            lambda grok: (grok.responses.get, ("r",), {"nonsense": 1}),
            lambda grok: (grok.responses.input_items, ("r",), {"limits": 1}),
            lambda grok: (grok.responses.compact, (), {"input": "Hi", "temperature": 1}),
            lambda grok: (grok.account.me, (), {"tiemout": 1}),
        ],
    )
    async def test_an_option_that_would_be_ignored_is_a_type_error_too(self, face: Face, work: Any) -> None:
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            await ask(face, {}, work)

    async def test_every_call_has_a_name_of_its_own(self, face: Face) -> None:
        mock = MockTransport(lambda _: json_reply(RESPONSE))
        grok = face.client(transport=mock, model=MODEL)

        answers = [await face.call(grok.ask, "Hi") for _ in range(3)]

        names = [call.headers["x-client-request-id"] for call in mock.calls]
        assert len(set(names)) == 3
        assert [answer.client_request_id for answer in answers] == names

    async def test_our_name_and_yours_are_in_the_user_agent(self, face: Face) -> None:
        mock = MockTransport(lambda _: json_reply(RESPONSE))

        await face.call(face.client(transport=mock, model=MODEL, user_agent="search/1.2").ask, "Hi")

        agent = mock.calls[0].headers["user-agent"]
        assert agent.startswith("grokkit/")
        assert agent.endswith(" search/1.2")

    async def test_a_value_that_has_no_json_form_is_refused_with_its_call(self, face: Face) -> None:
        mock = MockTransport(lambda call: json_reply({"size": len(call.content() or b"")}))

        with pytest.raises(InvalidRequest, match="cannot be written as JSON") as caught:
            await face.call(face.client(transport=mock, model=MODEL).ask, "Hi", metadata={"when": object()})

        assert str(caught.value.call) == f"POST /v1/responses ({MODEL})"


@pytest.mark.parametrize(
    ("tools", "said"),
    [
        ([3], r"tools\[0\] is no tool: 3"),
        ([{"type": "web_search"}, None], r"tools\[1\] is no tool: None"),
        (["web_search"], r"tools\[0\] is no tool: a str"),
        ([[{"type": "web_search"}]], r"tools\[0\] is no tool: a list"),
        ({"type": "web_search"}, "tools=a dict: a list of tools is taken"),
        ("web_search", "tools=a str: a list of tools is taken"),
        (3, "tools=3: a list of tools is taken"),
    ],
)
@pytest.mark.parametrize("dialect", ["chat", "responses"])
async def test_what_is_no_tool_is_refused_before_anything_is_sent(
    face: Face, dialect: str, tools: Any, said: str
) -> None:
    mock = MockTransport(lambda _: json_reply(RESPONSE))
    given: dict[str, Any] = {"messages": MESSAGES} if dialect == "chat" else {"input": "Hi"}

    with pytest.raises(ToolUnfit, match=said) as caught:
        await face.call(getattr(face.client(transport=mock, model=MODEL), dialect).create, **given, tools=tools)

    assert caught.value.param == "tools"
    assert "web_search()" in (caught.value.hint or "")
    assert mock.calls == []


async def test_an_empty_registry_is_no_tools(face: Face) -> None:
    _, call = await ask(face, RESPONSE, lambda grok: (grok.responses.create, (), {"input": "Hi", "tools": Registry()}))

    assert call.json["tools"] == []
