"""The two faces have the same methods with the same parameters and annotations; this list says what differs."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import grokkit.sync
import grokkit.sync_agents
from grokkit import AsyncGrok, AsyncSession, AsyncStream, AsyncTypedStream, Grok, Session, Stream, TypedStream
from grokkit.agents import AsyncAgent, AsyncRunStream
from grokkit.resources.account import AsyncAccount
from grokkit.resources.cached import AsyncCachedAnswers
from grokkit.resources.chat import AsyncChat
from grokkit.resources.models import AsyncModels
from grokkit.resources.responses import AsyncResponses
from grokkit.sessions.collection import AsyncSessions
from grokkit.sync import Account, CachedAnswers, Chat, Models, Responses, Sessions
from grokkit.sync_agents import Agent, RunStream

PAIRS: dict[type, type] = {
    Grok: AsyncGrok,
    Agent: AsyncAgent,
    RunStream: AsyncRunStream,
    Chat: AsyncChat,
    Responses: AsyncResponses,
    Models: AsyncModels,
    Account: AsyncAccount,
    CachedAnswers: AsyncCachedAnswers,
    Session: AsyncSession,
    Sessions: AsyncSessions,
    Stream: AsyncStream,
    TypedStream: AsyncTypedStream,
}
ONLY_ASYNC = {
    AsyncRunStream: {"aclose", "batch", "not_open", "opened_before"},
    AsyncTypedStream: {"aclose"},
    AsyncStream: {
        "aclose",  # `close` when blocking
        "gather",  # what a plain call reads of its stream
        "batch",  # what the blocking stream is fed by
        "not_open",
        "replay",  # a reply that came in one piece
        "opened_before",
    },
}
ONLY_BLOCKING = {RunStream: {"close"}, Stream: {"close"}, TypedStream: {"close"}}
ITERATED = {
    "AsyncAgent[Any]": "Agent[Any]",
    "AsyncRunStream[T]": "RunStream[T]",
    "AsyncIterator[str]": "Iterator[str]",
    "AsyncIterator[SessionInfo]": "Iterator[SessionInfo]",
    "AsyncSession": "Session",
    "AsyncStream": "Stream",
    "SessionStream": "Stream",
    "AsyncTypedStream[T]": "TypedStream[T]",
    "AsyncIterator[Any]": "Iterator[Any]",
}


def _public(kind: type) -> dict[str, Any]:
    return {name: inspect.getattr_static(kind, name) for name in dir(kind) if not name.startswith("_")}


def _plain(member: Any) -> Any:
    if isinstance(member, classmethod | staticmethod):
        return member.__func__
    return member.fget if isinstance(member, property) else member


@pytest.mark.parametrize("blocking", PAIRS, ids=lambda kind: kind.__name__)
def test_both_faces_have_the_same_names(blocking: type) -> None:
    async_ = PAIRS[blocking]

    names = set(_public(blocking)) - ONLY_BLOCKING.get(blocking, set())

    assert names == set(_public(async_)) - ONLY_ASYNC.get(async_, set())


@pytest.mark.parametrize("blocking", PAIRS, ids=lambda kind: kind.__name__)
def test_both_faces_have_the_same_parameters_and_annotations(blocking: type) -> None:
    async_ = PAIRS[blocking]

    for name in sorted(set(_public(blocking)) & set(_public(async_))):
        one, other = _public(blocking)[name], _public(async_)[name]
        ours, theirs = inspect.signature(_plain(one)), inspect.signature(_plain(other))
        assert type(one) is type(other), name
        assert ours.parameters == theirs.parameters, name
        returned = ITERATED.get(theirs.return_annotation, theirs.return_annotation)
        assert ours.return_annotation in {returned, theirs.return_annotation}, name


@pytest.mark.parametrize("blocking", PAIRS, ids=lambda kind: kind.__name__)
def test_every_method_of_both_faces_says_what_it_gives(blocking: type) -> None:
    for kind in (blocking, PAIRS[blocking]):
        for name, member in _public(kind).items():
            assert inspect.getdoc(_plain(member)), f"{kind.__name__}.{name}"


def test_no_blocking_method_is_a_coroutine_function() -> None:
    for kind in PAIRS:
        for name, member in _public(kind).items():
            assert not inspect.iscoroutinefunction(_plain(member)), f"{kind.__name__}.{name}"


def test_a_client_has_the_same_resources_on_both_faces() -> None:
    blocking, async_ = Grok(api_key="test-key"), AsyncGrok(api_key="test-key")

    resources = {name: type(value) for name, value in vars(blocking).items() if not name.startswith("_")}
    twins = {name: type(value) for name, value in vars(async_).items() if not name.startswith("_")}

    assert resources.pop("twin") is AsyncGrok
    assert {name: PAIRS[kind] for name, kind in resources.items()} == twins


def test_every_blocking_class_is_compared() -> None:
    blocking = {getattr(module, name) for module in (grokkit.sync, grokkit.sync_agents) for name in module.__all__}

    assert blocking == set(PAIRS)
