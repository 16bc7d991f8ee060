"""The body of `POST /v1/responses` as the server reads it. What makes it wrong beyond its shape is in `checks`."""

from typing import Annotated, Any, Literal

import msgspec

from grokkit.testing.simulator.reading import read_as
from grokkit.testing.simulator.refusal import undeserialisable
from grokkit.testing.simulator.visit import Visit

Five = Annotated[list[str], msgspec.Meta(max_length=5)]
Ten = Annotated[list[str], msgspec.Meta(max_length=10)]


class FunctionTool(msgspec.Struct, kw_only=True, tag_field="type", tag="function"):
    """A function of the caller's."""

    name: str
    parameters: dict[str, Any] | None
    description: str | None = None
    strict: bool | None = None
    defer_loading: bool | None = None


class Filters(msgspec.Struct, kw_only=True):
    """Domains, as OpenAI's clients write them."""

    allowed_domains: Five | None = None
    excluded_domains: Five | None = None


class WebSearch(msgspec.Struct, kw_only=True, tag_field="type", tag="web_search"):
    """Search of the web."""

    allowed_domains: Five | None = None
    excluded_domains: Five | None = None
    filters: Filters | None = None
    enable_image_understanding: bool | None = None
    enable_image_search: bool | None = None
    user_location: Any = None
    search_context_size: Any = None
    external_web_access: Any = None


class XSearch(msgspec.Struct, kw_only=True, tag_field="type", tag="x_search"):
    """Search of X."""

    allowed_x_handles: Ten | None = None
    excluded_x_handles: Ten | None = None
    from_date: str | None = None
    to_date: str | None = None
    enable_image_understanding: bool | None = None
    enable_video_understanding: bool | None = None


class CodeInterpreter(msgspec.Struct, kw_only=True, tag_field="type", tag="code_interpreter"):
    """Code that the server runs."""

    container: Any = None


class FileSearch(msgspec.Struct, kw_only=True, tag_field="type", tag="file_search"):
    """Search of collections."""

    vector_store_ids: Ten
    max_num_results: Annotated[int, msgspec.Meta(ge=1)] | None = None
    filters: Any = None
    ranking_options: Any = None


class Mcp(msgspec.Struct, kw_only=True, tag_field="type", tag="mcp"):
    """The tools of an MCP server."""

    server_label: str
    server_url: str
    server_description: str | None = None
    allowed_tools: list[str] | None = None
    authorization: str | None = None
    headers: dict[str, str] | None = None
    require_approval: str | None = None
    connector_id: str | None = None
    defer_loading: bool | None = None


class ImageGeneration(msgspec.Struct, kw_only=True, tag_field="type", tag="image_generation"):
    """Images made and changed in the course of an answer."""

    action: Literal["auto", "generate", "edit"] | None = None


class ToolSearch(msgspec.Struct, kw_only=True, tag_field="type", tag="tool_search"):
    """Search of the tools that are loaded on demand."""

    execution: str | None = None


class Environment(msgspec.Struct, kw_only=True):
    """Where a shell runs."""

    type: Literal["local"]
    skills: list[dict[str, Any]] | None = None


class Shell(msgspec.Struct, kw_only=True, tag_field="type", tag="shell"):
    """Commands that the caller runs."""

    environment: Environment


Tool = FunctionTool | WebSearch | XSearch | CodeInterpreter | FileSearch | Mcp | ImageGeneration | ToolSearch | Shell
TOOL_TYPES = (
    "function",
    "web_search",
    "x_search",
    "image_generation",
    "file_search",
    "code_interpreter",
    "mcp",
    "shell",
    "tool_search",
)


class Choice(msgspec.Struct, kw_only=True):
    """A `tool_choice` that names a function."""

    type: Literal["function"]
    name: str


class Reasoning(msgspec.Struct, kw_only=True):
    """How to reason."""

    effort: str | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None
    generate_summary: str | None = None


class Format(msgspec.Struct, kw_only=True):
    """The form of the text."""

    type: Literal["text", "json_object", "json_schema"]
    schema: Any = msgspec.UNSET


class Text(msgspec.Struct, kw_only=True):
    """How the text is to be."""

    format: Format | None = None


class ResponsesRequest(msgspec.Struct, kw_only=True):
    """The body. `metadata`, `truncation`, `logprobs`, `context_management` are accepted and mean nothing."""

    input: str | list[Any]
    model: str = "grok-latest"
    instructions: str | None = None
    previous_response_id: str | None = None
    store: bool | None = None
    stream: bool | None = None
    background: bool | None = None
    include: list[str] | None = None
    reasoning: Reasoning | None = None
    reasoning_effort: str | None = None
    max_output_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    max_turns: Annotated[int, msgspec.Meta(ge=1)] | None = None
    tools: Annotated[list[Tool], msgspec.Meta(max_length=350)] | None = None
    tool_choice: Literal["auto", "none", "required"] | Choice | None = None
    parallel_tool_calls: bool | None = None
    text: Text | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    top_k: Annotated[int, msgspec.Meta(ge=1)] | None = None
    min_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    top_logprobs: Annotated[int, msgspec.Meta(ge=0, le=8)] | None = None
    prompt_cache_key: str | None = None
    service_tier: Literal["auto", "default", "priority", "fast"] | None = None
    safety_identifier: str | None = None
    guidelines: list[Any] | None = None
    user: str | None = None
    search_parameters: dict[str, Any] | None = None
    context_management: list[Any] | None = None

    @property
    def effort(self) -> str | None:
        """The effort that was asked for, in either place."""
        return self.reasoning_effort if self.reasoning is None else self.reasoning.effort

    @property
    def is_stored(self) -> bool:
        """Whether the response is to be kept: it is, unless the caller says no."""
        return self.store is not False


class CompactRequest(msgspec.Struct, kw_only=True):
    """The body of `POST /v1/responses/compact`."""

    input: str | list[Any]
    model: str


def read_request(visit: Visit) -> tuple[ResponsesRequest, dict[str, Any]]:
    """The body, and the same as it was sent, for what is echoed. Raises the API's refusals."""
    sent = visit.json()
    tools = sent.get("tools")
    for index, tool in enumerate(tools if isinstance(tools, list) else []):
        kind = tool.get("type") if isinstance(tool, dict) else None
        if isinstance(kind, str) and kind not in TOOL_TYPES:
            known = ", ".join(f"`{name}`" for name in TOOL_TYPES)
            raise undeserialisable(f"tools[{index}].type: unknown variant `{kind}`, expected one of {known}")
    return read_as(sent, visit.content, ResponsesRequest), sent
