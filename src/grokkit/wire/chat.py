"""Chat Completions as it is on the wire: names mirror the API (`POST /v1/chat/completions`)."""

from typing import Any, TypedDict

import msgspec


class ChatParameters(TypedDict, total=False):
    """What a chat request may carry besides model, messages and stream.

    Limits and meanings: https://docs.x.ai/developers. Reasoning models refuse `stop` and both penalties.
    """

    max_completion_tokens: int | None
    max_tokens: int | None
    temperature: float | None
    top_p: float | None
    n: int | None
    stop: list[str] | str | None
    presence_penalty: float | None
    frequency_penalty: float | None
    logprobs: bool | None
    top_logprobs: int | None
    logit_bias: dict[str, float] | None
    seed: int | None
    reasoning_effort: str | None
    response_format: dict[str, Any] | None
    tool_choice: str | dict[str, Any] | None
    parallel_tool_calls: bool | None
    service_tier: str | None
    prompt_cache_key: str | None
    safety_identifier: str | None
    guidelines: list[dict[str, Any]] | None
    search_parameters: dict[str, Any] | None
    web_search_options: dict[str, Any] | None
    user: str | None


class ChatRequest(ChatParameters, total=False):
    """The whole request body. `msgspec.json.decode(body, type=ChatRequest)` checks one."""

    model: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]] | None
    stream: bool
    stream_options: dict[str, Any] | None
    deferred: bool | None


class FunctionCall(msgspec.Struct, kw_only=True):
    """The function a model wants called; in a stream, a piece of it."""

    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class ChatToolCall(msgspec.Struct, kw_only=True):
    """A tool call of a message; in a stream, a piece of one."""

    id: str | None = None
    type: str | None = None
    index: int | None = None
    function: FunctionCall | None = None


class ChatMessage(msgspec.Struct, kw_only=True):
    """What the assistant said; in a stream, what it adds."""

    role: str | None = None
    content: str | None = None
    reasoning_content: str | None = None
    refusal: str | None = None
    tool_calls: list[ChatToolCall] | None = None
    images: list[str] | None = None


class Choice(msgspec.Struct, kw_only=True):
    """One of the `n` answers of a reply."""

    index: int = 0
    message: ChatMessage = msgspec.field(default_factory=ChatMessage)
    finish_reason: str | None = None
    logprobs: dict[str, Any] | None = None


class ChatCompletion(msgspec.Struct, kw_only=True):
    """The reply of a plain call."""

    id: str = ""
    object: str = "chat.completion"
    created: int = 0
    model: str = ""
    choices: list[Choice] = []
    usage: dict[str, Any] | None = None
    citations: list[str] | None = None
    system_fingerprint: str | None = None
    service_tier: str | None = None
    output_files: list[dict[str, Any]] | None = None


class ChunkChoice(msgspec.Struct, kw_only=True):
    """What one chunk adds to one of the answers."""

    index: int = 0
    delta: ChatMessage = msgspec.field(default_factory=ChatMessage)
    finish_reason: str | None = None
    logprobs: dict[str, Any] | None = None


class ChatChunk(msgspec.Struct, kw_only=True):
    """One `data:` frame of a streamed call."""

    id: str = ""
    object: str = ""
    created: int = 0
    model: str = ""
    choices: list[ChunkChoice] = []
    usage: dict[str, Any] | None = None
    citations: list[str] | None = None
    system_fingerprint: str | None = None
    service_tier: str | None = None
    output_files: list[dict[str, Any]] | None = None


class DeferredChat(msgspec.Struct, kw_only=True):
    """The reply to a chat request with `deferred: true`: the ticket to fetch the answer with, once, within 24 hours."""

    request_id: str = ""
