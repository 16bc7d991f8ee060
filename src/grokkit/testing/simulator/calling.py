"""Which of the offered functions a prompt calls for, and with which arguments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.answers import as_call
from grokkit.testing.simulator.hints import Hints, words_of
from grokkit.testing.simulator.json_fit import fitting
from grokkit.testing.simulator.tool_choice import named_tool

if TYPE_CHECKING:
    from grokkit.testing.simulator.thought import OfferedTool, Prompt, ToolCall

_NAME = r"[A-Z][\w'-]*(?: [A-Z][\w'-]*)*"
_SEVERAL = re.compile(rf"\b({_NAME}(?:, {_NAME})*,? and {_NAME})")
_SHORT = 3
_COMMON = {"the", "and", "for", "get", "what", "with", "that", "this", "from", "you", "your", "are", "how"}


def calls_for(prompt: Prompt, seed: str) -> tuple[ToolCall, ...]:
    """The calls a prompt leads to; none when no function fits or the caller wants none."""
    if not prompt.tools or prompt.tool_choice == "none":
        return ()
    tool = _chosen(prompt)
    if tool is None:
        return ()
    texts = _each(prompt, tool)
    made = [fitting(_needed(tool.parameters, text), Hints(text), seed) for text in texts]
    arguments = [value if isinstance(value, dict) else {} for value in made]
    return tuple(as_call((tool.name, given), number) for number, given in enumerate(arguments))


def _chosen(prompt: Prompt) -> OfferedTool | None:
    named = named_tool(prompt.tool_choice)
    if named is not None:
        return next((tool for tool in prompt.tools if tool.name == named), None)
    if len(prompt.tools) == 1:
        return prompt.tools[0]
    said = _words(prompt.last)
    scores = [
        (len(said & _words(f"{' '.join(words_of(tool.name))} {tool.description}")), tool) for tool in prompt.tools
    ]
    score, best = max(scores, key=lambda scored: scored[0])
    return best if score or prompt.tool_choice == "required" else None


def _words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in words_of(text) if len(word) >= _SHORT} - _COMMON


def _each(prompt: Prompt, tool: OfferedTool) -> list[str]:
    """The prompt once for each of the things it names, where the function takes one of them at a time."""
    required = tool.parameters.get("required", ())
    several = _SEVERAL.search(prompt.last)
    if not prompt.parallel_tool_calls or several is None or len(required) != 1:
        return [prompt.last]
    kind = tool.parameters.get("properties", {}).get(required[0], {}).get("type")
    if kind != "string":
        return [prompt.last]
    names = re.split(r",? and |, ", several[1])
    return [prompt.last.replace(several[1], name) for name in names]


def _needed(schema: dict[str, Any], text: str) -> dict[str, Any]:
    """The schema without the optional fields that the prompt says nothing of."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return {"type": "object", **schema}
    required = set(schema.get("required", ()))
    kept = {name: part for name, part in properties.items() if name in required or _is_named(name, part, text)}
    return {**schema, "properties": kept}


def _is_named(name: str, schema: Any, text: str) -> bool:
    lowered = text.lower()
    values = schema.get("enum", ()) if isinstance(schema, dict) else ()
    named = [value for value in values if isinstance(value, str) and value.lower() in lowered]
    return bool(named) or all(word.removesuffix("s") in lowered for word in words_of(name) or [name])


def result_text(prompt: Prompt) -> str:
    """An answer made of the results of the calls before it."""
    names = {call.id: call.name for turn in prompt.turns for call in turn.tool_calls}
    results = []
    for turn in reversed(prompt.turns):
        if turn.role != "tool":
            break
        results.append(f"{names.get(turn.tool_call_id or '', 'The tool')} says: {_readable(turn.text)}")
    return "\n".join(reversed(results))


def _readable(result: str) -> str:
    try:
        value = msgspec.json.decode(result)
    except msgspec.DecodeError:
        return result
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(part)}" for name, part in value.items())
    return _plain(value)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
