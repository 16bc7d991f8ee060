from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.call import Call
from grokkit.config import Policies
from grokkit.layers.coalesce.key import key_of

MODEL = "grok-4.20-non-reasoning"
BODY = {"model": MODEL, "input": "Hi", "temperature": 0.5, "metadata": {"a": 1, "b": 2}}
CALL = Call(
    method="POST",
    base_url="https://api.x.ai/v1",
    path="/responses",
    operation="responses",
    id="c-1",
    model=MODEL,
    body=BODY,
    query={"page": "1"},
    headers={"x-client-request-id": "c-1", "x-team": "blue", "accept": "application/json"},
    account="a",
    policies=Policies(tenant="t"),
)
TEXTS = st.text(max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "c-2"},
        {"body": {name: BODY[name] for name in reversed(BODY)}},
        {"body": {**BODY, "metadata": {"b": 2, "a": 1}}},
        {"headers": {**CALL.headers, "X-Client-Request-Id": "c-2"}},
        {"headers": {"ACCEPT": "application/json", "X-Team": "blue"}},
        {"headers": {**CALL.headers, "user-agent": "mine", "Idempotency-Key": "k", "x-grokkit-attempt": "2"}},
        {"deadline": 5.0},
        {"attempt": 2},
    ],
)
def test_what_only_names_the_call_does_not_count(changes: dict[str, Any]) -> None:
    assert key_of(CALL.replace(**changes)) == key_of(CALL)


@pytest.mark.parametrize(
    "changes",
    [
        {"policies": replace(CALL.policies, tenant="another")},
        {"policies": replace(CALL.policies, tenant=None)},
        {"account": "b"},
        {"base_url": "https://eu.api.x.ai/v1"},
        {"path": "/chat/completions"},
        {"query": {}},
        {"query": {"page": "2"}},
        {"headers": {**CALL.headers, "x-team": "red"}},
        {"headers": {**CALL.headers, "authorization": "Bearer another"}},
        {"headers": {**CALL.headers, "x-grok-conv-id": "1"}},
        {"stream": True},
        {"max_body_size": 1},
        {"max_event_size": 1},
        {"body": {**BODY, "temperature": 0.6}},
        {"body": {**BODY, "input": "hi"}},
        {"body": {**BODY, "tools": []}},
        {"body": {**BODY, "metadata": {"a": "1", "b": 2}}},
        {"body": b'{"model":"grok"}'},
    ],
)
def test_whatever_an_answer_can_depend_on_does(changes: dict[str, Any]) -> None:
    assert key_of(CALL.replace(**changes)) not in (None, key_of(CALL))


@pytest.mark.parametrize(
    "changes",
    [
        {"model": None},
        {"method": "DELETE"},
        {"method": "PUT"},
        {"body": {**BODY, "tools": [{"type": "mcp"}]}},
        {"body": {**BODY, "input": object()}},
    ],
)
def test_what_acts_is_not_shared(changes: dict[str, Any]) -> None:
    assert key_of(CALL.replace(**changes)) is None


def test_reading_is_shared() -> None:
    get = CALL.replace(method="GET", model=None, body=None)

    assert key_of(get) == key_of(get.replace(id="c-2")) != key_of(get.replace(path="/models"))


@given(one=st.dictionaries(TEXTS, VALUES, max_size=3), other=st.dictionaries(TEXTS, VALUES, max_size=3))
def test_bodies_share_exactly_when_they_are_the_same_json(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = repr(ordered(one)) == repr(ordered(other))

    assert (key_of(CALL.replace(body=one)) == key_of(CALL.replace(body=other))) == same


def ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return [(name, ordered(value[name])) for name in sorted(value)]
    return tuple(map(ordered, value)) if isinstance(value, list) else value
