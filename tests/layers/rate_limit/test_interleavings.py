"""The limiter under any interleaving of calls that succeed, fail, break, are cancelled and left: what it lets go, and
what it gives back. Once with a store that answers at once, once with one that takes its time."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from grokkit.call import Call, Ending, Reply
from grokkit.config import Policies, RateLimit
from grokkit.errors import ConnectionFailed, GrokError, InvalidRequest, ServerFailed
from grokkit.layers.figures import Figures
from grokkit.layers.rate_limit import RateLimiter
from grokkit.stores import Degrading
from grokkit.stores.memory import MemoryStore
from grokkit.testing import TurnableClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from grokkit.stores.store import Store, Take, Taken

REQUESTS, TOKENS, AT_ONCE = 12, 6_000, 5
POLICY = RateLimit(
    mode="fixed", requests_per_minute=REQUESTS, tokens_per_minute=TOKENS, concurrency=AT_ONCE, burst=0.5, adaptive=False
)
FAILURES: list[tuple[type[GrokError], int | None]] = [
    (ConnectionFailed, None),
    (ServerFailed, 500),
    (ServerFailed, 503),
    (InvalidRequest, 400),
]


class Ledger(MemoryStore):
    """Knows what is taken and was not given back."""

    def __init__(self, clock: TurnableClock) -> None:
        super().__init__(clock.now)
        self.held: defaultdict[str, float] = defaultdict(float)

    async def take(self, takes: Sequence[Take]) -> Taken:
        taken = await super().take(takes)
        for take in () if taken.wait else takes:
            self.held[take.quota.key] += min(take.amount, take.quota.limit)
        return taken

    async def give(self, takes: Sequence[Take], at: float) -> None:
        await super().give(takes, at)
        for take in takes:
            self.held[take.quota.key] -= take.amount


class SlowLedger:
    """The same, at the end of a wire: another task comes between question, deed and answer."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        def ask(*args: Any, **options: Any) -> Awaitable[Any]:
            return self._ask(name, *args, **options)

        return ask

    async def _ask(self, name: str, *args: Any, **options: Any) -> Any:
        await asyncio.sleep(0)
        answer = await getattr(self._ledger, name)(*args, **options)
        await asyncio.sleep(0)
        return answer


class Sent:
    """A call, and what the server will do with it."""

    def __init__(self, number: int, tokens: int) -> None:
        self.number = number
        self.tokens = tokens
        self.task: asyncio.Task[Reply]
        self.answer: asyncio.Future[Reply] | None = None
        self.reply: Reply | None = None
        self.at = math.nan
        self.kept = {"requests_per_minute": 0.0, "tokens_per_minute": 0.0}


class LimiterMachine(RuleBasedStateMachine):
    """Calls come at any moment, and end in any way."""

    slow = False

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = TurnableClock()
        self.ledger = Ledger(self.clock)
        store: Store = self.shared() if self.slow else self.ledger
        self.limiter = RateLimiter(self.clock, store, Figures(self.clock.now))
        self.calls: list[Sent] = []

    def shared(self) -> Store:
        """The ledger as a client asks it when it is somewhere else."""
        far: Any = SlowLedger(self.ledger)
        return Degrading(far, MemoryStore(self.clock.now), clock=self.clock)

    def teardown(self) -> None:
        try:
            self.everybody_is_served()
        finally:
            self.runner.close()

    def settle(self, seconds: float = 0.0) -> None:
        self.runner.run(self.clock.advance(seconds))

    @rule(
        tokens=st.integers(1, 2500),
        tenant=st.sampled_from([None, "a", "b"]),
        priority=st.sampled_from(["high", "normal", "low"]),
        count=st.integers(1, 8),
        together=st.booleans(),
    )
    def call(self, tokens: int, tenant: str | None, priority: str, count: int, together: bool) -> None:
        for _ in range(count):
            sent = Sent(len(self.calls), tokens)
            self.calls.append(sent)
            self.runner.run(self.start(sent, tenant, priority))
        if not together:
            self.settle()

    async def start(self, sent: Sent, tenant: str | None, priority: str) -> None:
        call = Call(
            method="POST",
            base_url="http://h/v1",
            path="/responses",
            operation="responses",
            id=str(sent.number),
            model="m",
            body={"max_output_tokens": sent.tokens},
            policies=Policies(rate_limit=POLICY, tenant=tenant, priority=priority),
        )

        async def server(_: Call) -> Reply:
            sent.at = self.clock.now()
            sent.kept = {"requests_per_minute": 1.0, "tokens_per_minute": float(sent.tokens)}
            sent.answer = asyncio.get_running_loop().create_future()
            sent.reply = await sent.answer
            return sent.reply

        sent.task = asyncio.create_task(self.limiter(call, server))

    def waiting(self) -> list[Sent]:
        return [sent for sent in self.calls if sent.answer is None and not sent.task.done()]

    def running(self) -> list[Sent]:
        return [sent for sent in self.calls if sent.answer is not None and not sent.answer.done()]

    def streaming(self) -> list[Sent]:
        return [sent for sent in self.calls if sent.reply is not None]

    @precondition(lambda self: self.running())
    @rule(data=st.data(), used=st.floats(0.1, 1.0), stream=st.booleans())
    def answer(self, data: st.DataObject, used: float, stream: bool) -> None:
        sent = data.draw(st.sampled_from(self.running()))
        assert sent.answer is not None
        sent.answer.set_result(Reply(200, {}, body=None if stream else b"{}"))
        self.settle()
        if not stream:
            self.end(sent, used)

    @precondition(lambda self: self.streaming())
    @rule(data=st.data(), used=st.none() | st.floats(0.1, 1.0))
    def end_stream(self, data: st.DataObject, used: float | None) -> None:
        self.end(data.draw(st.sampled_from(self.streaming())), used)

    def end(self, sent: Sent, used: float | None) -> None:
        assert sent.reply is not None
        answer: Any = None
        if used is not None:
            tokens = max(1, int(sent.tokens * used))
            sent.kept["tokens_per_minute"] = float(tokens)
            answer = SimpleNamespace(model="m", usage=SimpleNamespace(total_tokens=tokens, output_tokens=tokens))
        self.runner.run(self.tell(sent.reply, Ending(answer, complete=used is not None)))
        sent.reply = None
        self.settle()

    async def tell(self, reply: Reply, ending: Ending) -> None:
        reply.end(ending)

    @precondition(lambda self: self.running())
    @rule(data=st.data(), failure=st.sampled_from(FAILURES))
    def fail(self, data: st.DataObject, failure: tuple[type[GrokError], int | None]) -> None:
        sent = data.draw(st.sampled_from(self.running()))
        assert sent.answer is not None
        kind, status = failure
        sent.answer.set_exception(kind("it failed", status=status))
        if status != 500:
            sent.kept["tokens_per_minute"] = 0.0
            sent.kept["requests_per_minute"] = 1.0 if status == 400 else 0.0
        self.settle()
        assert isinstance(sent.task.exception(), kind)

    @precondition(lambda self: self.waiting() or self.running())
    @rule(data=st.data(), at_once=st.booleans())
    def cancel(self, data: st.DataObject, at_once: bool) -> None:
        sent = data.draw(st.sampled_from(self.waiting() + self.running()))
        sent.task.cancel()
        if at_once:
            self.settle()

    @precondition(lambda self: self.waiting() and self.running())
    @rule(turns=st.integers(0, 12), data=st.data())
    def cancel_whose_turn_it_is(self, turns: int, data: st.DataObject) -> None:
        ending, sent = data.draw(st.sampled_from(self.running())), data.draw(st.sampled_from(self.waiting()))
        assert ending.answer is not None
        ending.answer.set_exception(ConnectionFailed("it failed"))
        ending.answer.exception()
        ending.kept = {"requests_per_minute": 0.0, "tokens_per_minute": 0.0}
        self.runner.run(self.turn(turns))
        sent.task.cancel()
        self.settle()
        assert isinstance(ending.task.exception(), ConnectionFailed)

    async def turn(self, turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)

    @rule(seconds=st.floats(0.0, 100.0))
    def wait(self, seconds: float) -> None:
        self.settle(seconds)

    @invariant()
    def no_window_has_more_than_its_limit(self) -> None:
        for name, limit in (("requests_per_minute", REQUESTS), ("tokens_per_minute", TOKENS)):
            for last in self.calls:
                window = [one.kept[name] for one in self.calls if last.at - 60.0 < one.at <= last.at]
                assert sum(window) <= limit + 1e-6

    @invariant()
    def no_more_than_may_run_at_one_time(self) -> None:
        assert len(self.running()) + len(self.streaming()) <= AT_ONCE

    def everybody_is_served(self) -> None:
        self.settle()
        for _ in range(10 * len(self.calls) + 10):
            for sent in self.running():
                assert sent.answer is not None
                sent.answer.set_result(Reply(200, {}, body=b"{}"))
            self.settle(61.1)
            for sent in self.streaming():
                self.end(sent, None)
            if all(sent.task.done() for sent in self.calls):
                break
        assert not self.waiting(), "somebody waits for ever"
        for one in self.limiter.health():
            assert (one.running, sum(one.waiting.values())) == (0, 0)
        assert self.clock.waiting == 0
        for key, held in self.ledger.held.items():
            kept = sum(sent.kept[key.rpartition("/")[2]] for sent in self.calls)
            assert math.isclose(held, kept, abs_tol=1e-6), f"{key}: {held} held, {kept} used"


class SlowStoreMachine(LimiterMachine):
    """The same with a store that others may come between."""

    slow = True


TestMemory = LimiterMachine.TestCase
TestSlowStore = SlowStoreMachine.TestCase
TestMemory.settings = TestSlowStore.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
