"""Fetching an answer anew while its old one is still given: once for the whole fleet, within what it may cost."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import uuid
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from grokkit.call import Ending, new_identity
from grokkit.errors import GrokError
from grokkit.layers.cache.decision import CHAT
from grokkit.layers.cache.entry import is_fresh, marks_now
from grokkit.layers.cache.question import store_answer
from grokkit.layers.stopping import stop
from grokkit.stores import Quota, Take
from grokkit.telemetry.events import CacheRefused
from grokkit.telemetry.span import Span
from grokkit.wire.answer import Answer, Origin, chat_answer, response_answer
from grokkit.wire.usage import TICKS_PER_USD

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grokkit.call import Call, Next, Reply
    from grokkit.clock import Clock
    from grokkit.layers.cache.question import Question
    from grokkit.telemetry.events import Hook
    from grokkit.wire.usage import Prices

    _Key: TypeAlias = tuple[asyncio.AbstractEventLoop, str]

_logger = logging.getLogger("grokkit")

_LEASE = 300.0
"""Seconds for which nobody else fetches the same, at most."""
_PAUSE = 10.0
"""Seconds until the next try after one that brought nothing to store."""
_HOUR = 3600.0


class Refreshing:
    """The tasks of one client that fetch answers anew. They end with it."""

    def __init__(self, clock: Clock, hooks: Sequence[Hook], prices: Callable[[str], Prices | None]) -> None:
        self._clock = clock
        self._hooks = hooks
        self._prices = prices
        self._tasks: dict[_Key, asyncio.Task[None]] = {}

    @property
    def running(self) -> int:
        """How many answers are being fetched."""
        return len(self._tasks)

    def begin(self, question: Question, call_next: Next, last_cost: int | None) -> None:
        """Fetch the answer to this question in the background, unless that is going on already."""
        key = (asyncio.get_running_loop(), question.key)
        if key not in self._tasks:
            task = self._tasks[key] = asyncio.create_task(self._run(question, call_next, (last_cost or 0)))
            task.add_done_callback(partial(self._ended, key))

    def _ended(self, key: _Key, task: asyncio.Task[None]) -> None:
        self._tasks.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            _logger.error("grok.cache_failed to fetch an answer anew", exc_info=error)

    async def aclose(self) -> None:
        """End them all; those of the running loop have ended when this comes back."""
        here = asyncio.get_running_loop()
        for (loop, _), task in list(self._tasks.items()):
            if loop is not here and not loop.is_closed():
                loop.call_soon_threadsafe(task.cancel)
        await stop([task for (loop, _), task in list(self._tasks.items()) if loop is here])

    async def _run(self, question: Question, call_next: Next, last_cost: int) -> None:
        lease, holder = f"{question.key}:refresh", uuid.uuid4().hex
        store = question.store
        if not await store.lease(lease, holder, seconds=_LEASE):
            return
        pause = 0.0
        try:
            if not await is_fresh(store, question.key) and not await self._fetch(question, call_next, last_cost):
                pause = _PAUSE
        except GrokError:
            pause = _PAUSE  # the hooks were told
        except Exception:
            pause = _PAUSE
            raise
        finally:
            await (store.lease(lease, holder, seconds=pause) if pause else store.release(lease, holder))

    async def _fetch(self, question: Question, call_next: Next, last_cost: int) -> bool:
        """Whether a new answer was stored. What the old one cost is set aside for it, and put right afterwards."""
        policy, store = question.policy, question.store
        aside = last_cost / TICKS_PER_USD
        if not policy.refresh_usd:
            return self._too_dear(question)
        limit = policy.refresh_usd
        quota = Quota(key=f"cache:{question.call.account}:refresh", limit=limit, window=_HOUR, depth=2 * limit)
        taken = await store.take([Take(quota, aside)])
        if taken.wait:
            return self._too_dear(question)
        spent = aside
        try:
            marks = await marks_now(store, question.marks)
            reply, answer = await self._ask(_anew(question.call), call_next)
            spent = (answer.usage.cost_ticks or 0) / TICKS_PER_USD
        except GrokError as error:
            spent = aside if error.may_have_run else 0.0
            raise
        finally:
            if spent != aside:
                await store.give([Take(quota, aside - spent)], taken.at)
        return await store_answer(question, marks, answer, reply)

    async def _ask(self, call: Call, call_next: Next) -> tuple[Reply, Answer]:
        span = Span(call, self._hooks, self._clock)
        try:
            reply = await call_next(call.replace(span=span))
            span.replied(reply.status, reply.request_id)
            reply.span = span
            read = chat_answer if call.path == CHAT else response_answer
            origin = Origin(request_id=reply.request_id, client_request_id=call.id, prices=self._prices)
            answer = read(reply.json(), origin)
        except BaseException as error:
            span.failed(error)
            raise
        reply.end(Ending(answer))
        await reply.settled()
        return reply, answer

    @staticmethod
    def _too_dear(question: Question) -> bool:
        question.call.tell(CacheRefused, reason="refresh_usd")
        return False


def _anew(call: Call) -> Call:
    """The same asked once more, by nobody in particular: not streamed, and after those for whom people wait."""
    identity = new_identity()
    plain = call if call.gather is not None else _not_streamed(call)
    return plain.replace(
        id=identity,
        headers={**plain.headers, "x-client-request-id": identity},
        policies=dataclasses.replace(call.policies, priority="low"),
        deadline=None,
        span=None,
    )


def _not_streamed(call: Call) -> Call:
    if not call.stream or call.body is None or isinstance(call.body, bytes):
        return call
    body = {name: value for name, value in call.body.items() if name not in {"stream", "stream_options"}}
    return call.replace(stream=False, body=body, headers={**call.headers, "accept": "application/json"})
