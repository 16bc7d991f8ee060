"""What a simulator is on the inside, for those who answer: time, ids, keys, models, state, mind, money, faults."""

from __future__ import annotations

import hashlib
import random
import time
import uuid
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from grokkit.clock import SystemClock
from grokkit.models import KNOWN_ON
from grokkit.testing.simulator.bill import PromptCache, make_bill, prompt_tokens
from grokkit.testing.simulator.faults import NO_FAULT, Chance
from grokkit.testing.simulator.keys import Key, Keys, secret_of
from grokkit.testing.simulator.lag import Lag
from grokkit.testing.simulator.latency import check_latency, drawn
from grokkit.testing.simulator.limits import Limits
from grokkit.testing.simulator.mind import Mind
from grokkit.testing.simulator.record import Record, Tally
from grokkit.testing.simulator.refusal import invalid
from grokkit.testing.simulator.script import Script
from grokkit.testing.simulator.serving_models import ANY, Models

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.clock import Clock
    from grokkit.testing.simulator.bill import Bill
    from grokkit.testing.simulator.faults import Fault
    from grokkit.testing.simulator.latency import Latency
    from grokkit.testing.simulator.mind import Thinker
    from grokkit.testing.simulator.thought import Prompt, Thought
    from grokkit.testing.simulator.visit import Visit

S = TypeVar("S")

_KEBAB_CODES_SINCE = date(2026, 7, 1)


class World:
    """Everything that answers depend on. `reset()` makes it new."""

    def __init__(
        self,
        *,
        seed: int,
        clock: Clock | None,
        key: str | None,
        management_key: str | None,
        as_of: date | None,
        latency: Latency | None,
        pace: float | None,
        job_seconds: float,
        zero_data_retention: bool,
        thinker: Thinker | None,
        remembers: int,
    ) -> None:
        check_latency(latency)
        self.seed = seed
        self.clock: Clock = clock or SystemClock()
        self.latency = latency
        self.pace = pace
        self.job_seconds = job_seconds
        self.zero_data_retention = zero_data_retention
        self.key = key or secret_of("key", seed)
        self.management_key = management_key or secret_of("management-key", seed)
        self.team_id = _uuid(seed, "team", 0)
        self.models = Models(as_of or max(date.today(), KNOWN_ON))  # noqa: DTZ011 - a default: no day before the newest API
        self.speaks_old_codes = as_of is not None and as_of < _KEBAB_CODES_SINCE
        self.keys, self.management_keys, self.client_secrets = Keys(), Keys(management=True), Keys()
        self._began = (self.clock.now(), _noon(as_of) if as_of else time.time())
        self._thinker = thinker
        self._remembers = remembers
        self.reset()

    def reset(self) -> None:
        """Forget everything: rules, faults, limits, calls, files, stored responses. Keys are the first ones again."""
        self.calls = Record(self._remembers)
        """What was seen, oldest first: the last requests, and of these the bodies up to 32 MiB together."""
        self.tally = Tally()
        """How many requests there were; see `count`."""
        self.lag = Lag()
        """How late streamed events were, against the pace."""
        self.script = Script()
        self.limits = Limits()
        self.mind: Thinker = self._thinker or Mind(self.seed)
        self.chances: list[Chance] = []
        self._cache = PromptCache()
        self._states: dict[type, Any] = {}
        self._ids = 0
        for keys, secret in ((self.keys, self.key), (self.management_keys, self.management_key)):
            keys.by_secret.clear()
            keys.add(self._first_key(secret))
        self.client_secrets.by_secret.clear()

    def _first_key(self, secret: str) -> Key:
        return Key(
            secret=secret, id=_uuid(self.seed, "key", 0), team_id=self.team_id, user_id=_uuid(self.seed, "user", 0)
        )

    def count(self, *, path: str | None = None, model: str | None = None, status: int | None = None) -> int:
        """How many requests were answered, or ended without an answer, of all that there ever were.

        `path` is the address as the API writes it, with or without `/v1`; `model` the name that was asked for. A
        request is counted before its caller gets the first byte. `tally` knows how many arrived, and are there now.
        """
        return self.tally.count(path, model, status)

    def state(self, kind: type[S]) -> S:
        """The one object of this class that this simulator keeps; made at first use, gone with `reset()`."""
        if kind not in self._states:
            self._states[kind] = kind()
        found: S = self._states[kind]
        return found

    def time(self) -> float:
        """Unix time, on the simulator's clock."""
        began, at = self._began
        return at + (self.clock.now() - began)

    def today(self) -> datetime:
        """The same as a date."""
        return datetime.fromtimestamp(self.time(), UTC)

    def new_id(self) -> str:
        """A UUID; the n-th of a seed is always the same."""
        self._ids += 1
        return _uuid(self.seed, "id", self._ids)

    def service_tier(self, *, priority: bool) -> str | None:
        """The `service_tier` of a reply; `None` before there were tiers."""
        if self.speaks_old_codes:
            return None
        return "priority" if priority else "default"

    async def think(self, prompt: Prompt, visit: Visit) -> Thought:
        """The script's answer to a prompt, else the mind's. Raises the 400 of one longer than the model takes."""
        window = self.models.serving(prompt.model, ANY).context_window
        if window is not None and (sent := prompt_tokens(prompt)) > window:
            raise invalid(f"This model's maximum prompt length is {window} but the request contains {sent} tokens.")
        scripted = await visit.cue.thought(visit) if visit.cue else None
        return scripted or await self.mind.think(prompt)

    def make_bill(self, prompt: Prompt, thoughts: Sequence[Thought], visit: Visit) -> Bill:
        """What these answers cost."""
        model = self.models.serving(prompt.model, ANY)
        cached = self._cache.cached(visit.key.id if visit.key else "", prompt)
        return make_bill(prompt, thoughts, model, cached)

    def fault_for(self, visit: Visit) -> Fault:
        """What goes wrong with a request: what its script says, else what chance says."""
        if visit.cue is not None and visit.cue.step.manner is not NO_FAULT:
            return visit.cue.step.manner
        struck = [chance.drawn(visit) for chance in self.chances]
        return next((fault for fault in struck if fault is not None), NO_FAULT)

    def wait_for(self, visit: Visit, fault: Fault) -> float:
        """How many seconds pass before a reply begins."""
        draw = random.Random(f"{self.seed}:{visit.id}")  # noqa: S311 - the same waits for the same seed
        delay = visit.cue.step.delay if visit.cue is not None else None
        own = fault.latency if fault.latency is not None or delay is not None else self.latency
        return drawn(own, draw) + drawn(delay, draw)


def _uuid(seed: int, word: str, number: int) -> str:
    return str(uuid.UUID(bytes=hashlib.blake2b(f"{seed}:{word}:{number}".encode(), digest_size=16).digest()))


def _noon(day: date) -> float:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
