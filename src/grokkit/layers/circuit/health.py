"""How a circuit is, for those who look at it from outside: its snapshot, and the error of a call it stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from grokkit.errors import CircuitOpen
from grokkit.layers.circuit.state import Phase

if TYPE_CHECKING:
    from grokkit.call import Call
    from grokkit.layers.circuit.state import CircuitState
    from grokkit.layers.circuit.window import Counts


class CircuitHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One circuit of a client, at one moment. The rates are of its window; once it is open, of when it opened."""

    name: str
    """The endpoint and the model, as in `responses grok-4.7`."""
    account: str
    """Whose it is: a fingerprint of address and key."""
    state: str
    """`closed`, `open` or `half_open`."""
    failure_rate: float
    """The share of calls that failed by the server's or the network's fault."""
    slow_rate: float
    """The share of calls that took longer than `slow_after` to their first output."""
    calls: int
    """How many calls the rates are of."""
    retry_after: float
    """Seconds until a call may pass; 0.0 while it is closed."""
    last_error: str
    """The last failure in brief; empty when there was none since it was closed."""


def health_of(state: CircuitState, name: str, account: str, now: float) -> CircuitHealth:
    """A snapshot."""
    counts = state.counts(now)
    return CircuitHealth(
        name=name,
        account=account,
        state=state.phase.value,
        failure_rate=counts.failure_rate,
        slow_rate=counts.slow_rate,
        calls=counts.calls,
        retry_after=state.retry_after(now),
        last_error=state.last_error,
    )


def refusal(state: CircuitState, name: str, now: float, call: Call) -> CircuitOpen:
    """The error for a call that an open circuit does not let pass."""
    retry_after = state.retry_after(now)
    last = f", the last with {state.last_error}" if state.last_error else ""
    when = "a probe is on its way" if state.phase is Phase.HALF_OPEN else f"the next probe is in {retry_after:.1f} s"
    return CircuitOpen(
        f"the circuit {name!r} is open and nothing was sent: {_trouble(state.opened_by)}{last}; {when}",
        hint=CircuitOpen.hint,
        call=call.ref,
        client_request_id=call.id,
        retry_after=retry_after,
    )


def _trouble(counts: Counts) -> str:
    slow = f"{counts.slow} of {counts.calls} calls were slow"
    if not counts.failures:
        return slow
    failed = f"{counts.failures} of {counts.calls} calls failed"
    return f"{failed}, {counts.slow} were slow" if counts.slow else failed
