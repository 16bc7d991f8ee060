"""What a request means to a language model: the conversation as turns, and the tools."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.asked import text_of
from grokkit.testing.simulator.bill import prompt_tokens
from grokkit.testing.simulator.nouns.attachments import attachment, with_attachments
from grokkit.testing.simulator.nouns.responses.request import Choice, FunctionTool
from grokkit.testing.simulator.refusal import Refusal, invalid
from grokkit.testing.simulator.thought import OfferedTool, Prompt, ToolCall, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from grokkit.models import Model
    from grokkit.testing.simulator.nouns.attachments import Attachment
    from grokkit.testing.simulator.nouns.responses.inputs import Item
    from grokkit.testing.simulator.nouns.responses.request import ResponsesRequest
    from grokkit.testing.simulator.visit import Visit

_PRIORITY = {"priority", "fast"}


def prompt_of(
    request: ResponsesRequest, sent_tools: Sequence[Item], items: Sequence[Item], model: Model, visit: Visit
) -> Prompt:
    """What the mind is asked. Raises 400 for a conversation that the model's window cannot hold."""
    functions = [tool for tool in request.tools or [] if isinstance(tool, FunctionTool)]
    prompt = Prompt(
        model=model.id,
        turns=tuple(turns_of(items, visit)),
        tools=tuple(_offered(tool) for tool in functions),
        server_tools=tuple(_given(tool) for tool in sent_tools if tool.get("type") != "function"),
        tool_choice=_choice(request),
        parallel_tool_calls=request.parallel_tool_calls is not False,
        schema=_schema(request),
        effort=request.effort or model.default_effort,
        max_tokens=request.max_output_tokens,
        priority=request.service_tier in _PRIORITY,
    )
    check_window(prompt, model)
    return prompt


def check_window(prompt: Prompt, model: Model) -> None:
    """Raise what the server says to a prompt that is too long for the model."""
    length = prompt_tokens(prompt)
    if model.context_window is not None and length > model.context_window:
        raise invalid(
            f"This model's maximum prompt length is {model.context_window} but the request contains {length} tokens."
        )


def turns_of(items: Sequence[Item], visit: Visit | None = None) -> Iterator[Turn]:
    """The items as turns, for a visit with the text of the files that they bring, as far as these are still there.

    What the server's own tools did is not part of the conversation.
    """
    for item in items:
        turn = _turn(item)
        if turn is not None:
            brought = () if visit is None else _attached(item, visit)
            read = with_attachments(turn.text, turn.images, brought)
            yield msgspec.structs.replace(turn, text=read.text, images=read.images)


def check_files(items: Sequence[Item], visit: Visit) -> None:
    """Raise 404 for a file that is not there, 400 for data that is none."""
    for item in items:
        for part in _files(item):
            attachment(visit, part)


def _files(item: Item) -> list[Item]:
    content = item.get("output" if item["type"] == "function_call_output" else "content")
    parts = content if isinstance(content, list) else []
    return [part for part in parts if isinstance(part, dict) and part.get("type") == "input_file"]


def _attached(item: Item, visit: Visit) -> Iterator[Attachment]:
    for part in _files(item):
        with suppress(Refusal):
            yield attachment(visit, part)


def _turn(item: Item) -> Turn | None:
    read = _READERS.get(item["type"])
    return None if read is None else read(item)


def _reasoned(item: Item) -> Turn | None:
    text = text_of(item.get("content")) or text_of(item.get("summary"))
    return Turn(role="assistant", text=text) if text else None


def _message(item: Item) -> Turn:
    content = item["content"]
    parts = content if isinstance(content, list) else []
    images = sum(part.get("type") == "input_image" for part in parts)
    return Turn(role=item["role"], text=text_of(content), images=images)


def _function(item: Item) -> Turn:
    return _calling(item, item["name"], item["arguments"])


def _shell(item: Item) -> Turn:
    return _calling(item, "shell", msgspec.json.encode(item["action"]).decode())


def _calling(item: Item, name: str, arguments: str) -> Turn:
    return Turn(role="assistant", tool_calls=(ToolCall(id=item["call_id"], name=name, arguments=arguments),))


def _function_output(item: Item) -> Turn:
    return Turn(role="tool", text=text_of(item["output"]), tool_call_id=item["call_id"])


def _shell_output(item: Item) -> Turn:
    return Turn(role="tool", text=_shell_text(item["output"]), tool_call_id=item["call_id"])


def _shell_text(results: Sequence[Any]) -> str:
    texts = (str(result.get(stream) or "") for result in results for stream in ("stdout", "stderr"))
    return "".join(texts)


def _given(tool: Item) -> Item:
    return {name: value for name, value in tool.items() if value is not None}


def _offered(tool: FunctionTool) -> OfferedTool:
    return OfferedTool(name=tool.name, description=tool.description or "", parameters=tool.parameters or {})


def _choice(request: ResponsesRequest) -> str | None:
    chosen = request.tool_choice
    return chosen.name if isinstance(chosen, Choice) else chosen


def _schema(request: ResponsesRequest) -> dict[str, Any] | None:
    wanted = request.text.format if request.text is not None else None
    if wanted is None or wanted.type == "text":
        return None
    return dict(wanted.schema) if wanted.type == "json_schema" else {}


_READERS: dict[str, Callable[[Item], Turn | None]] = {
    "message": _message,
    "reasoning": _reasoned,
    "function_call": _function,
    "function_call_output": _function_output,
    "shell_call": _shell,
    "shell_call_output": _shell_output,
}
