"""Every recorded plain reply: read to its last field without a warning, and the same when it comes as a stream."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grokkit.wire.accumulate_chat import ChatAccumulator
from grokkit.wire.accumulate_responses import ResponsesAccumulator
from grokkit.wire.answer import Origin, chat_answer, response_answer
from grokkit.wire.chat import ChatCompletion
from grokkit.wire.listings import LanguageModelList, ModelList
from grokkit.wire.reading import Reader, read_object
from grokkit.wire.responses import Response, UnknownItem

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
KINDS: dict[str, type[Any]] = {
    "chat.completion": ChatCompletion,
    "response": Response,
    "list": ModelList,
    "language models": LanguageModelList,
}

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the recorded replies are not beside this repository")


def recorded() -> list[tuple[str, dict[str, Any]]]:
    """Every whole reply of status 200, with the name of its file."""
    replies = [(path.name, json.loads(path.read_bytes())) for path in sorted((CAPTURES / "streams").glob("*.json"))]
    for path in sorted((CAPTURES / "har").glob("*.json")):
        for number, exchange in enumerate(json.loads(path.read_bytes())):
            reply = exchange["response"]
            if reply["status"] == 200 and reply["body"].startswith("{"):
                replies.append((f"{path.stem}[{number}]", json.loads(reply["body"])))
    return replies


def kind_of(reply: dict[str, Any]) -> str:
    is_listing = "models" in reply and "fingerprint" in reply["models"][0]
    return "language models" if is_listing else str(reply.get("object"))


def of_kind(*kinds: str) -> pytest.MarkDecorator:
    found = [pytest.param(reply, id=name) for name, reply in recorded() if kind_of(reply) in kinds]
    return pytest.mark.parametrize("reply", found)


def said(reply: Any) -> Any:
    """The same without fields that hold nothing, which typed values do not tell from absent ones."""
    if isinstance(reply, dict):
        kept = {name: said(value) for name, value in reply.items()}
        return {name: value for name, value in kept.items() if value not in (None, [], {})}
    return [said(each) for each in reply] if isinstance(reply, list) else reply


def holds(found: Any, expected: Any) -> bool:
    """Whether everything expected is in what was found, which may have fields with defaults besides."""
    if isinstance(expected, dict):
        return all(name in found and holds(found[name], value) for name, value in expected.items())
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(holds, found, expected))
    return bool(found == expected)


@of_kind(*KINDS)
def test_the_typed_reply_says_all_that_the_reply_said(reply: dict[str, Any]) -> None:
    typed = msgspec.to_builtins(Reader(KINDS[kind_of(reply)]).read(json.dumps(reply).encode()))

    assert holds(said(typed), said(reply))


@of_kind("list", "language models")
def test_a_listing_has_no_field_that_we_have_no_name_for(reply: dict[str, Any]) -> None:
    listing = Reader(KINDS[kind_of(reply)]).convert(reply)

    models: list[Any] = listing.data if isinstance(listing, ModelList) else listing.models
    assert listing.extra == {}
    assert [model.extra for model in models] == [{}] * len(models)
    assert [model.id for model in models] == [each["id"] for each in reply.get("data") or reply["models"]]


@of_kind("response")
def test_every_item_has_a_type_of_its_own(reply: dict[str, Any]) -> None:
    items = Reader(Response).convert(reply).items

    assert items
    assert not any(isinstance(item, UnknownItem) or item.extra for item in items)
    assert [item.type for item in items] == [raw["type"] for raw in reply["output"]]


@of_kind("chat.completion", "response")
def test_the_answer_has_its_text_or_calls_its_tokens_and_its_end(reply: dict[str, Any]) -> None:
    read = chat_answer if reply["object"] == "chat.completion" else response_answer

    answer = read(reply, Origin())

    assert answer.text or answer.tool_calls
    assert answer.usage.total_tokens == reply["usage"]["total_tokens"]
    assert answer.usage.cost_ticks == reply["usage"].get("cost_in_usd_ticks")
    assert (answer.id, answer.model) == (reply["id"], reply["model"])
    assert answer.finish_reason in {"stop", "tool_calls"}
    assert answer.raw is reply


@of_kind("chat.completion")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers())
def test_a_completion_cut_anyhow_is_the_same_answer(cutting: Any, reply: dict[str, Any], seed: int) -> None:
    accumulator = ChatAccumulator()

    for frame in cutting.cut_chat(reply, random.Random(seed)):
        tuple(accumulator.push(frame))

    assert accumulator.raw() == reply
    assert chat_answer(accumulator.raw(), Origin()) == chat_answer(reply, Origin())


@of_kind("response")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(), left_out=st.tuples(*[st.booleans()] * 4))
def test_a_response_cut_anyhow_is_the_same_answer(
    cutting: Any, reply: dict[str, Any], seed: int, left_out: tuple[bool, ...]
) -> None:
    accumulator = ResponsesAccumulator()

    for frame in cutting.cut_response(reply, random.Random(seed), cutting.Faults(*left_out)):
        tuple(accumulator.push(frame))

    assert accumulator.raw() == reply
    assert response_answer(accumulator.raw(), Origin()) == response_answer(reply, Origin())


@pytest.mark.parametrize("reply", [pytest.param(reply, id=name) for name, reply in recorded()])
def test_every_body_is_read_as_it_is(reply: dict[str, Any]) -> None:
    assert read_object(json.dumps(reply).encode()) == reply
