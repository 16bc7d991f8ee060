"""The state of one circuit. Everything that opens, probes or closes it is here; pure: time and events come in.

    closed     every call passes, and is counted           -> open, when too many failed or were slow
    open       no call passes before `until`               -> half open, with the first call after it
    half open  one call, the probe, is on its way          -> closed, when it is answered in time
                                                           -> open for longer, when it fails or is slow
                                                           -> open and due at once, when it says nothing

Each change begins a new epoch. A call is let through with the number of its epoch, and what became of it counts only
while that epoch lasts: what set out before an outage says nothing about the time after it, and a probe that was
given up does not interfere with the next.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from grokkit.layers.circuit.window import Counts, Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.config.policies import Circuit
    from grokkit.layers.circuit.window import Slot

_MOST_DOUBLINGS = 32
_JITTER = 0.1


class Phase(Enum):
    """What a circuit does with calls."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Change(Enum):
    """What an event did to a circuit."""

    OPENED = "opened"
    CLOSED = "closed"
    GIVEN_BACK = "given back"
    """The probe said nothing: the next call is one."""


class Mark(NamedTuple):
    """Where a call was counted, should it turn out later to have failed."""

    epoch: int
    slot: Slot


class CircuitState:
    """Whether calls pass, and when the next one may. `random` gives numbers from 0 to 1.

    >>> from grokkit.config.policies import Circuit
    >>> policy = Circuit(min_calls=2, open_for=5.0)
    >>> state = CircuitState(random=lambda: 1.0)
    >>> for second in (0.0, 1.0):
    ...     change = state.ended(state.admit(second, lease=10.0), second, policy, failure="500")
    >>> change, state.admit(2.0, lease=10.0), state.retry_after(2.0)
    (<Change.OPENED: 'opened'>, None, 4.0)
    >>> probe = state.admit(6.0, lease=10.0)
    >>> state.phase, state.admit(6.0, lease=10.0), state.ended(probe, 7.0, policy)
    (<Phase.HALF_OPEN: 'half_open'>, None, <Change.CLOSED: 'closed'>)
    """

    __slots__ = (
        "_in_a_row",
        "_window",
        "epoch",
        "last_error",
        "opened_by",
        "phase",
        "random",
        "rest",
        "times",
        "until",
    )

    def __init__(self, random: Callable[[], float]) -> None:
        self.random = random
        self.phase = Phase.CLOSED
        self.epoch = 0
        self.until = 0.0
        """While open, when the first call may pass; while half open, when the probe counts as lost."""
        self.times = 0
        """How often it opened since it was last closed."""
        self.rest = 0.0
        """Seconds from the last opening to the next probe."""
        self.opened_by = Counts()
        self.last_error = ""
        self._window = Window(0.0)
        self._in_a_row = 0

    def admit(self, now: float, *, lease: float) -> int | None:
        """The epoch in which a call passes, or None when it does not.

        When the circuit is half open after that, the call is the probe: for so many seconds, unless `renew` is called.
        """
        if self.phase is Phase.CLOSED:
            return self.epoch
        if now < self.until:
            return None
        self._enter(Phase.HALF_OPEN)
        self.until = now + lease
        return self.epoch

    def ended(
        self, epoch: int | None, now: float, policy: Circuit, *, failure: str | None = None, slow: bool = False
    ) -> Change | None:
        """A call of that epoch had its first output, or failed with these words."""
        if epoch != self.epoch:
            return None
        failed = failure is not None
        if failure is not None:
            self.last_error = failure
        if self.phase is Phase.CLOSED:
            window = self._window
            if policy.window != window.seconds:
                window.grow(policy.window)
            window.add(now, failed=failed, slow=slow)
            self._in_a_row = self._in_a_row + 1 if failed else 0
            return self._judge(now, policy) if failed or slow else None
        if failed or slow:
            return self._open(now, policy)
        self.close()
        self._window.add(now, failed=False, slow=False)  # it may still break
        return Change.CLOSED

    def broke(self, mark: Mark, now: float, policy: Circuit, *, failure: str) -> Change | None:
        """A call whose output had begun failed after all."""
        if mark.epoch != self.epoch:
            return None
        self.last_error = failure
        self._window.fail(mark.slot, now)
        return self._judge(now, policy)

    def left(self, epoch: int, now: float) -> Change | None:
        """A call of that epoch ended in a way that says nothing about the server."""
        if epoch != self.epoch or self.phase is not Phase.HALF_OPEN:
            return None
        self.put_off(epoch, now)
        return Change.GIVEN_BACK

    def put_off(self, epoch: int, until: float) -> None:
        """The probe of that epoch is not sent: the next call after `until` may be one."""
        if epoch == self.epoch and self.phase is Phase.HALF_OPEN:
            self._enter(Phase.OPEN)
            self.until = until

    def renew(self, epoch: int, until: float) -> bool:
        """Whether the probe of that epoch is still the one: then it is until that moment."""
        if epoch != self.epoch or self.phase is not Phase.HALF_OPEN:
            return False
        self.until = until
        return True

    def open(self, until: float, *, rest: float, times: int, counts: Counts, failure: str) -> None:
        """Open it, as somebody else did."""
        self._enter(Phase.OPEN)
        self.until = until
        self.rest = rest
        self.times = times
        self.opened_by = counts
        self.last_error = failure
        self._window.clear()

    def close(self) -> None:
        """Let all calls pass, and forget what was counted."""
        self._enter(Phase.CLOSED)
        self.times = 0
        self.last_error = ""
        self._window.clear()

    def mark(self) -> Mark | None:
        """Where the last call was counted; None when that does not matter any more."""
        slot = self._window.latest
        return None if slot is None else Mark(self.epoch, slot)

    def counts(self, now: float) -> Counts:
        """What is counted; once it is open, what opened it."""
        return self._window.counts(now) if self.phase is Phase.CLOSED else self.opened_by

    def retry_after(self, now: float) -> float:
        """Seconds until a call may pass, as far as is known."""
        return 0.0 if self.phase is Phase.CLOSED else max(0.0, self.until - now)

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self.epoch += 1
        self._in_a_row = 0

    def _judge(self, now: float, policy: Circuit) -> Change | None:
        counts = self._window.counts(now)
        nothing_works = policy.failure_rate is not None and self._in_a_row >= max(1, policy.min_calls)
        if counts.calls < policy.min_calls or not (nothing_works or _is_too_much(counts, policy)):
            return None
        self.opened_by = counts
        self._window.clear()
        return self._open(now, policy)

    def _open(self, now: float, policy: Circuit) -> Change:
        self._enter(Phase.OPEN)
        self.times += 1
        self.rest = rest_after(self.times, policy, self.random())
        self.until = now + self.rest
        return Change.OPENED


def rest_after(times: int, policy: Circuit, random: float) -> float:
    """Seconds that a circuit stays open when it opens for that many times in a row: up to a tenth less than doubled.

    >>> from grokkit.config.policies import Circuit
    >>> [rest_after(times, Circuit(open_for=5.0, longest=60.0), random=1.0) for times in (1, 2, 5)]
    [5.0, 10.0, 60.0]
    """
    doubled: float = policy.open_for * 2 ** min(times - 1, _MOST_DOUBLINGS)
    return min(doubled, policy.longest) * (1 - _JITTER * (1 - random))


def _is_too_much(counts: Counts, policy: Circuit) -> bool:
    failing = policy.failure_rate is not None and _exceeds(counts.failure_rate, policy.failure_rate)
    return failing or (policy.slow_after is not None and _exceeds(counts.slow_rate, policy.slow_rate))


def _exceeds(share: float, limit: float) -> bool:
    return share > limit or share >= 1.0
