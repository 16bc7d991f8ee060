"""Tools out of an OpenAPI document: what the model is told, what is sent, what comes back."""

from __future__ import annotations

import json
import re
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

import pytest
import yaml
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from grokkit.testing import Simulator
from grokkit.tools import ArgumentsRefused, Registry, Tool, ToolFailed, ToolsLeftOut, ToolUnfit, ToolUnreachable
from grokkit.tools.openapi import from_openapi
from grokkit.tools.openapi.placing import Parameter, placed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grokkit.tools.openapi import HttpApi

    Json = dict[str, Any]

pytestmark = pytest.mark.filterwarnings("ignore:POST /photos:grokkit.tools.ToolsLeftOut")


def named(api: HttpApi, name: str) -> Tool[..., Any]:
    [found] = [each for each in api.tools if each.name == name]
    return found


async def call(api: HttpApi, name: str, /, **arguments: Any) -> str:
    tool = named(api, name)
    return str(await tool.run(tool.decode(json.dumps(arguments)), key="k"))


def test_operations_are_tools_named_by_their_ids_with_effects_by_their_verbs(document: Json) -> None:
    made = from_openapi(document, name="pets")

    assert {each.name: each.effects for each in made} == {
        "getPet": "read_only",
        "putPet": "idempotent",
        "delete_pets_by_id": "destructive",
        "pets__add": "destructive",
    }
    assert named(made, "getPet").description == "A pet.\n\nWith all that is known of it."
    assert Registry(made).names()[0] == "pets__getPet"
    assert [each.path for each in Registry(made).filter(tags=["pets"]).entries()] == ["pets.getPet"]


def test_parameters_are_named_as_in_the_document_and_twice_named_ones_by_their_place(document: Json) -> None:
    parameters = named(from_openapi(document), "getPet").parameters

    assert list(parameters["properties"]) == [
        "id",
        "fields",
        "sizes",
        "near",
        "where",
        "X-Trace",
        "query_id",
        "flavour",
    ]
    assert parameters["required"] == ["id"]
    assert parameters["properties"]["query_id"]["description"] == "Another id."
    assert parameters["$defs"] == {"Id": {"type": "string"}}


def test_a_body_has_what_may_be_sent_and_references_to_itself_are_cut(document: Json) -> None:
    tool = named(from_openapi(document), "putPet")

    pet = tool.parameters["$defs"]["Pet"]
    assert list(pet["properties"]) == ["name", "parent"]
    assert pet["required"] == ["name"]
    assert tool.parameters["properties"]["body"]["description"] == "The pet."
    tool.decode('{"id": "a", "body": {"name": null, "parent": {"name": "b"}}}')
    with pytest.raises(ArgumentsRefused, match="name"):
        tool.decode('{"id": "a", "body": {"parent": {}, "name": "a"}}')


async def test_arguments_go_where_the_document_says(api: Any, document: Json) -> None:
    made = from_openapi(document, base_url=f"{api.url}/v1/")

    await call(
        made,
        "getPet",
        id="a/../b c",
        fields=["x", "y&z"],
        sizes=[1, 2],
        near={"city": "Köln"},
        where={"a": [1]},
        query_id="q",
        flavour="vanilla",
        **{"X-Trace": "t"},
    )

    [asked] = api.seen
    path, _, query = asked.raw_path.partition("?")
    assert path == "/v1/pets/a%2F..%2Fb%20c"
    assert query.startswith("fields=x&fields=y%26z&sizes=1,2&near[city]=K%C3%B6ln&where=%7B")
    assert parse_qs(query)["where"] == ['{"a":[1]}']
    assert parse_qs(query)["id"] == ["q"]
    assert (asked.headers["X-Trace"], asked.cookies["flavour"]) == ("t", "vanilla")


async def test_what_is_left_out_is_not_sent(api: Any, document: Json) -> None:
    assert await call(from_openapi(document, base_url=api.url), "getPet", id="1") == '{"asked": "/pets/1"}'


async def test_bodies_are_json_or_forms(api: Any, document: Json) -> None:
    made = from_openapi(document, base_url=api.url)

    await call(made, "putPet", id="1", body={"name": "Rex"})
    await call(made, "pets__add", body={"name": "Rex & Co", "tags": ["a", "b"]})

    assert [each.content_type for each in api.seen] == ["application/json", "application/x-www-form-urlencoded"]
    assert api.bodies == [b'{"name":"Rex"}', b"name=Rex+%26+Co&tags=a&tags=b"]


@pytest.mark.parametrize("id_", ["..", ".", ""])
async def test_a_part_of_a_path_cannot_lead_elsewhere(api: Any, document: Json, id_: str) -> None:
    with pytest.raises(ToolFailed, match="id must not be"):
        await call(from_openapi(document, base_url=api.url), "getPet", id=id_)

    assert api.seen == []


async def test_a_header_cannot_hold_another(api: Any, document: Json) -> None:
    with pytest.raises(ToolFailed, match="X-Trace must be one line"):
        await call(from_openapi(document, base_url=api.url), "getPet", id="1", **{"X-Trace": "a\r\nAdmin: yes"})

    assert api.seen == []


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_a_status_that_is_not_2xx_is_told_to_the_model(api: Any, document: Json, status: int) -> None:
    api.answer = web.json_response({"detail": "no such pet"}, status=status)

    with pytest.raises(ToolFailed) as caught:
        await call(from_openapi(document, base_url=api.url), "getPet", id="1")

    assert caught.value.message.startswith(f"GET /pets/{{id}} answered {status} ")
    assert '{"detail": "no such pet"}' in caught.value.message


async def test_redirects_are_not_followed_and_where_they_lead_is_told(api: Any, document: Json) -> None:
    api.answer = web.Response(status=302, headers={"Location": "http://169.254.169.254/secrets?token=1"})

    with pytest.raises(ToolFailed, match=r"answered 302: it is now at 169\.254\.169\.254; redirects are not followed"):
        await call(from_openapi(document, base_url=api.url), "getPet", id="1")

    assert len(api.seen) == 1


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (lambda: web.Response(status=204), "204 No Content"),
        (lambda: web.Response(body=b"\x00" * 5, content_type="image/png"), "[image/png, 5 bytes; not shown]"),
        (lambda: web.Response(body="größer".encode("latin-1"), content_type="text/plain", charset="latin-1"), "größer"),
        (lambda: web.Response(text="x" * 300_000), "x" * 200_000 + "\n[cut off here]"),
    ],
)
async def test_answers_become_text_of_bounded_length(
    api: Any, document: Json, answer: Callable[[], web.Response], text: str
) -> None:
    api.answer = answer()

    assert await call(from_openapi(document, base_url=api.url), "getPet", id="1") == text


async def test_an_api_that_does_not_answer_in_time_may_have_run_it(api: Any, document: Json) -> None:
    api.hanging = True

    with pytest.raises(ToolUnreachable, match=r"PUT /pets/\{id\} was not answered within 0\.2 s") as caught:
        await call(from_openapi(document, base_url=api.url, time_limit=0.2), "putPet", id="1", body={"name": "a"})

    assert caught.value.may_have_run


async def test_an_api_where_nobody_listens_has_not_run_it(document: Json, unused_port: int) -> None:
    with pytest.raises(ToolUnreachable, match=r"GET /pets/\{id\} was not answered: .* \(127\.0\.0\.1:\d+\)") as caught:
        await call(from_openapi(document, base_url=f"http://127.0.0.1:{unused_port}"), "getPet", id="1")

    assert not caught.value.may_have_run


SECRET = "s3cret-0123456789"
SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    "login": {"type": "oauth2", "flows": {}},
}


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_credential_is_sent_as_its_scheme_says_and_shows_nowhere(api: Any, document: Json, scheme: str) -> None:
    document["components"]["securitySchemes"] = {scheme: SCHEMES[scheme]}
    auth = f"me:{SECRET}" if scheme == "basic" else SECRET
    made = from_openapi(document, base_url=api.url, auth=auth)
    api.answer = web.Response(text=f"your key is {SECRET}" if scheme != "basic" else "hello")

    text = await call(made, "getPet", id="1")

    [asked] = api.seen
    sent = {
        "bearer": asked.headers.get("Authorization") == f"Bearer {SECRET}",
        "login": asked.headers.get("Authorization") == f"Bearer {SECRET}",
        "basic": asked.headers.get("Authorization", "").startswith("Basic "),
        "header": asked.headers.get("X-Key") == SECRET,
        "query": asked.query.get("key") == SECRET,
        "cookie": asked.cookies.get("session") == SECRET,
    }
    assert sent[scheme]
    tool = named(made, "getPet")
    assert SECRET not in f"{text} {made!r} {tool!r} {tool.definition()} {Registry(made).entries()!r}"


async def test_a_credential_is_in_no_error(document: Json, unused_port: int) -> None:
    document["components"]["securitySchemes"] = {"query": SCHEMES["query"]}
    made = from_openapi(document, base_url=f"http://user:{SECRET}@127.0.0.1:{unused_port}", auth=SECRET)

    with pytest.raises(ToolUnreachable) as caught:
        await call(made, "getPet", id="1")

    assert SECRET not in f"{caught.value} {caught.value!r} {made!r}"


async def test_a_parameter_that_is_the_credential_is_not_the_models(api: Any, document: Json) -> None:
    document["components"]["securitySchemes"] = {"trace": {"type": "apiKey", "in": "header", "name": "x-trace"}}

    made = from_openapi(document, base_url=api.url, auth={"trace": SECRET}, headers={"X-Team": "red"})
    await call(made, "getPet", id="1")

    assert "X-Trace" not in named(made, "getPet").parameters["properties"]
    assert (api.seen[0].headers["X-Trace"], api.seen[0].headers["X-Team"]) == (SECRET, "red")


@pytest.mark.parametrize(
    ("auth", "problem"),
    [
        (SECRET, "these schemes: one, two"),
        ({"three": SECRET}, "no security scheme 'three'; it has: one, two"),
        ({"two": SECRET}, "of a kind that is not known"),
    ],
)
def test_credentials_without_a_place_are_refused(document: Json, auth: Any, problem: str) -> None:
    document["components"]["securitySchemes"] = {"one": SCHEMES["bearer"], "two": {"type": "mutualTLS"}}

    with pytest.raises(ToolUnfit, match=problem) as caught:
        from_openapi(document, auth=auth)

    assert SECRET not in str(caught.value)


def test_what_cannot_be_offered_is_left_out_with_a_warning(document: Json) -> None:
    with pytest.warns(ToolsLeftOut, match="POST /photos of Pets is left out: the body is multipart/form-data"):
        from_openapi(document)


def test_operations_are_chosen(document: Json) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = from_openapi(document, operations=lambda operation: operation.method == "GET", effects="idempotent")

    assert made.tools[0].effects == "idempotent"
    assert (len(made), repr(made)) == (1, "HttpApi('Pets', 1 tools)")


def test_a_document_is_read_from_json_yaml_path_or_text(document: Json, tmp_path: Path) -> None:
    as_json, as_yaml = tmp_path / "api.json", tmp_path / "api.yaml"
    as_json.write_text(json.dumps(document))
    as_yaml.write_text(yaml.safe_dump(document, sort_keys=False))

    documents: list[Any] = [document, as_json, str(as_yaml), as_json.read_text(), as_yaml.read_text()]

    assert {tuple(each.name for each in from_openapi(given)) for given in documents} == {
        ("getPet", "putPet", "delete_pets_by_id", "pets__add")
    }
    assert from_openapi(document).address == "https://eu.example.com/v1"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"openapi": None, "swagger": "2.0"}, "of version 2.0"),
        ({"openapi": None}, "without a version"),
        ({"servers": [{"url": "/v1"}]}, "does not say where the API is: its server is '/v1'"),
        ({"servers": []}, "it names no server"),
        ({"servers": "https://api.example.com"}, "servers should be an array in the document"),
        ({"servers": ["https://api.example.com"]}, "a server should be an object"),
        ({"paths": []}, "paths should be an object"),
        ({"components": 3}, "components should be an object"),
        ({"components": {"securitySchemes": []}}, "securitySchemes should be an object"),
    ],
)
def test_documents_that_cannot_be_used_are_refused(document: Json, change: Json, problem: str) -> None:
    with pytest.raises(ToolUnfit, match=problem):
        from_openapi({**document, **change})


@pytest.mark.parametrize("text", ["{", "a: [\n", "{}\n", "- a\n", "", "no-such-file.yaml", 3, None, []])
def test_what_is_no_document_is_refused(text: Any) -> None:
    with pytest.raises(ToolUnfit):
        from_openapi(text)


@pytest.mark.parametrize(
    ("paths", "problem"),
    [
        ({"/a": {"$ref": "#/nowhere"}}, "/a of Pets is left out: the reference #/nowhere leads nowhere"),
        ({"/a": {"$ref": "other.yaml#/a"}}, "leads out of the document"),
        ({"/a": {"$ref": "#/paths/~1a"}}, "lead in a circle"),
        ({"/a": None}, "an object was expected in the document, got None"),
        ({"/a": {"get": "x"}}, "GET /a of Pets is left out: get should be an object"),
        ({"/a": {"get": {"parameters": {"q": {}}}}}, "parameters should be an array"),
        ({"/a": {"get": {"parameters": [3]}}}, "an object was expected in the document, got 3"),
        ({"/a": {"get": {"parameters": [{"in": "query"}]}}}, "a parameter in 'query' has no name"),
        ({"/a": {"get": {"parameters": [{"in": "query", "name": "q", "content": {"a/b": 3}}]}}}, "content should be"),
        ({"/a/{id}": {"get": {}}}, "no parameter says what {id} in the path is"),
        ({"/a": {"post": {"requestBody": {"content": 3}}}}, "content should be an object"),
        ({"/a": {"post": {"requestBody": {"content": {"application/json": 3}}}}}, "application/json should be an obj"),
    ],
)
def test_an_operation_that_is_written_wrongly_harms_no_other(document: Json, paths: Json, problem: str) -> None:
    with pytest.warns(ToolsLeftOut, match=re.escape(problem)):
        made = from_openapi({**document, "paths": {**paths, "/fine": {"get": {"operationId": "fine", "tags": 3}}}})

    assert [each.name for each in made.tools] == ["fine"]


def test_of_two_operations_with_one_id_the_second_is_called_by_its_place(document: Json) -> None:
    made = from_openapi({**document, "paths": {f"/{one}": {"get": {"operationId": "same"}} for one in "ab"}})

    assert Registry(made).names() == ["same", "get_b"]


async def test_the_simulator_is_called_by_its_own_document(tmp_path: Path) -> None:
    from importlib import resources

    text = (resources.files("grokkit.testing") / "data" / "xai-openapi.json").read_text()
    with Simulator(key="xai-" + "k" * 20) as sim, warnings.catch_warnings():
        warnings.simplefilter("ignore", ToolsLeftOut)
        sim.on(last="hello").reply("hi there")
        made = from_openapi(text, base_url=sim.base_url.removesuffix("/v1"), auth="xai-" + "k" * 20)

        assert "grok-4.7" in await call(made, "handle_models_list_request")
        body = {"model": "grok-4.7", "messages": [{"role": "user", "content": "hello"}]}
        assert "hi there" in await call(made, "handle_generic_completion_request", body=body)
        with pytest.raises(ToolFailed, match="answered 404"):
            await call(made, "handle_model_get_request", model_id="grok-of-nowhere")


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1)


@settings(deadline=None)
@given(texts)
def test_any_text_survives_a_path_and_stays_one_part_of_it(text: str) -> None:
    parameter = Parameter("id", "id", "path", "simple", explode=False)
    try:
        path = placed("/a/{id}/b", [parameter], {"id": text}).path
    except ToolFailed:
        assert text in {".", ".."}
        return
    assert path.count("/") == 3
    assert unquote(path) == f"/a/{text}/b"


@settings(deadline=None)
@given(st.lists(texts, min_size=1))
def test_any_list_survives_a_query(values: list[str]) -> None:
    parameter = Parameter("tags", "tags", "query", "form", explode=True)

    query = placed("/", [parameter], {"tags": values}).query

    assert parse_qs(query, keep_blank_values=True, separator="&")["tags"] == values


@pytest.mark.parametrize(
    ("where", "style", "explode", "value", "sent"),
    [
        ("path", "simple", False, [1, 2], "/1,2"),
        ("path", "label", False, 5, "/.5"),
        ("path", "matrix", False, 5, "/;v=5"),
        ("path", "simple", True, {"a": 1, "b": True}, "/a%3D1,b%3Dtrue"),
        ("query", "form", False, {"a": 1, "b": 2}, "v=a,1,b,2"),
        ("query", "form", True, {"a": 1, "b": None}, "a=1"),
        ("query", "spaceDelimited", False, [1, 2], "v=1%202"),
        ("query", "pipeDelimited", False, [1, 2], "v=1|2"),
        ("query", "form", True, 2.0, "v=2"),
        ("query", "form", True, True, "v=true"),
        ("query", "form", True, [], ""),
    ],
)
def test_values_are_written_in_the_style_of_the_parameter(
    where: str, style: str, explode: bool, value: Any, sent: str
) -> None:
    made = placed("/{v}" if where == "path" else "/", [Parameter("v", "v", where, style, explode)], {"v": value})

    assert (made.path if where == "path" else made.query) == sent
