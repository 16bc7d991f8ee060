"""Our requests and replies against the API's own description: no property is missing, and simple types agree."""

from __future__ import annotations

import json
import types
from functools import cache
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from grokkit.wire import listings, responses
from grokkit.wire.chat import (
    ChatChunk,
    ChatCompletion,
    ChatMessage,
    ChatRequest,
    ChatToolCall,
    Choice,
    ChunkChoice,
    DeferredChat,
    FunctionCall,
)

DESCRIPTION = Path(__file__).parents[3] / "shared" / "api" / "xai-openapi.json"

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason="the API's description is not beside this repository")

OURS: dict[str, Any] = {
    "ChatRequest": ChatRequest,
    "ModelRequest": responses.ResponsesRequest,
    "ChatResponse": ChatCompletion,
    "Choice": Choice,
    "ChoiceMessage": ChatMessage,
    "ToolCall": ChatToolCall,
    "Function": FunctionCall,
    "ChatResponseChunk": ChatChunk,
    "ChoiceChunk": ChunkChoice,
    "Delta": ChatMessage,
    "StartDeferredChatResponse": DeferredChat,
    "ModelResponse": responses.Response,
    "OutputMessage": responses.MessageItem,
    "Reasoning": responses.ReasoningItem,
    "FunctionToolCall": responses.FunctionCallItem,
    "WebSearchCall": responses.WebSearchCall,
    "FileSearchCall": responses.FileSearchCall,
    "CodeInterpreterCall": responses.CodeInterpreterCall,
    "McpCall": responses.McpCall,
    "CustomToolCall": responses.CustomToolCall,
    "ShellCall": responses.ShellCall,
    "ImageGenerationCall": responses.ImageGenerationCall,
    "ToolSearchCall": responses.ToolSearchCall,
    "ToolSearchOutput": responses.ToolSearchOutput,
    "CompactionOutputItem": responses.CompactionItem,
    "CompactResponse": responses.CompactedResponse,
    "DeleteStoredCompletionResponse": responses.DeletedResponse,
    "ListInputItemsResponse": responses.InputItems,
    "Model": listings.ModelCard,
    "LanguageModel": listings.LanguageModel,
    "ImageGenerationModel": listings.ImageModel,
    "VideoGenerationModel": listings.VideoModel,
    "ListModelsResponse": listings.ModelList,
    "ListLanguageModelsResponse": listings.LanguageModelList,
    "ListImageGenerationModelsResponse": listings.ImageModelList,
    "ListVideoGenerationModelsResponse": listings.VideoModelList,
    "ApiKey": listings.ApiKeyInfo,
    "GetMeResponse": listings.Me,
}

LEFT_OUT = {
    ("ModelRequest", "background"): "the API refuses it; features that need it would wait for ever",
}

PLAIN = {"string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict, "null": None}


@cache
def schemas() -> dict[str, Any]:
    found: dict[str, Any] = (
        json.loads(DESCRIPTION.read_bytes())["components"]["schemas"] if DESCRIPTION.exists() else {}
    )
    return found


def described(schema: dict[str, Any]) -> set[type | None]:
    """The plain types that a value of this schema may have; empty when it says nothing of them."""
    if "$ref" in schema:
        return described(schemas()[schema["$ref"].rpartition("/")[2]])
    if "type" in schema:
        named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return {PLAIN[name] for name in named}
    options = [option for word in ("oneOf", "anyOf", "allOf") for option in schema.get(word, [])]
    return {kind for option in options for kind in described(option)}


def accepted(hint: Any) -> set[type | None]:
    """The plain types that a value of ours may have; empty when it may be anything."""
    if get_origin(hint) in {Union, types.UnionType}:
        return {kind for option in get_args(hint) for kind in accepted(option)}
    if hint is Any:
        return set()
    kind = get_origin(hint) or hint
    if kind is types.NoneType:
        return {None}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return {dict}
    return {float, int} if kind is float else {kind}


def fields(name: str) -> list[Any]:
    return [pytest.param(name, field, id=f"{name}.{field}") for field in schemas().get(name, {}).get("properties", {})]


every_field = pytest.mark.parametrize(("name", "field"), [field for name in OURS for field in fields(name)])


@every_field
def test_every_property_of_the_api_has_a_field(name: str, field: str) -> None:
    missing = field not in get_type_hints(OURS[name])

    assert missing == ((name, field) in LEFT_OUT)


@every_field
def test_a_value_as_described_fits_the_field(name: str, field: str) -> None:
    if (name, field) in LEFT_OUT:
        return
    possible = described(schemas()[name]["properties"][field])
    ours = accepted(get_type_hints(OURS[name])[field])

    # `null` in a reply is read as absent, so a field need not be able to hold it.
    strangers = possible - {None} - ours if ours else set()
    assert not strangers


def test_every_output_item_of_the_api_has_a_type() -> None:
    options = schemas()["ModelOutput"]["oneOf"]
    names = {option["allOf"][0]["$ref"].rpartition("/")[2] for option in options}

    assert names <= OURS.keys()
    assert all(issubclass(OURS[name], responses.Item) for name in names)


def test_what_is_left_out_is_still_in_the_description() -> None:
    assert all(field in schemas()[name]["properties"] for name, field in LEFT_OUT)
