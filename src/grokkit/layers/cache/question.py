"""One question to the cache: the call, where its answer is kept and under which name; and the storing of an answer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from grokkit.layers.cache.decision import answer_refused
from grokkit.layers.cache.entry import Entry, keep, mark_of_tag, mark_of_tenant, size_of
from grokkit.telemetry.events import CacheRefused, CacheStored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grokkit.call import Call, Reply
    from grokkit.config import Cache
    from grokkit.stores import Store
    from grokkit.telemetry.events import Answered

_logger = logging.getLogger("grokkit")
_encode = msgspec.json.Encoder().encode


class Question(NamedTuple):
    """What a call asks of the cache."""

    call: Call
    key: str
    store: Store

    @property
    def policy(self) -> Cache:
        """What the call says of the cache."""
        return self.call.policies.cache

    @property
    def marks(self) -> list[str]:
        """The keys of the marks that its answer has."""
        account = self.call.account
        tags = [mark_of_tag(account, tag) for tag in self.policy.tags]
        return [mark_of_tenant(account, self.call.policies.tenant), *tags]


async def store_answer(question: Question, marks: Mapping[str, bytes], answer: Answered, reply: Reply) -> bool:
    """Store an answer if that may be, and tell the hooks; whether it was. A store that fails costs no answer."""
    policy = question.policy
    refused = answer_refused(question.call.path, answer.raw, reply.context)
    if refused is None:
        entry = Entry(
            body=_encode(answer.raw),
            marks=dict(marks),
            request_id=reply.request_id,
            cost_ticks=answer.usage.cost_ticks,
            fades=policy.stale > 0,
        )
        refused = "size" if size_of(entry) > policy.max_entry else await _keep(question, entry)
    if refused:
        question.call.tell(CacheRefused, reason=refused)
    return refused is None


async def _keep(question: Question, entry: Entry) -> str | None:
    try:
        if not await keep(question.store, question.key, entry, question.policy):
            return "invalidated"
    except Exception:
        _logger.exception("grok.cache_failed to store an answer of %s", question.call)
        return "store"
    question.call.tell(CacheStored, size=size_of(entry))
    return None
