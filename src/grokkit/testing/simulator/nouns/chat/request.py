"""A chat request as the server reads it, its rules, and the prompt it means."""

from typing import Annotated, Any, Literal

import msgspec

from grokkit.models import Model
from grokkit.testing.simulator.asked import text_of
from grokkit.testing.simulator.nouns.attachments import attachment, with_attachments
from grokkit.testing.simulator.refusal import Refusal, invalid, undeserialisable
from grokkit.testing.simulator.schema_rules import unfit
from grokkit.testing.simulator.thought import OfferedTool, Prompt, ToolCall, Turn
from grokkit.testing.simulator.tool_choice import named_tool
from grokkit.testing.simulator.visit import Visit

_PRIORITY = {"priority", "fast"}
_FILE_SOURCES = ("file_id", "url", "file_url", "file_data")
_WIRE_NAMES = {
    "stop": "stop",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "reasoning_effort": "reasoningEffort",
}


class Function(msgspec.Struct, kw_only=True):
    """The function of a tool or of a call."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    arguments: str | None = None


class CallSent(msgspec.Struct, kw_only=True):
    """A tool call in an earlier answer."""

    id: str
    function: Function
    type: str | None = None


class Message(msgspec.Struct, kw_only=True):
    """One message."""

    role: Literal["developer", "system", "user", "assistant", "tool", "function"]
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[CallSent] | None = None
    tool_call_id: str | None = None


class Tool(msgspec.Struct, kw_only=True):
    """An offered tool."""

    type: Literal["function", "live_search"]
    function: Function | None = None


class NamedChoice(msgspec.Struct, kw_only=True):
    """The name of the one function to call."""

    name: str


class Choice(msgspec.Struct, kw_only=True):
    """A `tool_choice` that names a function."""

    type: Literal["function"]
    function: NamedChoice


class Format(msgspec.Struct, kw_only=True):
    """The `response_format`."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: dict[str, Any] | None = None


class StreamOptions(msgspec.Struct, kw_only=True):
    """The `stream_options`."""

    include_usage: bool = False


class ChatRequest(msgspec.Struct, kw_only=True):
    """The body of `POST /v1/chat/completions`."""

    messages: list[Message]
    model: str
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    deferred: bool | None = None
    max_completion_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    n: Annotated[int, msgspec.Meta(ge=1, le=128)] | None = None
    stop: Annotated[list[str], msgspec.Meta(max_length=4)] | str | None = None
    presence_penalty: Annotated[float, msgspec.Meta(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, msgspec.Meta(ge=-2, le=2)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, msgspec.Meta(ge=0, le=8)] | None = None
    seed: int | None = None
    reasoning_effort: str | None = None
    response_format: Format | None = None
    tools: Annotated[list[Tool], msgspec.Meta(max_length=350)] | None = None
    tool_choice: Literal["auto", "none", "required"] | Choice | None = None
    parallel_tool_calls: bool | None = None
    service_tier: Literal["auto", "default", "priority", "fast"] | None = None
    search_parameters: dict[str, Any] | None = None
    web_search_options: dict[str, Any] | None = None
    logit_bias: dict[str, float] | None = None
    guidelines: list[Any] | None = None
    prompt_cache_key: str | None = None
    safety_identifier: str | None = None
    user: str | None = None


def check(request: ChatRequest, model: Model) -> None:
    """Raise what the server says to a request that it could read and will not serve."""
    if not request.messages:
        raise Refusal.flat(400, "400", "Bad data: Messages cannot be empty")
    for index, message in enumerate(request.messages):
        if message.content is None and message.role != "assistant":
            raise undeserialisable(f"messages[{index}]: missing field `content`")
    if request.search_parameters is not None:
        raise invalid("Live search is deprecated. Please switch to the Agent Tools API: web_search and x_search.")
    if request.stream and request.deferred:
        raise invalid("Deferred requests cannot be streamed.")
    for index, message in enumerate(request.messages):
        _check_files(message, f"messages[{index}]")
    if "image" not in model.input_modalities and any(_images(message) for message in request.messages):
        raise invalid(f"Image inputs are not supported by this model: {model.id}")
    _check_parameters(request, model)
    _check_tools(request)
    _check_format(request.response_format)


def _check_files(message: Message, where: str) -> None:
    for source in _files(message):
        if not isinstance(source, dict):
            raise undeserialisable(f"{where}: missing field `file`")
        if sum(isinstance(source.get(name), str) for name in _FILE_SOURCES) != 1:
            raise invalid(f"{where}: a file needs exactly one of file_id and url.")


def _check_parameters(request: ChatRequest, model: Model) -> None:
    for name in sorted(model.rejects & _WIRE_NAMES.keys()):
        value = getattr(request, name)
        if value is not None and value != 0:
            raise invalid(f"Argument not supported on this model: {_WIRE_NAMES[name]}")
    effort = request.reasoning_effort
    if effort is not None and model.efforts and effort not in model.efforts:
        raise invalid(f"Model {model.id} does not support reasoning effort {effort}: use {', '.join(model.efforts)}")


def _check_tools(request: ChatRequest) -> None:
    if request.tool_choice == "required" and not request.tools:
        raise invalid("A tool_choice was set on the request but no tools were specified.")
    functions = [tool.function for tool in request.tools or [] if tool.function]
    for function in functions:
        schema = function.parameters or {}
        if schema.get("type", "object") != "object" and not {"anyOf", "oneOf"} & schema.keys():
            raise invalid(f"Invalid schema of function {function.name}: the root must be an object")
        if problem := unfit(schema, of_tool=True):
            raise invalid(f"Function {function.name}: {problem}")
    named = named_tool(_choice(request))
    if named is not None and named not in {function.name for function in functions}:
        raise invalid(f"tool_choice names the function {named}, which is not among the tools.")


def _check_format(format_: Format | None) -> None:
    if format_ is None or format_.type != "json_schema":
        return
    schema = format_.json_schema
    if schema is None or not isinstance(schema.get("schema"), dict):
        raise undeserialisable("response_format: missing field `json_schema`")
    if problem := unfit(schema["schema"]):
        raise invalid(problem)


def prompt_of(request: ChatRequest, model: Model, visit: Visit) -> Prompt:
    """What the mind is asked, with the text of the files that messages bring. Raises 404 for a file that is gone."""
    return Prompt(
        model=model.id,
        turns=tuple(_turn(message, visit) for message in request.messages),
        tools=tuple(_offered(tool.function) for tool in request.tools or [] if tool.function),
        tool_choice=_choice(request),
        parallel_tool_calls=request.parallel_tool_calls is not False,
        schema=_schema(request.response_format),
        effort=request.reasoning_effort or model.default_effort,
        max_tokens=request.max_completion_tokens or request.max_tokens,
        stop=(request.stop,) if isinstance(request.stop, str) else tuple(request.stop or ()),
        seed=request.seed,
        priority=request.service_tier in _PRIORITY,
    )


def _choice(request: ChatRequest) -> str | None:
    chosen = request.tool_choice
    return chosen.function.name if isinstance(chosen, Choice) else chosen


def _turn(message: Message, visit: Visit) -> Turn:
    brought = [attachment(visit, source) for source in _files(message)]
    read = with_attachments(text_of(message.content), _images(message), brought)
    return Turn(
        role="tool" if message.role == "function" else message.role,
        text=read.text,
        images=read.images,
        tool_calls=tuple(
            ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments or "{}")
            for call in message.tool_calls or []
        ),
        tool_call_id=message.tool_call_id,
    )


def _parts(message: Message) -> list[dict[str, Any]]:
    return message.content if isinstance(message.content, list) else []


def _images(message: Message) -> int:
    return sum(part.get("type") in {"image_url", "input_image"} for part in _parts(message))


def _files(message: Message) -> list[Any]:
    """Where the files are: nested as `file`, or, as Responses has them, in the part itself."""
    nested = [part.get("file") for part in _parts(message) if part.get("type") == "file"]
    return nested + [part for part in _parts(message) if part.get("type") == "input_file"]


def _offered(function: Function) -> OfferedTool:
    return OfferedTool(name=function.name, description=function.description or "", parameters=function.parameters or {})


def _schema(format_: Format | None) -> dict[str, Any] | None:
    if format_ is None or format_.type == "text":
        return None
    return {} if format_.json_schema is None else dict(format_.json_schema.get("schema") or {})
