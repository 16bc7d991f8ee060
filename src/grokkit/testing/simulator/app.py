"""One host of the simulated API as an ASGI application: finds the endpoint, checks the caller, sends the reply."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator.acls import permits_endpoint
from grokkit.testing.simulator.credentials import credentials_of, with_masked_credentials, without_credentials
from grokkit.testing.simulator.delivery import Cut, Delivery
from grokkit.testing.simulator.faults import NO_FAULT
from grokkit.testing.simulator.handlers import Routes
from grokkit.testing.simulator.heads import head_of
from grokkit.testing.simulator.presence import Presence
from grokkit.testing.simulator.refusal import Refusal, not_permitted
from grokkit.testing.simulator.seen import Seen
from grokkit.testing.simulator.sockets import SocketDoor
from grokkit.testing.simulator.troubles import by_name, by_status, with_retry_after
from grokkit.testing.simulator.visit import Outcome, Visit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping, Sequence

    from grokkit.testing.simulator.credentials import Credentials
    from grokkit.testing.simulator.faults import Fault
    from grokkit.testing.simulator.handlers import Endpoint, Head, Table
    from grokkit.testing.simulator.keys import Key, Keys
    from grokkit.testing.simulator.simulator import Simulator

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

_MOST_BODY = 64 * 1024 * 1024


class App:
    """The inference host, or the management host."""

    def __init__(self, simulator: Simulator, tables: Sequence[Table], keys: Keys, *, management: bool) -> None:
        self._simulator = simulator
        self._keys = keys
        self._management = management
        self._routes = Routes(endpoint for table in tables for endpoint in table.endpoints)
        self._door = SocketDoor(simulator, [socket for table in tables for socket in table.sockets], keys)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await self._door.serve(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        content = await _body(receive)
        if content is None:
            return
        visit = Visit(
            self._simulator,
            scope["method"],
            scope["path"],
            query_string=scope["query_string"].decode("latin-1"),
            headers=without_credentials(headers),
            content=content,
        )
        seen = _record(visit, headers, management=self._management)
        self._simulator.calls.append(seen)
        self._simulator.tally.enter(seen)
        seen.started = visit.arrived
        presence = Presence(receive)
        try:
            await self._answer(visit, seen, credentials_of(headers), send, presence)
        except Cut:
            scope["state"]["line"].hang_up()
        except asyncio.CancelledError:
            if not presence.gone:
                raise
            seen.disconnected = True
            presence.forgive()
        finally:
            presence.end()
            self._simulator.tally.end(seen)
            seen.ended = self._simulator.clock.now()

    async def _answer(self, visit: Visit, seen: Seen, credentials: Credentials, send: Send, presence: Presence) -> None:
        simulator = self._simulator
        family: Head = "plain"
        fault = NO_FAULT
        try:
            if self._management:
                visit.key = self._keys.check(credentials.bearer, simulator.time())
            endpoint, visit.params = self._routes.find(visit.method, visit.path)
            family, seen.endpoint = endpoint.head, endpoint.path
            self._admit(endpoint, visit, credentials)
            fault = simulator.fault_for(visit)
            seen.rule = str(visit.cue) if visit.cue else None
            seen.fault = None if fault is NO_FAULT else str(fault)
            pace = fault.pace or simulator.pace
            delivery = Delivery(send, simulator, seen, pace=pace, fault=fault)
            await self._befall(visit, fault, delivery, presence)
            outcome = await self._outcome(endpoint, visit, presence)
            if fault.plain_error_in_stream and outcome.frames is not None:
                outcome = Outcome(body=outcome.error_frame.data)
        except Refusal as refusal:
            simulator.limits.charge_fee(visit, refusal)
            outcome = self._refused(refusal)
            delivery = Delivery(send, simulator, seen, fault=fault)
        seen.bill = visit.bill
        headers = head_of(visit, outcome, outcome.head or family, simulator.time())
        if outcome.frames is not None or simulator.pace or fault is not NO_FAULT:
            presence.watch()
        await delivery.deliver(outcome, headers)

    async def _befall(self, visit: Visit, fault: Fault, delivery: Delivery, presence: Presence) -> None:
        """Let happen what happens before a reply begins."""
        wait = self._simulator.wait_for(visit, fault)
        if wait or fault.stall_before_headers:
            presence.watch()
        if wait:
            await self._simulator.clock.sleep(wait)
        if fault.stall_before_headers:
            await delivery.stall()
        if fault.hang_up:
            raise Cut
        if fault.error is not None or fault.status is not None:
            refused = by_name(fault.error, visit) if fault.error else by_status(fault.status or 0, visit)
            raise with_retry_after(refused, fault.retry_after)

    async def answer(self, visit: Visit, *, admitted: bool = False) -> Outcome:
        """What a request within another one is answered, errors too: as `visit.inner(...)` makes them.

        It is held to the limits, unless the one who asks has done that.
        """
        try:
            endpoint, visit.params = self._routes.find(visit.method, visit.path)
            if endpoint.generates and not admitted and (refused := self._simulator.limits.admit(visit)):
                raise refused
            return await self._outcome(endpoint, visit, None)
        except Refusal as refusal:
            self._simulator.limits.charge_fee(visit, refusal)
            return self._refused(refusal)

    def _admit(self, endpoint: Endpoint, visit: Visit, credentials: Credentials) -> None:
        if endpoint.needs_key:
            visit.key = self._caller(endpoint, credentials)
            if not self._management and not permits_endpoint(visit.key, visit.path):
                raise not_permitted()
        if len(visit.content) > endpoint.max_body:
            raise Refusal.text(413, "Failed to buffer the request body: length limit exceeded")
        if endpoint.generates and (refused := self._simulator.limits.admit(visit)):
            raise refused
        visit.cue = self._simulator.script.match(visit)

    def _caller(self, endpoint: Endpoint, credentials: Credentials) -> Key:
        now = self._simulator.time()
        if endpoint.api_key_header and not credentials.bearer and credentials.api_key:
            return self._keys.check_secret(credentials.api_key, now)
        return self._keys.check(credentials.bearer, now)

    async def _outcome(self, endpoint: Endpoint, visit: Visit, presence: Presence | None) -> Outcome:
        scripted = await visit.cue.outcome(visit) if visit.cue is not None else None
        if scripted is not None:
            return scripted
        outcome = endpoint.handler(visit)
        if not isinstance(outcome, Outcome):
            if presence is not None:
                presence.watch()
            outcome = await outcome
        if endpoint.generates:
            self._simulator.limits.settle(visit, outcome)
        return outcome

    def _refused(self, refusal: Refusal) -> Outcome:
        spoken = refusal
        if self._management:
            spoken = refusal.as_gateway()
        elif self._simulator.speaks_old_codes:
            spoken = refusal.as_before_july()
        return Outcome(
            status=spoken.status,
            body=spoken.body,
            media_type=spoken.media_type if spoken.body else None,
            headers=spoken.headers,
        )


def _record(visit: Visit, headers: dict[str, str], *, management: bool) -> Seen:
    asked = visit.asked
    return Seen(
        method=visit.method,
        path=visit.path,
        query=visit.query,
        headers=with_masked_credentials(headers),
        content=visit.content,
        id=visit.id,
        model=asked.model,
        last=asked.last,
        tools=asked.tools,
        management=management,
    )


def _headers(scope: Message) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def _body(receive: Receive) -> bytes | None:
    """The body, or `None` when the caller left. What is beyond the limit is read and forgotten."""
    message = await receive()
    content = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body"):
        return content  # type: ignore[no-any-return]
    chunks, size = [content], len(content)
    while message["type"] == "http.request" and message.get("more_body"):
        message = await receive()
        size += len(message.get("body", b""))
        if size <= _MOST_BODY + 1:
            chunks.append(message.get("body", b""))
    return None if message["type"] == "http.disconnect" else b"".join(chunks)
