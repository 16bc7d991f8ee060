"""Whole replies cut into the streams that would have brought them, at places drawn by `random`."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from random import Random

_HEAD = ("id", "created", "model", "system_fingerprint")
_LAST = ("usage", "citations", "output_files")
_TEXTS = ("reasoning_content", "content", "refusal")
_KNOWN = {"id", "created", "model", "system_fingerprint", "usage", "citations", "output_files", "choices", "object"}


def pieces(text: str, random: Random) -> list[str]:
    """A text in pieces, none of them empty."""
    cuts = sorted({random.randrange(1, len(text)) for _ in range(random.randrange(5))}) if len(text) > 1 else []
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True) if start < end]


def interleaved(rows: list[list[Any]], random: Random) -> list[Any]:
    """All elements, those of each row in their order."""
    left = [list(row) for row in rows if row]
    mixed: list[Any] = []
    while left:
        row = random.choice(left)
        mixed.append(row.pop(0))
        left = [row for row in left if row]
    return mixed


def cut_chat(reply: dict[str, Any], random: Random) -> list[bytes]:
    """The chunks of a chat completion: usage and citations in the last one, the rest of the top level in all."""
    everywhere = {name: value for name, value in reply.items() if name not in _KNOWN}
    head = {name: reply[name] for name in _HEAD if name in reply} | {"object": "chat.completion.chunk"} | everywhere
    last = {name: reply[name] for name in _LAST if name in reply}
    rows = [_choice_deltas(choice, random) for choice in reply["choices"]]
    chunks = [head | {"choices": [choice]} for choice in interleaved(rows, random)]
    return [msgspec.json.encode(chunk) for chunk in [*chunks, head | {"choices": []} | last]]


def _choice_deltas(choice: dict[str, Any], random: Random) -> list[dict[str, Any]]:
    message = choice["message"]
    deltas: list[dict[str, Any]] = []
    for name in _TEXTS:
        deltas += [{name: piece} for piece in pieces(message.get(name) or "", random)]
    calls = message.get("tool_calls") or []
    deltas += interleaved([_call_deltas(index, call, random) for index, call in enumerate(calls)], random)
    rest = {name: value for name, value in message.items() if name not in {*_TEXTS, "role", "tool_calls"}}
    deltas = [{"role": message["role"], **({"content": None} if message.get("content") is None else {})}, *deltas]
    random.choice(deltas).update(rest)
    index = {"index": choice["index"]}
    beside = {name: choice[name] for name in choice.keys() - {"index", "message", "logprobs", "finish_reason"}}
    cut = [index | {"delta": delta} for delta in deltas]
    for token in (choice.get("logprobs") or {}).get("content") or []:
        random.choice(cut).setdefault("logprobs", {"content": []})["content"].append(token)
    _in_order(cut, choice.get("logprobs"))
    return [*cut, index | {"delta": {}, "finish_reason": choice["finish_reason"]} | beside]


def _in_order(cut: list[dict[str, Any]], logprobs: dict[str, Any] | None) -> None:
    """The tokens of all chunks in the order of the whole."""
    tokens = iter((logprobs or {}).get("content") or [])
    for chunk in cut:
        if "logprobs" in chunk:
            chunk["logprobs"] = {"content": [next(tokens) for _ in chunk["logprobs"]["content"]]}


def _call_deltas(index: int, call: dict[str, Any], random: Random) -> list[dict[str, Any]]:
    first, *others = pieces(call["function"]["arguments"], random) or [""]
    whole = call | {"index": index, "function": call["function"] | {"arguments": first}}
    rest = [{"index": index, "function": {"arguments": piece}} for piece in others]
    return [{"tool_calls": [piece]} for piece in [whole, *rest]]


class Faults(msgspec.Struct, frozen=True):
    """What real servers leave out of the stream of a response."""

    output: bool = False
    """The output of the last frame."""
    encrypted: bool = False
    """`encrypted_content` in the last frame."""
    sequence: bool = False
    """Sequence numbers."""
    places: bool = False
    """`output_index` and `content_index`; items then come one after the other."""
    ending: str = "response.completed"


def cut_response(reply: dict[str, Any], random: Random, faults: Faults) -> list[bytes]:
    """The events of a response."""
    begun = reply | {"output": [], "status": "in_progress"}
    begun = {name: value for name, value in begun.items() if name not in {"usage", "completed_at"}}
    middle = [event for run in _runs(reply["output"]) for event in _run_events(run, random, faults)]
    final = reply | ({"output": []} if faults.output else {})
    if faults.encrypted:
        final = final | {"output": [_without(item, "encrypted_content") for item in final["output"]]}
    events = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        *middle,
        {"type": faults.ending, "response": final},
    ]
    if faults.places:
        events = [_without(event, "output_index", "content_index", "summary_index") for event in events]
    if not faults.sequence:
        events = [{"sequence_number": number, **event} for number, event in enumerate(events)]
    return [msgspec.json.encode(event) for event in events]


def _runs(output: list[dict[str, Any]]) -> list[list[tuple[int, dict[str, Any]]]]:
    """Tools run side by side; everything else comes alone."""
    runs = groupby(enumerate(output), key=lambda entry: entry[1]["type"].endswith("_call") or entry[0])
    return [list(run) for _, run in runs]


def _run_events(run: list[tuple[int, dict[str, Any]]], random: Random, faults: Faults) -> list[dict[str, Any]]:
    rows = [_item_events(index, item, random) for index, item in run]
    return [event for row in rows for event in row] if faults.places else interleaved(rows, random)


def _item_events(index: int, item: dict[str, Any], random: Random) -> list[dict[str, Any]]:
    place = {"item_id": item["id"], "output_index": index}
    begun = {name: _blank(value) if name in _GROWING else value for name, value in item.items()}
    begun = _without(begun, "encrypted_content") | {"status": "in_progress"}
    middle: list[dict[str, Any]] = []
    for name, event in _FIELDS.get(item["type"], {}).items():
        if name not in item:
            continue
        middle += [{"type": f"{event}.delta", "delta": piece, **place} for piece in pieces(item[name] or "", random)]
        middle.append({"type": f"{event}.done", name: item[name], **place})
    for holder in ("content", "summary"):
        for number, part in enumerate(item.get(holder) or []):
            middle += _part_events(holder, number, part, place, random)
    if item["type"] in _STEPS:
        middle = [{"type": f"response.{item['type']}.{step}", **place} for step in _STEPS[item["type"]]] + middle
    return [
        {"type": "response.output_item.added", "item": begun, "output_index": index},
        *middle,
        {"type": "response.output_item.done", "item": item, "output_index": index},
    ]


_GROWING = {"content", "summary", "arguments", "input", "code"}
_FIELDS = {
    "function_call": {"arguments": "response.function_call_arguments"},
    "custom_tool_call": {"input": "response.custom_tool_call_input"},
    "mcp_call": {"arguments": "response.mcp_call_arguments", "output": "response.mcp_call_output"},
    "code_interpreter_call": {"code": "response.code_interpreter_call_code"},
}
_STEPS = {
    "web_search_call": ("in_progress", "searching", "completed"),
    "file_search_call": ("in_progress", "searching", "completed"),
    "code_interpreter_call": ("in_progress", "interpreting", "completed"),
    "image_generation_call": ("in_progress", "generating", "completed"),
    "mcp_call": ("in_progress", "executing", "completed"),
}
_TEXT_EVENTS = {
    "output_text": "response.output_text",
    "refusal": "response.refusal",
    "reasoning_text": "response.reasoning_text",
    "summary_text": "response.reasoning_summary_text",
}


def _part_events(
    holder: str, number: int, part: dict[str, Any], place: dict[str, Any], random: Random
) -> list[dict[str, Any]]:
    place = place | {"content_index" if holder == "content" else "summary_index": number}
    frame = "response.content_part" if holder == "content" else "response.reasoning_summary_part"
    field = "refusal" if part["type"] == "refusal" else "text"
    event = _TEXT_EVENTS[part["type"]]
    blank = part | {field: ""} | ({"annotations": []} if "annotations" in part else {})
    notes = enumerate(part.get("annotations") or [])
    return [
        {"type": f"{frame}.added", "part": blank, **place},
        *({"type": f"{event}.delta", "delta": piece, **place} for piece in pieces(part[field], random)),
        *({"type": f"{event}.annotation.added", "annotation": n, "annotation_index": i, **place} for i, n in notes),
        {"type": f"{event}.done", field: part[field], **place},
        {"type": f"{frame}.done", "part": part, **place},
    ]


def _blank(value: object) -> object:
    return "" if isinstance(value, str) else []


def _without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: inner for name, inner in value.items() if name not in names}
