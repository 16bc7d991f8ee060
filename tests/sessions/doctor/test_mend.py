"""Whatever becomes of a history, the doctor makes one of it that the API accepts; and leaves healthy ones alone."""

from __future__ import annotations

import copy
import importlib.util
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from grokkit.errors import InvalidRequest
from grokkit.sessions.doctor import Change, is_synthetic, mend
from grokkit.testing import Simulator
from grokkit.testing.simulator.nouns.responses.inputs import read_input


def _beside(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"doctor_{name}", Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[f"doctor_{name}"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


histories = _beside("conftest")

ROLES = ["user", "assistant", "system", "developer"]
TEXTS = {"input_text": "text", "output_text": "text", "refusal": "refusal", "input_image": "image_url"}
RESULTS = {"function_call_output": "function_call", "shell_call_output": "shell_call"}
NEEDED: dict[str, list[tuple[str, type]]] = {
    "function_call": [("call_id", str), ("name", str), ("arguments", str)],
    "function_call_output": [("call_id", str)],
    "shell_call": [("call_id", str), ("action", dict)],
    "shell_call_output": [("call_id", str), ("output", list)],
    "mcp_call": [("name", str), ("server_label", str)],
    "custom_tool_call": [("call_id", str), ("name", str)],
    "compaction": [("encrypted_content", str)],
    "reasoning": [("summary", list)],
}


def faults(items: list[Any]) -> list[str]:
    """What the API would not accept: written from its rules, not from the doctor's code."""
    found = [fault for index, item in enumerate(items) for fault in _item_faults(index, item)]
    return found or [*_call_faults(items), *_reasoning_faults(items), *_compaction_faults(items)]


def _item_faults(index: int, item: Any) -> list[str]:
    if not isinstance(item, dict):
        return [f"{index}: not an item"]
    kind = item.get("type") or "message"
    found = [f"{index}: {name}" for name, type_ in NEEDED.get(kind, []) if not isinstance(item.get(name), type_)]
    if kind == "message":
        if item.get("role") not in ROLES:
            found.append(f"{index}: role")
        found += _content_faults(index, item.get("content"))
        if isinstance(item.get("content"), list) and not item["content"]:
            found.append(f"{index}: no content element")
    if kind == "function_call_output" and item.get("output") != []:
        found += _content_faults(index, item.get("output"), may_be_empty=True)
    return found


def _content_faults(index: int, content: Any, *, may_be_empty: bool = False) -> list[str]:
    if isinstance(content, str):
        return [] if content or may_be_empty else [f"{index}: empty"]
    if not isinstance(content, list):
        return [f"{index}: content"]
    found = []
    for part in content:
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            found.append(f"{index}: part")
        elif part["type"] in TEXTS and not isinstance(part.get(TEXTS[part["type"]]), str):
            found.append(f"{index}: {part['type']}")
    return found


def _call_faults(items: list[Any]) -> list[str]:
    calls = {
        (item["type"], item["call_id"]): index
        for index, item in enumerate(items)
        if item.get("type") in RESULTS.values()
    }
    results = [
        (RESULTS[item["type"]], item["call_id"], index)
        for index, item in enumerate(items)
        if item.get("type") in RESULTS
    ]
    ids = Counter(item["call_id"] for item in items if item.get("type") in RESULTS.values())
    found = [f"call_id {name} is used {count} times" for name, count in ids.items() if count > 1]
    answered = Counter((kind, name) for kind, name, _ in results)
    found += [f"{key} has {answered[key]} results" for key in calls if answered[key] != 1]
    found += [f"{index}: result without a call" for kind, name, index in results if (kind, name) not in calls]
    return found + [f"{index}: before its call" for kind, name, index in results if calls.get((kind, name), -1) > index]


def _reasoning_faults(items: list[Any]) -> list[str]:
    found = []
    for index, item in enumerate(items):
        if item.get("type") != "reasoning":
            continue
        rest = [other for other in items[index + 1 :] if other.get("type") != "reasoning"]
        heir = rest[0] if rest else {"role": "user"}
        if heir.get("type") in {*RESULTS, "compaction"} or heir.get("role", "assistant") != "assistant":
            found.append(f"{index}: reasoning that leads nowhere")
    return found


def _compaction_faults(items: list[Any]) -> list[str]:
    return [f"{index}: compaction" for index, item in enumerate(items) if index and item.get("type") == "compaction"]


@given(histories.broken_histories())
def test_any_list_becomes_a_valid_one(items: list[Any]) -> None:
    assert faults(mend(items).items) == []


@given(histories.broken_histories())
def test_the_api_accepts_what_the_doctor_gives(items: list[Any]) -> None:
    known = [item for item in mend(items).items if item.get("type") != "compaction"]
    plain = [{name: value for name, value in item.items() if name != "encrypted_content"} for item in known]
    told = [item for item in plain if item.get("type") in {None, "message", "reasoning", *NEEDED, "web_search_call"}]

    if told:
        assert len(read_input(told, "secret")) == len(told)


@given(histories.broken_histories())
def test_what_was_mended_needs_no_mending(items: list[Any]) -> None:
    mended = mend(items).items

    again = mend(mended)

    assert again.changes == ()
    assert all(one is other for one, other in zip(again.items, mended, strict=True))


@given(histories.valid_histories())
def test_a_valid_history_is_left_as_it_is(items: list[dict[str, Any]]) -> None:
    mended = mend(items)

    assert faults(items) == []
    assert mended.changes == ()
    assert all(one is other for one, other in zip(mended.items, items, strict=True))


@given(histories.broken_histories())
def test_nothing_given_is_changed_itself(items: list[Any]) -> None:
    before = copy.deepcopy(items)

    mend(items)

    assert items == before


@given(histories.broken_histories())
def test_the_report_accounts_for_every_item(items: list[Any]) -> None:
    mended = mend(items)

    added = sum(change.what == "added" for change in mended.changes)
    dropped = sum(change.what == "dropped" for change in mended.changes)

    assert len(mended.items) == len(items) + added - dropped
    assert mended.report.count("\n") == max(0, len(mended.changes) - 1)


def call(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": "function_call", "call_id": name, "name": "weather", "arguments": "{}", **fields}


def result(name: str, output: Any = "rain") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": name, "output": output}


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["call_id"] + ("=" if item["type"].endswith("_output") else "") for item in items if "call_id" in item]


def test_parallel_calls_get_the_missing_results_after_the_last_of_them(question: dict[str, Any]) -> None:
    mended = mend([question, call("a"), call("b"), call("c"), result("b"), question])

    assert ids(mended.items) == ["a", "b", "c", "a=", "c=", "b="]
    assert [is_synthetic(item) for item in mended.items] == [False, False, False, False, True, True, False, False]


def test_a_result_that_nobody_asked_for_is_left_out_and_told(question: dict[str, Any]) -> None:
    orphan = result("lost")

    mended = mend([question, orphan])

    assert mended.items == [question]
    assert mended.changes == (Change(place=1, what="dropped", why="no call asked for this result", before=orphan),)


def test_of_two_results_the_first_counts(question: dict[str, Any]) -> None:
    mended = mend([question, call("a"), result("a", "one"), result("a", "two")])

    assert [item["output"] for item in mended.items[2:]] == ["one"]
    assert "already" in mended.report


def test_a_call_id_that_comes_again_in_a_later_turn_becomes_another(question: dict[str, Any]) -> None:
    mended = mend([question, call("a"), result("a", "one"), question, call("a"), result("a", "two")])

    assert ids(mended.items) == ["a", "a=", "a_2", "a_2="]


def test_an_interrupted_call_does_not_get_the_result_of_a_later_one(question: dict[str, Any]) -> None:
    mended = mend([question, call("a"), question, call("a", arguments="[]"), result("a", "late")])

    assert ids(mended.items) == ["a", "a=", "a_2", "a_2="]
    assert is_synthetic(mended.items[2])
    assert mended.items[-1]["output"] == "late"


def test_a_call_that_is_there_twice_word_for_word_is_one(question: dict[str, Any]) -> None:
    mended = mend([question, call("a"), call("a"), result("a")])

    assert ids(mended.items) == ["a", "a="]


def test_a_result_before_its_call_is_moved(question: dict[str, Any]) -> None:
    mended = mend([question, result("a"), call("a"), call("b"), result("b")])

    assert ids(mended.items) == ["a", "b", "a=", "b="]
    assert [change.what for change in mended.changes] == ["moved"]


@pytest.mark.parametrize(
    ("item", "kept"),
    [
        (
            {"type": "reasoning", "encrypted_content": "x"},
            {"type": "reasoning", "encrypted_content": "x", "summary": []},
        ),
        (
            {"type": "reasoning", "summary": "Hm."},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        ),
    ],
)
def test_reasoning_gets_its_summary(question: dict[str, Any], item: dict[str, Any], kept: dict[str, Any]) -> None:
    answer = {"role": "assistant", "content": "No."}

    assert mend([question, item, answer]).items == [question, kept, answer]


def test_reasoning_goes_with_the_empty_message_that_it_led_to(question: dict[str, Any]) -> None:
    empty = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": ""}]}

    mended = mend([question, {"type": "reasoning", "summary": []}, empty])

    assert mended.items == [question]
    assert [change.why for change in mended.changes] == ["nothing followed from this reasoning", "the message is empty"]


def test_arguments_that_were_cut_off_are_kept_as_a_text_in_json(question: dict[str, Any]) -> None:
    mended = mend([question, call("a", arguments='{"city": "Os'), result("a")])

    assert mended.items[1]["arguments"] == '{"unreadable":"{\\"city\\": \\"Os"}'


def test_what_an_unknown_server_says_is_kept(question: dict[str, Any]) -> None:
    items = [question, {"type": "hologram", "depth": 3}, {"type": "reasoning", "summary": []}, {"type": "hologram"}]

    assert mend(items).items == items


def test_messages_of_other_dialects_are_understood() -> None:
    mended = mend(
        [
            {"role": "human", "content": [{"type": "image_url", "image_url": {"url": "https://e.org/a.png"}}, "What?"]},
            call("a"),
            {"role": "tool", "tool_call_id": "a", "content": "a cat"},
        ]
    )

    image, text = mended.items[0]["content"]
    assert image == {"type": "input_image", "image_url": "https://e.org/a.png"}
    assert text == {"type": "input_text", "text": "What?"}
    assert mended.items[2] == {"type": "function_call_output", "call_id": "a", "output": "a cat"}


def test_only_the_last_compaction_and_what_follows_is_sent(question: dict[str, Any]) -> None:
    items = [question, call("a"), {"type": "compaction", "encrypted_content": "x"}, result("a"), question]

    assert mend(items).items == [items[2], question]


def test_a_report_holds_nothing_of_the_conversation(question: dict[str, Any]) -> None:
    mended = mend([question, call("secret-id"), {"role": "user", "content": ""}, result("other", "secret")])

    assert "secret" not in mended.report


async def test_a_server_that_refused_a_history_takes_the_mended_one(question: dict[str, Any]) -> None:
    items = [question, {"type": "reasoning"}, call("a"), {"role": "assistant", "content": []}]

    async with Simulator().async_grok() as grok:
        with pytest.raises(InvalidRequest):
            await grok.responses.create(input=items)
        answer = await grok.responses.create(input=mend(items).items)

    assert answer.text
