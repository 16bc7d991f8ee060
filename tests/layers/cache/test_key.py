"""Keys differ whenever anything sent differs, and only then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.call import Call
from grokkit.config import Policies
from grokkit.layers.cache.key import key_of

BODY = {"model": "grok-4.7", "input": "Hi", "temperature": 0.2, "metadata": {"a": 1, "b": 2}}
CALL = Call(
    method="POST",
    base_url="https://api.x.ai/v1",
    path="/responses",
    operation="responses",
    id="c-1",
    model="grok-4.7",
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
BODIES = st.dictionaries(TEXTS, VALUES, max_size=3)


def key(call: Call) -> str | None:
    assert isinstance(call.body, dict)
    return key_of(call, call.body)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "c-2"},
        {"body": {**BODY, "stream": True}, "stream": True, "headers": {**CALL.headers, "accept": "text/event-stream"}},
        {"body": {**BODY, "stream": True, "stream_options": {"include_usage": True}}},
        {"body": {name: BODY[name] for name in reversed(BODY)}},
        {"headers": {**CALL.headers, "X-Client-Request-Id": "c-2"}},
        {"headers": {**CALL.headers, "user-agent": "mine", "traceparent": "00-1-2-3", "x-grokkit-attempt": "2"}},
        {"deadline": 5.0},
        {"attempt": 2},
        {"max_body_size": 5},
        {"policies": replace(CALL.policies, priority="low")},
    ],
)
def test_how_an_answer_comes_does_not_count(changes: dict[str, Any]) -> None:
    assert key(CALL.replace(**changes)) == key(CALL)


@pytest.mark.parametrize(
    "changes",
    [
        {"policies": replace(CALL.policies, tenant="another")},
        {"policies": replace(CALL.policies, tenant=None)},
        {"policies": replace(CALL.policies, tenant="")},
        {"account": "b"},
        {"base_url": "https://eu.api.x.ai/v1"},
        {"path": "/chat/completions"},
        {"query": {}},
        {"query": {"page": "2"}},
        {"headers": {**CALL.headers, "x-team": "red"}},
        {"headers": {**CALL.headers, "authorization": "Bearer another"}},
        {"headers": {**CALL.headers, "x-grok-conv-id": "1"}},
        {"body": {**BODY, "model": "grok-4.3"}, "model": "grok-4.3"},
        {"body": {**BODY, "temperature": 0}},
        {"body": {**BODY, "seed": 1}},
        {"body": {**BODY, "metadata": {"a": 1, "b": 2, "stream": True}}},
        {"body": {**BODY, "metadata": {"a": "1", "b": 2}}},
    ],
)
def test_everything_else_that_is_sent_does(changes: dict[str, Any]) -> None:
    assert key(CALL.replace(**changes)) not in (None, key(CALL))


def test_what_has_no_json_form_has_no_key() -> None:
    assert key(CALL.replace(body={"input": object()})) is None


@given(one=BODIES, other=BODIES)
def test_bodies_have_one_key_exactly_when_they_are_the_same_json(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = repr(ordered(one)) == repr(ordered(other))

    assert (key(CALL.replace(body=one)) == key(CALL.replace(body=other))) == same


@given(
    one=st.tuples(st.none() | TEXTS, TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=2)),
    other=st.tuples(st.none() | TEXTS, TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=2)),
)
def test_two_tenants_two_accounts_and_two_queries_never_have_one_key(one: Any, other: Any) -> None:
    assert (key(_asked_as(*one)) == key(_asked_as(*other))) == (one == other)


def _asked_as(tenant: str | None, account: str, query: dict[str, str]) -> Call:
    return CALL.replace(policies=Policies(tenant=tenant), account=account, query=query)


def ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return [(name, ordered(value[name])) for name in sorted(value)]
    return tuple(map(ordered, value)) if isinstance(value, list) else value
