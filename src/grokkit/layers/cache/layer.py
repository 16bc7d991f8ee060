"""The layer: gives the answer that an equal call had, or lets the call go on and stores what comes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from grokkit.call import Reply
from grokkit.errors import StoreUnavailable
from grokkit.layers.cache.decision import asked, call_refused
from grokkit.layers.cache.entry import find, invalidate, marks_now
from grokkit.layers.cache.key import key_of
from grokkit.layers.cache.playback import Playback, frames
from grokkit.layers.cache.question import Question, store_answer
from grokkit.layers.cache.refresh import Refreshing
from grokkit.telemetry.events import CacheHit, CacheMissed, CacheRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from grokkit.call import Call, Ending, Next
    from grokkit.clock import Clock
    from grokkit.config import SecretURL
    from grokkit.layers.cache.entry import Entry
    from grokkit.layers.cache.places import Places
    from grokkit.stores import Store
    from grokkit.telemetry.events import Hook
    from grokkit.wire.usage import Prices

CACHED = "cached"
"""The name in a reply's context of the note that it comes out of the cache."""

_decode = msgspec.json.decode


class CacheHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How often the cache had an answer, since the client was made."""

    hits: int
    stale: int
    """Those of the hits whose time was over."""
    misses: int
    refreshing: int
    """Answers that are being fetched anew at this moment."""


class AnswerCache:
    """The layer of one client, and of those derived from it. It stands outside everything that a call costs."""

    def __init__(
        self,
        places: Places,
        clock: Clock,
        *,
        hooks: Sequence[Hook] = (),
        prices: Callable[[str], Prices | None] = lambda _model: None,
    ) -> None:
        """`prices` gives what a model costs, by its name, for replies that do not say what they cost."""
        self._places = places
        self._clock = clock
        self._refreshing = Refreshing(clock, hooks, prices)
        self._hits = self._stale = self._misses = 0

    def __repr__(self) -> str:
        return "cache"

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        """An answer that is stored and may be given, or the reply to the call."""
        question = self._question(call)
        if question is None:
            return await call_next(call)
        found = await find(question.store, question.key)
        if found is not None and (found.fresh or question.policy.stale):
            self._hits += 1
            self._stale += not found.fresh
            if not found.fresh:
                self._refreshing.begin(question, call_next, found.entry.cost_ticks)
            call.tell(CacheHit, stale=not found.fresh, saved_ticks=found.entry.cost_ticks or 0)
            return self._given(call, found.entry)
        self._misses += 1
        call.tell(CacheMissed)
        return await _asked_and_stored(question, call_next)

    def _question(self, call: Call) -> Question | None:
        """What the call asks of the cache, unless it is none of its business or has to be made."""
        body = asked(call)
        if body is None:
            return None
        refused = call_refused(call, body, call.policies.cache)
        if refused is not None:
            call.tell(CacheRefused, reason=refused)
            return None
        key = key_of(call, body)
        return None if key is None else Question(call, key, self._places.of(call.policies.cache.store))

    def _given(self, call: Call, entry: Entry) -> Reply:
        headers = {} if entry.request_id is None else {"x-request-id": entry.request_id}
        if call.stream and call.gather is None:
            stream = Playback(frames(call.path, _decode(entry.body)), call.policies.cache.pace, self._clock)
            reply = Reply(200, {**headers, "content-type": "text/event-stream"}, stream=stream)
        else:
            reply = Reply(200, {**headers, "content-type": "application/json"}, body=entry.body)
        reply.context |= {CACHED: True, "attempts": 0}
        if call.limits.total is not None:
            reply.context["deadline"] = self._clock.now() + call.limits.total
        return reply

    async def invalidate(self, mark: str, where: SecretURL | Store | str | None) -> None:
        """Let no answer under a mark be given any more. Raises `StoreUnavailable` when the store is lost."""
        store = self._places.of(where)
        await invalidate(store, mark)
        if getattr(store, "lost", False):
            raise StoreUnavailable(
                f"the stored answers in {store!r} could not be invalidated: it cannot be reached",
                hint="they are not given while it is away; invalidate once more when it is back",
            )

    def health(self) -> CacheHealth:
        """How often there was an answer."""
        return CacheHealth(hits=self._hits, stale=self._stale, misses=self._misses, refreshing=self._refreshing.running)

    async def aclose(self) -> None:
        """End what goes on in the background, and let go of what was opened."""
        await self._refreshing.aclose()
        await self._places.aclose()


async def _asked_and_stored(question: Question, call_next: Next) -> Reply:
    marks = await marks_now(question.store, question.marks)
    reply = await call_next(question.call)
    reply.on_end(partial(_ended, question, marks, reply))
    return reply


def _ended(question: Question, marks: Mapping[str, bytes], reply: Reply, ending: Ending) -> None:
    """A good answer, read to its end, is stored; of all others nothing is."""
    answer = ending.answer
    if answer is None or ending.error is not None or not ending.complete:
        return

    async def store() -> None:
        await store_answer(question, marks, answer, reply)

    reply.afterwards(store)
