"""The Responses API as it is on the wire: names mirror the API (`POST /v1/responses`)."""

from typing import Any, TypedDict

import msgspec

from grokkit.wire.extra import Extended
from grokkit.wire.output import PARAGRAPH, message_text, reasoning_texts
from grokkit.wire.reading import Reader


class ResponsesParameters(TypedDict, total=False):
    """What a Responses request may carry besides input, model, tools and stream.

    `store` is sent as false unless asked for. `background` does not exist at xAI.
    """

    instructions: str | None
    previous_response_id: str | None
    store: bool | None
    include: list[str] | None
    reasoning: dict[str, Any] | None
    reasoning_effort: str | None
    max_output_tokens: int | None
    max_turns: int | None
    tool_choice: str | dict[str, Any] | None
    parallel_tool_calls: bool | None
    text: dict[str, Any] | None
    temperature: float | None
    top_p: float | None
    top_k: int | None
    min_p: float | None
    logprobs: bool | None
    top_logprobs: int | None
    prompt_cache_key: str | None
    service_tier: str | None
    safety_identifier: str | None
    guidelines: list[dict[str, Any]] | None
    search_parameters: dict[str, Any] | None
    context_management: list[dict[str, Any]] | dict[str, Any] | None
    metadata: dict[str, Any] | None
    truncation: str | None
    user: str | None


class ResponsesRequest(ResponsesParameters, total=False):
    """The whole request body. `msgspec.json.decode(body, type=ResponsesRequest)` checks one."""

    input: str | list[dict[str, Any]]
    model: str
    tools: list[dict[str, Any]] | None
    stream: bool


class Item(Extended, kw_only=True):
    """One piece of a response's output. Fields that this version does not know are in `extra`."""

    type: str = ""
    id: str | None = None
    status: str | None = None


class MessageItem(Item, kw_only=True):
    """Text for the user (`message`)."""

    role: str = "assistant"
    content: list[dict[str, Any]] = msgspec.field(default_factory=list)

    @property
    def text(self) -> str:
        """The text of all its parts."""
        return message_text({"content": self.content})


class ReasoningItem(Item, kw_only=True):
    """What the model thought (`reasoning`); send it back unchanged, `summary` and `encrypted_content` included."""

    summary: list[dict[str, Any]] = msgspec.field(default_factory=list)
    content: list[dict[str, Any]] | None = None
    encrypted_content: str | None = None

    @property
    def text(self) -> str:
        """What the model thought, then the summary of it; its parts are paragraphs."""
        return PARAGRAPH.join(reasoning_texts({"content": self.content, "summary": self.summary}))


class FunctionCallItem(Item, kw_only=True):
    """A call of one of your functions (`function_call`)."""

    call_id: str = ""
    name: str = ""
    arguments: str = ""


class WebSearchCall(Item, kw_only=True):
    """A web search by the server: `action` is search, open_page or find_in_page (`web_search_call`)."""

    action: dict[str, Any] | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None


class XSearchCall(Item, kw_only=True):
    """An X search as older models report it (`x_search_call`)."""

    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None


class CustomToolCall(Item, kw_only=True):
    """A named tool of the server; X search shows up as one (`custom_tool_call`)."""

    call_id: str = ""
    name: str = ""
    input: str = ""


class CodeInterpreterCall(Item, kw_only=True):
    """Code that the server ran (`code_interpreter_call`)."""

    code: str | None = None
    outputs: list[dict[str, Any]] | None = None
    container_id: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None


class FileSearchCall(Item, kw_only=True):
    """A search in collections (`file_search_call`)."""

    queries: list[str] = msgspec.field(default_factory=list)
    results: list[dict[str, Any]] | None = None


class McpCall(Item, kw_only=True):
    """A tool of an MCP server that the API called (`mcp_call`)."""

    server_label: str = ""
    name: str = ""
    arguments: str = ""
    output: str | None = None
    error: Any = None


class ImageGenerationCall(Item, kw_only=True):
    """An image made on the way: `result` is bare base64 (`image_generation_call`)."""

    prompt: str | None = None
    result: str | None = None


class ShellCall(Item, kw_only=True):
    """Commands that the client is to run (`shell_call`)."""

    call_id: str = ""
    action: dict[str, Any] | None = None
    environment: dict[str, Any] | None = None


class ToolSearchCall(Item, kw_only=True):
    """The server looked for a tool among deferred ones (`tool_search_call`)."""

    call_id: str | None = None
    execution: str | None = None
    arguments: Any = None


class ToolSearchOutput(Item, kw_only=True):
    """The tools it found (`tool_search_output`)."""

    call_id: str | None = None
    execution: str | None = None
    tools: list[dict[str, Any]] = msgspec.field(default_factory=list)


class CompactionItem(Item, kw_only=True):
    """A conversation made short; it heads the next input unchanged (`compaction`)."""

    encrypted_content: str = ""


class UnknownItem(Item, kw_only=True):
    """An item of a type that this version does not know; everything in it is in `extra`."""


ITEMS: dict[str, Reader[Any]] = {
    "message": Reader(MessageItem),
    "reasoning": Reader(ReasoningItem),
    "function_call": Reader(FunctionCallItem),
    "web_search_call": Reader(WebSearchCall),
    "x_search_call": Reader(XSearchCall),
    "custom_tool_call": Reader(CustomToolCall),
    "code_interpreter_call": Reader(CodeInterpreterCall),
    "file_search_call": Reader(FileSearchCall),
    "mcp_call": Reader(McpCall),
    "image_generation_call": Reader(ImageGenerationCall),
    "shell_call": Reader(ShellCall),
    "tool_search_call": Reader(ToolSearchCall),
    "tool_search_output": Reader(ToolSearchOutput),
    "compaction": Reader(CompactionItem),
}
_UNKNOWN = Reader(UnknownItem)


def read_item(raw: dict[str, Any]) -> Item:
    """The typed item in a decoded object.

    >>> read_item({"type": "hologram", "id": "h_1", "depth": 3}).extra
    {'depth': 3}
    """
    reader: Reader[Item] = ITEMS.get(str(raw.get("type")), _UNKNOWN)
    return reader.convert(raw)


class Response(msgspec.Struct, kw_only=True):
    """The response object. `output` holds its items just as they came, fit to be sent back; `items` are typed."""

    id: str = ""
    object: str = "response"
    created_at: int | float = 0
    completed_at: int | float | None = None
    status: str | None = None
    model: str = ""
    output: list[dict[str, Any]] = []
    usage: dict[str, Any] | None = None
    error: dict[str, Any] | str | None = None
    incomplete_details: dict[str, Any] | None = None
    previous_response_id: str | None = None
    instructions: str | None = None
    reasoning: dict[str, Any] | None = None
    text: dict[str, Any] | None = None
    tools: list[dict[str, Any]] = []
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    max_tool_calls: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    store: bool | None = None
    background: bool | None = None
    service_tier: str | None = None
    truncation: str | None = None
    prompt_cache_key: str | None = None
    safety_identifier: str | None = None
    user: str | None = None
    metadata: dict[str, Any] | None = None

    @property
    def items(self) -> list[Item]:
        """The output, typed."""
        return [read_item(raw) for raw in self.output]


class ResponseEvent(msgspec.Struct, kw_only=True):
    """One frame of a streamed response. All event types share this shape; each fills the fields it has."""

    type: str = ""
    sequence_number: int | None = None
    item_id: str | None = None
    output_index: int | None = None
    content_index: int | None = None
    summary_index: int | None = None
    annotation_index: int | None = None
    delta: str | dict[str, Any] | None = None
    text: str | None = None
    refusal: str | None = None
    arguments: str | dict[str, Any] | None = None
    input: str | None = None
    code: str | None = None
    output: Any = None
    item: dict[str, Any] | None = None
    part: dict[str, Any] | None = None
    annotation: dict[str, Any] | None = None
    response: dict[str, Any] | None = None
    message: str | None = None
    param: str | None = None
    status: int | str | None = None
    error: Any = None


class TextPiece(msgspec.Struct, kw_only=True, gc=False):
    """What matters of the frames that a stream mostly consists of: `response.output_text.delta`."""

    type: str = ""
    delta: str = ""
    item_id: str | None = None
    output_index: int | None = None
    content_index: int | None = None


class CompactedResponse(Extended, kw_only=True):
    """The reply of `POST /v1/responses/compact`: put `output` at the head of the next input, unchanged."""

    id: str = ""
    object: str = "response.compaction"
    created_at: int = 0
    model: str = ""
    output: list[dict[str, Any]] = msgspec.field(default_factory=list)
    usage: dict[str, Any] | None = None


class DeletedResponse(Extended, kw_only=True):
    """The reply of `DELETE /v1/responses/{id}`."""

    id: str = ""
    object: str = "response"
    deleted: bool = False


class InputItems(Extended, kw_only=True):
    """A page of the items that a stored response was given."""

    object: str = "list"
    data: list[dict[str, Any]] = msgspec.field(default_factory=list)
    first_id: str | None = None
    last_id: str | None = None
    has_more: bool = False
