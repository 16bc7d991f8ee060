"""schemathesis over xAI's OpenAPI document: whatever is asked, the simulator answers as the document says.

Requests that fit the document are drawn for each operation, and requests that do not. No reply may be a 5xx, every
good one must fit its schema, event by event where it is streamed, and every refusal must have a shape of the API's.
What is drawn is the same in every run.
"""

from __future__ import annotations

import copy
import io
import zipfile
from typing import TYPE_CHECKING, Any

import hypothesis
import msgspec
import pytest
import requests
import schemathesis
from hypothesis import strategies
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import response_schema_conformance

from grokkit.testing.openapi import drift, frame_drift
from grokkit.testing.openapi.document import document
from grokkit.testing.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import APIOperation, Case, Response

EXAMPLES = {GenerationMode.POSITIVE: 25, GenerationMode.NEGATIVE: 10}
SLOW = (hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much, hypothesis.HealthCheck.data_too_large)
HI = [{"role": "user", "content": "Hi"}]
GROK, OLD, IMAGE, VIDEO = "grok-4.7", "grok-4.20-0309-non-reasoning", "grok-imagine-image", "grok-imagine-video"
MP4, PNG = "https://example.org/a.mp4", "https://example.org/a.png"


def skill() -> bytes:
    """A skill as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("SKILL.md"), "---\nname: charts\ndescription: Draws.\n---\n")
    return buffer.getvalue()


SOUND: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"model": GROK, "messages": HI},
    "/v1/complete": {"model": OLD, "prompt": "Human: Hi", "max_tokens_to_sample": 5},
    "/v1/completions": {"model": OLD, "prompt": "1, 2,"},
    "/v1/embeddings": {"model": "v1", "input": ["one", "two"]},
    "/v1/files/{file_id}/public-url": {"expires_after": 3600},
    "/v1/images/edits": {"model": IMAGE, "prompt": "A fjord", "image": {"url": PNG}},
    "/v1/images/generations": {"model": IMAGE, "prompt": "A fjord"},
    "/v1/messages": {"model": GROK, "messages": HI, "max_tokens": 50},
    "/v1/responses": {"model": GROK, "input": "Hi"},
    "/v1/responses/compact": {"model": GROK, "input": HI},
    "/v1/skills": {"files": [skill()]},
    "/v1/tokenize-text": {"model": GROK, "text": "Hi"},
    "/v1/videos/edits": {"model": VIDEO, "prompt": "Snow", "video": {"url": MP4}},
    "/v1/videos/extensions": {"model": VIDEO, "prompt": "Snow", "video": {"url": MP4}},
    "/v1/videos/generations": {"model": VIDEO, "prompt": "A fjord"},
}
"""Bodies that are answered: what the document leaves to prose, most drawn bodies lack."""
SEARCH = "/v1/documents/search"
MODELS = {
    "/v1/embedding-models/{model_id}": "v1",
    "/v1/image-generation-models/{model_id}": IMAGE,
    "/v1/video-generation-models/{model_id}": VIDEO,
}


MADE: dict[str, tuple[str, dict[str, Any], str]] = {
    "/v1/chat/deferred-completion/": (
        "POST /v1/chat/completions",
        SOUND["/v1/chat/completions"] | {"deferred": True},
        "request_id",
    ),
    "/v1/images/": ("POST /v1/images/generations", SOUND["/v1/images/generations"] | {"deferred": True}, "request_id"),
    "/v1/responses/": ("POST /v1/responses", SOUND["/v1/responses"], "id"),
    "/v1/skills/": ("POST /v1/skills", SOUND["/v1/skills"], "id"),
    "/v1/videos/": ("POST /v1/videos/generations", SOUND["/v1/videos/generations"], "request_id"),
}
"""How the things are made that other operations ask for: by which operation, of what, and the field of their id."""


def operations() -> dict[str, APIOperation[Any, Any, Any, Any]]:
    """The document's operations by method and path."""
    schema = schemathesis.openapi.from_dict(copy.deepcopy(dict(document())))
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    return {operation.label: operation for operation in found}


OPERATIONS = operations()


@pytest.fixture(scope="module")
def serving() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(serving: Simulator) -> Simulator:
    serving.reset()
    return serving


def send(case: Case[Any], simulator: Simulator) -> Response:
    url = simulator.base_url.removesuffix("/v1")
    return case.call(base_url=url, headers={"Authorization": f"Bearer {simulator.key}"}, timeout=30)


def as_sent(value: Any) -> Any:
    """A drawn value with whole numbers as integers: JSON Schema calls `5.0` one, and the API does not."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: as_sent(item) for name, item in value.items()}
    return [as_sent(item) for item in value] if isinstance(value, list) else value


def make_sound(case: Case[Any], simulator: Simulator, pick: int) -> None:
    """Put what is there in the place of what was drawn: an id, and those fields that are missing, or all of them."""
    sound = SOUND.get(case.operation.path, {})
    if case.operation.path == SEARCH:
        sound = {"query": "Hi", "source": {"collection_ids": [collection(simulator)]}}
    if sound and isinstance(case.body, dict):
        case.body = sound | as_sent(case.body) if pick == 1 else as_sent(case.body) | sound
    if case.path_parameters:
        (name,) = case.path_parameters
        case.path_parameters[name] = made(case.operation.path, simulator)


def made(path: str, simulator: Simulator) -> str:
    """The id of something that is there to be asked for at this path."""
    if path.endswith("{model_id}"):
        return MODELS.get(path, GROK)
    if path.startswith("/v1/files/"):
        return picture(simulator)
    label, body, field = next(recipe for start, recipe in MADE.items() if path.startswith(start))
    maker = OPERATIONS[label]
    (kind,) = maker.definition.raw["requestBody"]["content"]
    reply = send(maker.Case(body=body, media_type=kind), simulator)
    found: str = reply.json()[field]
    return found


def collection(simulator: Simulator) -> str:
    """The id of a collection to search in."""
    url, key = f"{simulator.management_url}/v1/collections", simulator.management_key
    return post(url, key, "collection_id", json={"collection_name": "Letters"})


def picture(simulator: Simulator) -> str:
    """The id of a file."""
    url, key = f"{simulator.base_url}/files", simulator.key
    return post(url, key, "id", files={"file": ("a.png", b"picture", "image/png")})


def post(url: str, key: str, field: str, **content: Any) -> str:
    reply = requests.post(url, headers={"Authorization": f"Bearer {key}"}, timeout=30, **content)
    found: str = reply.json()[field]
    return found


def faults(case: Case[Any], reply: Response) -> list[str]:
    """What is wrong with a reply."""
    kind = ", ".join(reply.headers.get("content-type", []))
    if reply.status_code >= 500:
        return [f"a status of {reply.status_code}: {reply.content[:500]!r}"]
    if reply.status_code >= 400:
        return refusal_faults(reply, kind)
    path = case.operation.path
    if "event-stream" in kind:
        frames = [line[6:] for line in reply.content.split(b"\n") if line.startswith(b"data: ")]
        return [fault for frame in frames for fault in frame_drift(path, frame)]
    if "json" not in kind or (isinstance(case.body, dict) and case.body.get("deferred")):
        return []
    return drift(path, reply.status_code, reply.content, method=case.operation.method) + schema_faults(case, reply)


def schema_faults(case: Case[Any], reply: Response) -> list[str]:
    """What schemathesis itself says of it."""
    try:
        case.validate_response(reply, checks=[not_a_server_error, response_schema_conformance])
    except FailureGroup as failures:
        return [str(failure) for failure in failures.exceptions]
    return []


def refusal_faults(reply: Response, kind: str) -> list[str]:
    """A refusal is flat JSON, or nested as OpenAI has it, or a sentence, or nothing at all."""
    if kind.startswith("text/plain"):
        return [] if reply.content else ["a sentence that is empty"]
    if not reply.content:
        return []
    body = msgspec.json.decode(reply.content)
    error = body.get("error")
    flat = isinstance(error, str) and isinstance(body.get("code"), str)
    nested = isinstance(error, dict) and isinstance(error.get("message"), str)
    return [] if flat or nested else [f"a refusal of no known shape: {reply.content[:500]!r}"]


@pytest.mark.parametrize("mode", EXAMPLES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_reply_is_as_the_document_says(simulator: Simulator, label: str, mode: GenerationMode) -> None:
    statuses: set[int] = set()

    @hypothesis.settings(
        max_examples=EXAMPLES[mode],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=SLOW,
    )
    @hypothesis.given(case=OPERATIONS[label].as_strategy(generation_mode=mode), pick=strategies.integers(0, 4))
    def ask(case: Case[Any], pick: int) -> None:
        simulator.job_seconds = 0.0 if pick % 2 else 3600.0
        if pick and mode is GenerationMode.POSITIVE:
            make_sound(case, simulator, pick)

        reply = send(case, simulator)

        statuses.add(reply.status_code)
        found = faults(case, reply)
        assert found == [], f"{found}\n{case.as_curl_command()}"

    ask()
    assert mode is GenerationMode.NEGATIVE or 200 in statuses, f"never answered, only {statuses}"


@pytest.mark.parametrize("damage", [b"", b"\xff" * 8])
def test_a_broken_zip_is_refused(simulator: Simulator, damage: bytes) -> None:
    whole = skill()
    middle = whole.index(b"---")

    body: Any = {"files": [whole[:middle] + damage + whole[middle + 8 :]]}
    case = OPERATIONS["POST /v1/skills"].Case(body=body, media_type="multipart/form-data")

    assert send(case, simulator).status_code == 400


def test_a_field_that_may_be_null_may_be_null(simulator: Simulator) -> None:
    case = OPERATIONS["POST /v1/videos/extensions"].Case(
        body=SOUND["/v1/videos/extensions"] | {"duration": None}, media_type="application/json"
    )

    assert send(case, simulator).status_code == 200


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/messages"])
@pytest.mark.parametrize("schema", [{"properties": None}, {"required": True}, {"required": [5]}, {"enum": {}}])
def test_a_tool_whose_parameters_are_no_schema_is_refused(
    simulator: Simulator, path: str, schema: dict[str, Any]
) -> None:
    tool: dict[str, Any] = {"name": "weather", "parameters": schema}
    if path == "/v1/chat/completions":
        tool = {"type": "function", "function": tool}
    else:
        tool = tool | {"type": "function"} if path == "/v1/responses" else {"name": "weather", "input_schema": schema}
    case = OPERATIONS[f"POST {path}"].Case(body=SOUND[path] | {"tools": [tool]}, media_type="application/json")

    assert send(case, simulator).status_code == 400
