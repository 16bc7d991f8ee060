"""What a client's resources share: its settings and its stack, and how a Call is made and its Reply read."""

from __future__ import annotations

import dataclasses
import functools
import os
import platform
import uuid
from importlib import metadata
from typing import TYPE_CHECKING, Any, TypeVar

from grokkit import models
from grokkit.call import API_KEY, IDEMPOTENCY, Call, Ending, new_identity
from grokkit.config import POLICY_NAMES, Fallback, Secret
from grokkit.owner import Owner, refused, while_open
from grokkit.wire.answer import Origin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from grokkit.call import Next, Reply
    from grokkit.clock import Clock
    from grokkit.config import Config, KeySource, Limits, Policies
    from grokkit.pipeline import Stacks
    from grokkit.resources.options import CallOptions
    from grokkit.wire.answer import Answer
    from grokkit.wire.usage import Prices

T = TypeVar("T")

CLIENT_REQUEST_ID = "x-client-request-id"

_PROCESS = uuid.uuid4().hex
"""Tells functions of one process from those of others that share a store with it."""


class Channel:
    """The way from a method of a client to its stack. Derived clients have another channel over the same stack."""

    def __init__(self, config: Config, stacks: Stacks, clock: Clock, parent: Channel | None = None) -> None:
        self.config = config
        self._stacks = stacks
        self.clock = clock
        self.owner: Owner = Owner(None if parent is None else parent.owner)
        self.is_derived = parent is not None
        """Whether it closes with another one."""
        self._policies = config.policies()
        self.stack = stacks.of(self._policies)
        self.account = _fingerprint(config.base_url, config.api_key)
        self._context = {} if parent is None else {API_KEY: config.api_key}
        self._limits = {thinks: config.timeout.limits(reasoning=thinks) for thinks in (True, False)}
        shared = {"user-agent": user_agent(config.user_agent), **config.headers}
        self._bare_headers = {**shared, "accept": "application/json"}
        self._plain_headers = {**self._bare_headers, "content-type": "application/json"}
        self._stream_headers = {**self._plain_headers, "accept": "text/event-stream"}

    def derived(self, config: Config) -> Channel:
        """A channel over the same stack, with other settings. It closes with this one."""
        return Channel(config, self._stacks, self.clock, parent=self)

    @property
    def closed(self) -> bool:
        """Whether calls are refused."""
        return self.owner.closed

    def close(self) -> None:
        """Refuse calls from now on, and end those that wait."""
        self.owner.close()

    def call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        options: CallOptions | None = None,
    ) -> Call:
        """The Call for a method's arguments."""
        options = options or {}
        if extra := options.get("extra_body"):
            body = {**(body or {}), **extra}
        if extra := options.get("extra_query"):
            query = {**(query or {}), **extra}
        model = body.get("model") if body else None
        stream = bool(body and body.get("stream"))
        identity = new_identity()
        headers = self._headers(method, body, identity, stream=stream)
        if extra := options.get("extra_headers"):
            headers |= {name.lower(): value for name, value in extra.items()}
        return Call(
            method=method,
            base_url=self.config.base_url,
            path=path,
            operation=operation,
            id=identity,
            model=model,
            body=body,
            query=query or {},
            headers=headers,
            stream=stream,
            limits=self._limits_for(model, body, options),
            max_body_size=self.config.max_body_size,
            max_event_size=self.config.max_event_size,
            policies=self._policies_for(options) if options else self._policies,
            account=self.account,
            owner=self.owner,
            context=self._context,
        )

    def _headers(self, method: str, body: object, identity: str, *, stream: bool) -> dict[str, str]:
        base = self._stream_headers if stream else self._bare_headers if body is None else self._plain_headers
        if method == "POST":
            return {**base, CLIENT_REQUEST_ID: identity, IDEMPOTENCY: identity}
        return {**base, CLIENT_REQUEST_ID: identity}

    def send(self, call: Call) -> Awaitable[Reply]:
        """The reply of the stack. The receiver ends its span. Raises `ClientClosed`."""
        if self.owner.closed:
            raise refused(call)
        stack = self.stack if call.policies is self._policies else self._stacks.of(call.policies)
        return stack.send(call)

    def adopted(self, call: Call) -> tuple[Call, Next]:
        """A call of another client as this one makes it, for its own model, and the way to send it.

        It stays the same call: its id, tenant, priority and deadline. This client's own fallback is left out.
        """
        policies = dataclasses.replace(
            self._policies, tenant=call.policies.tenant, priority=call.policies.priority, fallback=Fallback()
        )
        base = self._stream_headers if call.stream else self._plain_headers
        key = call.headers.get(IDEMPOTENCY, call.id)
        body = (
            call.body
            if call.body is None or isinstance(call.body, bytes)
            else {**call.body, "model": self.config.model}
        )
        changed = call.replace(
            base_url=self.config.base_url,
            model=self.config.model,
            body=body,
            headers={**base, CLIENT_REQUEST_ID: call.id, IDEMPOTENCY: key},
            policies=policies,
            account=self.account,
            owner=self.owner,
            context={**call.context, API_KEY: self.config.api_key},
        )
        return changed, functools.partial(while_open, call_next=self._stacks.of(policies).send)

    async def answer(self, call: Call, read: Callable[[Reply], Answer]) -> Answer:
        """Send a call to a model and read its answer."""
        reply = await self.send(call)
        answer = self._read(reply, read)
        reply.end(Ending(answer))
        if reply.unsettled:
            await reply.settled()
        warn_of_another_model(call, answer)
        return answer

    async def fetch(self, call: Call, read: Callable[[bytes], T]) -> T:
        """Send a call that asks no model, and read its reply."""
        reply = await self.send(call)
        result = self._read(reply, lambda reply: read(reply.body or b""))
        reply.end(Ending())
        return result

    def origin(self, call: Call, reply: Reply) -> Origin:
        """What an answer is told of where it came from."""
        notes = reply.context
        return Origin(
            request_id=reply.request_id,
            client_request_id=call.id,
            attempts=notes.get("attempts", 1),
            fallbacks=notes.get("fell_back", ()),
            joined=notes.get("joined"),
            cached=notes.get("cached", False),
            prices=prices_of,
        )

    def _read(self, reply: Reply, read: Callable[[Reply], T]) -> T:
        try:
            return read(reply)
        except Exception as error:
            reply.end(Ending(error=error))
            raise

    def _policies_for(self, options: CallOptions) -> Policies:
        own = {name: value for name, value in options.items() if name in POLICY_NAMES}
        return self.config.policies(**own) if own else self._policies

    def _limits_for(self, model: str | None, body: Mapping[str, Any] | None, options: CallOptions) -> Limits:
        thinks = model is None or models.is_reasoning(model, effort_of(body or {})) is not False
        if "timeout" not in options:
            return self._limits[thinks]
        return self.config.timeout.merge(options["timeout"]).limits(reasoning=thinks)


def warn_of_another_model(call: Call, answer: Answer) -> None:
    """Warn when the server answers for a model with another one, unless that is what `fallback=` is for."""
    if not answer.fallbacks:
        models.warn_once(call.model or "", answer.model)


def prices_of(model: str) -> Prices | None:
    """What the catalogue knows of a model's prices."""
    known = models.lookup(model)
    return known.prices if known else None


def effort_of(body: Mapping[str, Any]) -> str | None:
    """The reasoning effort that a request of either dialect asks for."""
    reasoning = body.get("reasoning")
    nested = reasoning.get("effort") if isinstance(reasoning, dict) else None
    effort = nested or body.get("reasoning_effort")
    return effort if isinstance(effort, str) else None


@functools.cache
def user_agent(suffix: str | None) -> str:
    """How grokkit names itself to servers."""
    ours = f"grokkit/{metadata.version('grokkit')} python/{platform.python_version()}"
    return f"{ours} {suffix}" if suffix else ours


def _fingerprint(base_url: str, key: KeySource | None) -> str:
    from hashlib import sha256

    secret = key.reveal() if isinstance(key, Secret) else f"function {id(key)} of {_PROCESS} {os.getpid()}"
    return sha256(f"{base_url}\n{secret}".encode("utf-8", "surrogatepass")).hexdigest()[:12]
