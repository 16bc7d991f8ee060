"""MockTransport: finds the route of a call, answers, remembers, and says at the end what was not as expected."""

from __future__ import annotations

import inspect
import threading
from typing import TYPE_CHECKING, Any, Self

from grokkit.clock import SystemClock
from grokkit.testing.mock.matching import Wanted
from grokkit.testing.mock.recorded import RecordedCall, recorded
from grokkit.testing.mock.route import Route

if TYPE_CHECKING:
    import re
    from collections.abc import Awaitable, Callable, Mapping

    from grokkit.call import Call, Reply
    from grokkit.clock import Clock
    from grokkit.testing.mock.matching import Predicate


class UnexpectedCall(AssertionError):
    """A call came that nothing was prepared for."""


class Unfulfilled(AssertionError):
    """At the end, something expected was not called, or something unexpected was."""


class MockTransport:
    """A transport that answers by routes, or by a function, and remembers every call in `calls`.

    >>> import asyncio
    >>> from grokkit import AsyncGrok
    >>> with MockTransport() as mock:
    ...     route = mock.on(method="POST", path="/responses", json={"input": "Hi"}).reply(text="Hello!")
    ...     grok = AsyncGrok(api_key="test", transport=mock, model="grok-4.3")
    ...     print(asyncio.run(grok.ask("Hi")))
    Hello!
    >>> mock.calls[0].json["input"], mock.calls[0].last_message, route.calls == mock.calls
    ('Hi', 'Hi', True)

    The first route, in the order in which they were made, that fits a call and is not at its end answers it.
    A call that no route fits goes to `handler`, where there is one; else `UnexpectedCall` is raised, with the
    nearest route and what differs. As a context manager the mock calls `verify` at the end of the block.
    Delays and paces pass on `clock`, the machine's when none is given.
    """

    def __init__(
        self, handler: Callable[[Call], Reply | Awaitable[Reply]] | None = None, *, clock: Clock | None = None
    ) -> None:
        self._handler = handler
        self._clock = clock or SystemClock()
        self._turn = threading.Lock()
        self.calls: list[RecordedCall] = []
        self.routes: list[Route] = []
        self.unexpected: list[RecordedCall] = []

    def __repr__(self) -> str:
        return f"<MockTransport {len(self.routes)} routes, {len(self.calls)} calls>"

    def on(
        self,
        when: Predicate | None = None,
        *,
        method: str | None = None,
        path: str | re.Pattern[str] | None = None,
        json: Any = None,
        model: str | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        stream: bool | None = None,
        optional: bool = False,
    ) -> Route:
        """A new route, for the calls that fit everything given here. Say with `.reply(...)` how it answers.

        `path` is a glob, or a pattern to search for, with the version or without. `json` is a fragment of
        the body: objects may have more fields, arrays more items; `...` stands for anything, a pattern for
        a text, a function for what it says yes to. `headers` and `query` are globs by name. `when` is asked
        last, with the `RecordedCall`. An `optional` route need not be called.

        >>> import re
        >>> mock = MockTransport()
        >>> mock.on(path="/files/*", method="DELETE", optional=True)
        <Route DELETE /files/*, called 0 times>
        >>> mock.on(lambda call: "Oslo" in call.last_message, json={"model": re.compile("^grok-4")})
        <Route any method any path with json={'model': re.compile('^grok-4')}, when <lambda>, called 0 times>
        """
        wanted = Wanted(
            method=method,
            path=path,
            json=json,
            model=model,
            headers=headers,
            query=query,
            stream=stream,
            predicate=when,
        )
        self.routes.append(Route(wanted, optional=optional))
        return self.routes[-1]

    @property
    def last(self) -> RecordedCall:
        """The last call. Raises `AssertionError` when there was none."""
        if not self.calls:
            raise AssertionError("nothing was called")
        return self.calls[-1]

    async def send(self, call: Call) -> Reply:
        """See `Transport.send`. Raises `UnexpectedCall` when nothing was prepared for the call."""
        seen = recorded(call)
        with self._turn:
            self.calls.append(seen)
            number = len(self.calls)
            answer = next(filter(None, (route.take(seen) for route in self.routes if self._fits(route, seen))), None)
            if answer is None and self._handler is None:
                self.unexpected.append(seen)
        if answer is not None:
            return await answer.to(seen, number, self._clock)
        if self._handler is None:
            raise UnexpectedCall(self._why_unexpected(seen))
        reply = self._handler(call)
        return await reply if inspect.isawaitable(reply) else reply

    def verify(self) -> None:
        """Raises `Unfulfilled` when a call was unexpected, or a route was not called as often as expected.

        >>> mock = MockTransport()
        >>> _ = mock.on(path="/responses", model="grok-4.7").reply(text="Hi")
        >>> mock.verify()
        Traceback (most recent call last):
        grokkit.testing.mock.transport.Unfulfilled: not everything expected was called:
          any method /responses with model='grok-4.7': expected once, called 0 times
        """
        missing = [route for route in self.routes if route.missing()]
        told = []
        if missing:
            told.append("\n".join(["not everything expected was called:", *map(self._why_missing, missing)]))
        if self.unexpected:
            told.append("\n".join(["something unexpected was called:", *map(self._why_unexpected, self.unexpected)]))
        if told:
            raise Unfulfilled("\n".join(told))

    def reset(self) -> None:
        """Forget all routes and calls."""
        self.calls.clear()
        self.routes.clear()
        self.unexpected.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.verify()

    @staticmethod
    def _fits(route: Route, call: RecordedCall) -> bool:
        return not route.wanted.differences(call)

    def _why_unexpected(self, call: RecordedCall) -> str:
        lines = [f"no route for {call!r}"]
        if not self.routes:
            return "\n".join([*lines, "there is no route at all: make one with mock.on(...).reply(...)"])
        nearest = min(self.routes, key=lambda route: _distance(route, call))
        for route in self.routes:
            lines.append(f"  {'nearest: ' if route is nearest else ''}{route.wanted}")
            if route is nearest:
                lines += [f"      {line}" for line in _reasons(route, call)]
        return "\n".join(lines)

    def _why_missing(self, route: Route) -> str:
        line = f"  {route.missing()}"
        others = [call for call in self.calls if call not in route.calls]
        if not others:
            return line
        nearest = min(others, key=lambda call: _distance(route, call))
        return "\n".join(
            [line, f"    nearest call: {nearest!r}", *(f"      {why}" for why in _reasons(route, nearest))]
        )


def _reasons(route: Route, call: RecordedCall) -> list[str]:
    if reasons := route.wanted.differences(call):
        return reasons
    if route.calls:
        return ["it fits, and the route has given all its answers: add then(...), or raise times="]
    return ["it fits, and the route has no answer (add reply(...)), or another route before it took the call"]


def _distance(route: Route, call: RecordedCall) -> tuple[int, int]:
    reasons = route.wanted.differences(call)
    return sum(reason.startswith(("method", "path")) for reason in reasons), len(reasons)
