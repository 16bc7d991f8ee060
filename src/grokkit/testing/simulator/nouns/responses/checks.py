"""What the server says to a request that it could read and will not serve."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.nouns.responses.request import (
    Choice,
    CodeInterpreter,
    FileSearch,
    FunctionTool,
    ToolSearch,
    WebSearch,
    XSearch,
)
from grokkit.testing.simulator.refusal import invalid, undeserialisable
from grokkit.testing.simulator.schema_rules import unfit

if TYPE_CHECKING:
    from grokkit.models import Model
    from grokkit.testing.simulator.nouns.responses.request import ResponsesRequest, Tool

_REJECTED: dict[type, tuple[str, ...]] = {
    WebSearch: ("user_location", "search_context_size", "external_web_access"),
    CodeInterpreter: ("container",),
    FileSearch: ("filters", "ranking_options"),
}
_EXCLUSIVE = (("allowed_domains", "excluded_domains"), ("allowed_x_handles", "excluded_x_handles"))
INCLUDES = frozenset(
    {
        "reasoning.encrypted_content",
        "message.output_text.logprobs",
        "message.input_image.image_url",
        "computer_call_output.output.image_url",
        "file_search_call.results",
        "web_search_call.action.sources",
        "code_interpreter_call.outputs",
        "web_search_call_output",
        "x_search_call_output",
        "code_execution_call_output",
        "code_interpreter_call_output",
        "code_execution_files_output",
        "collections_search_call_output",
        "file_search_call_output",
        "attachment_search_call_output",
        "mcp_call_output",
        "inline_citations",
        "verbose_streaming",
    }
)


def check(request: ResponsesRequest, model: Model, *, zero_data_retention: bool) -> None:
    """Raise the refusal, if there is a reason for one."""
    if request.background:
        raise invalid("Background mode is not supported.")
    if request.instructions is not None and request.previous_response_id is not None:
        raise invalid("`instructions` cannot be used together with `previous_response_id`.")
    if zero_data_retention and request.is_stored:
        raise invalid("Your team has zero data retention: responses cannot be stored. Set `store` to false.")
    if request.search_parameters is not None:
        raise invalid("Live search is deprecated. Please switch to the Agent Tools API: web_search and x_search.")
    unknown = [value for value in request.include or [] if value not in INCLUDES]
    if unknown:
        raise invalid(f"Unsupported value in `include`: {unknown[0]}")
    _check_effort(request, model)
    for tool in request.tools or []:
        _check_tool(tool)
    _check_choice(request)
    _check_format(request)


def _check_effort(request: ResponsesRequest, model: Model) -> None:
    effort = request.effort
    if effort is None:
        return
    if "reasoning_effort" in model.rejects:
        raise invalid(f"Model {model.id} does not support parameter reasoningEffort.")
    if model.efforts and effort not in model.efforts:
        raise invalid(f"Model {model.id} does not support reasoning effort {effort}: use {', '.join(model.efforts)}")


def _check_tool(tool: Tool) -> None:
    name = str(tool.__struct_config__.tag)
    for option in _REJECTED.get(type(tool), ()):
        if getattr(tool, option) is not None:
            raise invalid(f"The {name} tool does not support `{option}`.")
    for one, other in _EXCLUSIVE:
        if _given(tool, one) and _given(tool, other):
            raise invalid(f"The {name} tool takes either `{one}` or `{other}`, not both.")
    if isinstance(tool, ToolSearch) and tool.execution not in {None, "server"}:
        raise invalid("The tool_search tool runs on the server only: leave `execution` out.")
    if isinstance(tool, XSearch):
        for option in ("from_date", "to_date"):
            _check_date(option, getattr(tool, option))
    if isinstance(tool, FunctionTool):
        _check_parameters(tool)


def _given(tool: Any, option: str) -> bool:
    filters = getattr(tool, "filters", None) if isinstance(tool, WebSearch) else None
    return bool(getattr(tool, option, None)) or bool(getattr(filters, option, None))


def _check_date(option: str, value: str | None) -> None:
    try:
        date.fromisoformat(value or "2026-01-01")
    except ValueError as error:
        raise invalid(f"`{option}` must be a date of the form YYYY-MM-DD, not {value}.") from error


def _check_parameters(tool: FunctionTool) -> None:
    root = tool.parameters or {}
    if root.get("type", "object") != "object":
        raise invalid(f"Invalid schema for function '{tool.name}': the root must be an object or a union of objects.")


def _check_choice(request: ResponsesRequest) -> None:
    chosen = request.tool_choice
    if chosen == "required" and not request.tools:
        raise invalid("A tool_choice was set on the request but no tools were specified.")
    names = {tool.name for tool in request.tools or [] if isinstance(tool, FunctionTool)}
    if isinstance(chosen, Choice) and chosen.name not in names:
        raise invalid(f"tool_choice names the function {chosen.name}, which is not among the tools.")


def _check_format(request: ResponsesRequest) -> None:
    wanted = request.text.format if request.text is not None else None
    if wanted is None or wanted.type != "json_schema":
        return
    if wanted.schema is msgspec.UNSET:
        raise undeserialisable("text.format: missing field `schema`")
    if problem := unfit(wanted.schema):
        raise invalid(problem)
