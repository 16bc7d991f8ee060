"""Histories for the doctor: valid ones, as models and tools make them, and what becomes of them in bad hands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import strategies as st

TEXT = st.text(max_size=12)
WORD = st.text("abcxyz", min_size=1, max_size=4)
ID = st.text("0123456789", min_size=1, max_size=2)
JUNK = st.one_of(st.none(), st.booleans(), st.integers(), TEXT, st.lists(TEXT, max_size=2), st.dictionaries(WORD, TEXT))


def _message(role: str, part: str) -> st.SearchStrategy[dict[str, Any]]:
    said = st.text(min_size=1, max_size=12)
    parts = st.lists(st.fixed_dictionaries({"type": st.just(part), "text": said}), min_size=1, max_size=2)
    return st.fixed_dictionaries(
        {"role": st.just(role), "content": said | parts}, optional={"type": st.just("message"), "id": WORD}
    )


USER = _message("user", "input_text")
MODEL = _message("assistant", "output_text")
REASONING = st.fixed_dictionaries(
    {"type": st.just("reasoning"), "summary": st.lists(st.just({"type": "summary_text", "text": "Hm."}), max_size=1)}
)
SERVER_CALL = st.sampled_from(
    [
        {"type": "web_search_call", "id": "ws_1", "action": {"type": "search", "query": "q"}, "status": "completed"},
        {"type": "custom_tool_call", "call_id": "xs_1", "name": "x_keyword_search", "input": "{}"},
        {"type": "mcp_call", "name": "", "server_label": "", "arguments": "{}", "output": None},
    ]
)
COMPACTION = {"type": "compaction", "encrypted_content": "sealed"}


@st.composite
def _round(draw: st.DrawFn, number: int) -> list[dict[str, Any]]:
    """A question, and what the model did with it."""
    said = [draw(USER)]
    if draw(st.booleans()):
        said += [draw(REASONING), draw(SERVER_CALL | MODEL)]
    calls = [
        draw(
            st.sampled_from(
                [
                    {"type": "function_call", "call_id": f"c{number}{at}", "name": "f", "arguments": '{"a": 1}'},
                    {"type": "shell_call", "call_id": f"c{number}{at}", "action": {"commands": ["ls"]}},
                ]
            )
        )
        for at in range(draw(st.integers(0, 3)))
    ]
    results = draw(st.permutations([_result(call) for call in calls]))
    return [*said, *calls, *results, *([draw(MODEL)] if draw(st.booleans()) else [])]


def _result(call: dict[str, Any]) -> dict[str, Any]:
    if call["type"] == "shell_call":
        outcome = [{"stdout": "a", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}]
        return {"type": "shell_call_output", "call_id": call["call_id"], "output": outcome}
    return {"type": "function_call_output", "call_id": call["call_id"], "output": json.dumps({"rain": True})}


@st.composite
def valid_histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """What a program that makes no mistake sends."""
    rounds = [draw(_round(number)) for number in range(draw(st.integers(0, 4)))]
    head = [COMPACTION] if draw(st.booleans()) else []
    return [*head, *(item for one in rounds for item in one)]


LOOSE = st.one_of(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["function_call", "shell_call", "function_call_output", "shell_call_output"])},
        optional={
            "call_id": ID | JUNK,
            "id": ID | JUNK,
            "name": WORD | JUNK,
            "arguments": st.just("{}") | JUNK,
            "output": JUNK,
            "action": st.just({}) | JUNK,
        },
    ),
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "system", "tool", "ai"]) | JUNK},
        optional={
            "type": st.just("message") | JUNK,
            "tool_call_id": ID,
            "content": JUNK
            | st.lists(
                JUNK
                | st.fixed_dictionaries(
                    {
                        "type": st.sampled_from(
                            ["text", "input_text", "output_text", "refusal", "image_url", "input_image", "input_file"]
                        )
                        | JUNK
                    },
                    optional={
                        "text": TEXT | JUNK,
                        "image_url": TEXT | st.fixed_dictionaries({"url": TEXT}) | JUNK,
                        "file_id": WORD,
                        "file_data": WORD,
                        "filename": TEXT,
                    },
                ),
                max_size=3,
            ),
        },
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["reasoning", "compaction", "mcp_call", "custom_tool_call", "web_search_call"])},
        optional={
            "summary": JUNK,
            "encrypted_content": JUNK,
            "name": JUNK,
            "server_label": JUNK,
            "call_id": JUNK,
            "status": JUNK,
            "results": JUNK,
        },
    ),
)


@st.composite
def broken_histories(draw: st.DrawFn) -> list[Any]:
    """A valid history after crashes, careless editing, and programs that write their own."""
    items: list[Any] = list(draw(valid_histories()))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(items)))
        match draw(st.sampled_from(["drop", "repeat", "swap", "lose", "spoil", "insert", "insert", "junk", "cut"])):
            case "drop":
                del items[at : at + 1]
            case "repeat":
                items[at:at] = draw(st.permutations(items))[:2]
            case "swap":
                items[at:] = items[at:][::-1]
            case "lose" | "spoil" as how if at < len(items) and isinstance(items[at], dict) and items[at]:
                name = draw(st.sampled_from(sorted(items[at])))
                rest = {key: value for key, value in items[at].items() if key != name}
                items[at] = rest if how == "lose" else {**rest, name: draw(JUNK)}
            case "insert":
                items.insert(at, draw(LOOSE))
            case "junk":
                items.insert(at, draw(JUNK))
            case "cut":
                del items[at:]
            case _:
                pass
    return items


@pytest.fixture
def question() -> dict[str, Any]:
    """A message of the user."""
    return {"role": "user", "content": "Rain in Oslo?"}
