"""A request in Anthropic's shape, and the prompt it means."""

from typing import Annotated, Any, Literal

import msgspec

from grokkit.models import Model
from grokkit.testing.simulator.refusal import Refusal, invalid
from grokkit.testing.simulator.thought import OfferedTool, Prompt, ToolCall, Turn


class TextPart(msgspec.Struct, kw_only=True, tag="text", tag_field="type"):
    """Text."""

    text: str


class ImagePart(msgspec.Struct, kw_only=True, tag="image", tag_field="type"):
    """A picture."""

    source: dict[str, Any]


class ToolUsePart(msgspec.Struct, kw_only=True, tag="tool_use", tag_field="type"):
    """A tool that was called earlier."""

    id: str
    name: str
    input: Any


class ToolResultPart(msgspec.Struct, kw_only=True, tag="tool_result", tag_field="type"):
    """What a tool said."""

    tool_use_id: str
    content: str | list[TextPart | ImagePart]
    is_error: bool | None = None


class ThinkingPart(msgspec.Struct, kw_only=True, tag="thinking", tag_field="type"):
    """Reasoning of an earlier answer."""

    thinking: str
    signature: str | None = None


class RedactedThinkingPart(msgspec.Struct, kw_only=True, tag="redacted_thinking", tag_field="type"):
    """Reasoning that nobody can read."""

    data: str


Part = TextPart | ImagePart | ToolUsePart | ToolResultPart | ThinkingPart | RedactedThinkingPart


class Message(msgspec.Struct, kw_only=True):
    """One message."""

    role: Literal["system", "user", "assistant"]
    content: str | list[Part]


class MessageTool(msgspec.Struct, kw_only=True):
    """An offered tool."""

    name: str
    input_schema: dict[str, Any]
    description: str = ""


class ToolChoice(msgspec.Struct, kw_only=True):
    """Which tool is to be called."""

    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class MessagesRequest(msgspec.Struct, kw_only=True):
    """The body of `POST /v1/messages`."""

    model: str
    max_tokens: Annotated[int, msgspec.Meta(ge=1)]
    messages: list[Message]
    system: str | list[TextPart] | None = None
    stop_sequences: Annotated[list[str], msgspec.Meta(max_length=4)] | None = None
    stream: bool | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    top_k: int | None = None
    tools: Annotated[list[MessageTool], msgspec.Meta(max_length=350)] | None = None
    tool_choice: ToolChoice | None = None
    metadata: dict[str, Any] | None = None


def check(request: MessagesRequest, model: Model) -> None:
    """Raise what the server says to a request that it could read and will not serve."""
    if not request.messages:
        raise Refusal.flat(400, "400", "Bad data: Messages cannot be empty")
    if request.stop_sequences and "stop" in model.rejects:
        raise invalid("Argument not supported on this model: stop")
    names = {tool.name for tool in request.tools or []}
    choice = request.tool_choice
    if choice is not None and choice.type in {"any", "tool"} and not names:
        raise invalid("A tool_choice was set on the request but no tools were specified.")
    if choice is not None and choice.type == "tool" and choice.name not in names:
        raise invalid(f"tool_choice names the tool {choice.name}, which is not among the tools.")


def prompt_of(request: MessagesRequest, model: Model) -> Prompt:
    """What the mind is asked."""
    system = _text(request.system) if request.system is not None else ""
    first = (Turn(role="system", text=system),) if system else ()
    choice = request.tool_choice
    return Prompt(
        model=model.id,
        turns=(*first, *(turn for message in request.messages for turn in _turns(message))),
        tools=tuple(
            OfferedTool(name=tool.name, description=tool.description, parameters=tool.input_schema)
            for tool in request.tools or []
        ),
        tool_choice=_choice(choice),
        parallel_tool_calls=choice is None or not choice.disable_parallel_tool_use,
        effort=model.default_effort,
        max_tokens=request.max_tokens,
        stop=tuple(request.stop_sequences or ()),
    )


def _choice(choice: ToolChoice | None) -> str | None:
    if choice is None or choice.type == "auto":
        return None
    return {"any": "required", "none": "none"}.get(choice.type, choice.name)


def _turns(message: Message) -> list[Turn]:
    """The turns of a message: each tool's result is one of its own, before what else is said."""
    if isinstance(message.content, str):
        return [Turn(role=message.role, text=message.content)]
    parts = message.content
    results = [part for part in parts if isinstance(part, ToolResultPart)]
    turns = [
        Turn(role="tool", text=_text(part.content), images=_images(part.content), tool_call_id=part.tool_use_id)
        for part in results
    ]
    calls = tuple(
        ToolCall(id=part.id, name=part.name, arguments=msgspec.json.encode(part.input).decode())
        for part in parts
        if isinstance(part, ToolUsePart)
    )
    said = Turn(role=message.role, text=_text(parts), images=_images(parts), tool_calls=calls)
    return [*turns, said] if said.text or said.images or calls or not turns else turns


def _text(content: str | list[Any]) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.text for part in content if isinstance(part, TextPart))


def _images(content: str | list[Any]) -> int:
    return 0 if isinstance(content, str) else sum(isinstance(part, ImagePart) for part in content)
