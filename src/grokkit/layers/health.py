"""What `client.health()` gives: how calls fare at this moment, for people and for dashboards."""

from typing import TYPE_CHECKING

import msgspec

from grokkit.layers.circuit import CircuitHealth
from grokkit.layers.rate_limit import RateLimitHealth
from grokkit.layers.retry import BudgetHealth

if TYPE_CHECKING:
    from grokkit.layers.figures import Timings
    from grokkit.layers.shared import Shared

_OK, _DEGRADED, _DOWN = "ok", "degraded", "down"


class LatencyHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How long one kind of call took within the last two minutes; seconds."""

    name: str
    """The endpoint and the model, as in `responses grok-4.7`, with the reasoning effort where one was asked for."""
    calls: int
    first_output_p50: float | None
    first_output_p95: float | None
    whole_p50: float | None
    whole_p95: float | None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot. `print(client.health())` shows it in lines; `msgspec.to_builtins(...)` makes it JSON-ready."""

    status: str
    """`down`: some circuit is open. `degraded`: calls wait, are slowed down, or the shared state is lost. Else `ok`."""
    state: str
    """Where limits, budgets and circuits are kept."""
    circuits: tuple[CircuitHealth, ...]
    limits: tuple[RateLimitHealth, ...]
    budgets: tuple[BudgetHealth, ...]
    latencies: tuple[LatencyHealth, ...]

    def __str__(self) -> str:
        lines = [f"{self.status}, state in {self.state}"]
        lines += [_circuit_line(each) for each in self.circuits]
        lines += [_limit_line(each) for each in self.limits]
        lines += [
            f"retries: {each.saved:.1f} saved, {each.paid} made, {each.refused} held back" for each in self.budgets
        ]
        lines += [_latency_line(each) for each in self.latencies]
        return "\n".join(lines)


def health_of(shared: "Shared", account: str) -> Health:
    """The snapshot of what one account's calls share."""
    circuits = tuple(each for each in shared.circuit_breaker.health() if each.account == account)
    limits = tuple(each for each in shared.rate_limiter.health() if each.account == account)
    budgets = tuple(each for each in shared.retries.health() if each.account == account)
    now = shared.clock.now()
    latencies = tuple(
        _latency(f"{kind.operation} {kind.model} {kind.effort}".rstrip(), timings, now)
        for kind, timings in shared.figures
        if kind.account == account
    )
    return Health(
        status=_status(circuits, limits, lost=getattr(shared.store, "lost", False)),
        state=repr(shared.store),
        circuits=circuits,
        limits=limits,
        budgets=budgets,
        latencies=latencies,
    )


def _status(circuits: tuple[CircuitHealth, ...], limits: tuple[RateLimitHealth, ...], *, lost: bool) -> str:
    if any(each.state != "closed" for each in circuits):
        return _DOWN
    slowed = any(each.paused_for or each.bound is not None or any(each.waiting.values()) for each in limits)
    return _DEGRADED if slowed or lost else _OK


def _latency(name: str, timings: "Timings", now: float) -> LatencyHealth:
    return LatencyHealth(
        name=name,
        calls=len(timings),
        first_output_p50=timings.first.quantile(0.5, now),
        first_output_p95=timings.first.quantile(0.95, now),
        whole_p50=timings.whole.quantile(0.5, now),
        whole_p95=timings.whole.quantile(0.95, now),
    )


def _circuit_line(circuit: CircuitHealth) -> str:
    line = f"circuit {circuit.name}: {circuit.state}, {circuit.failure_rate:.0%} of {circuit.calls} calls failed"
    if circuit.state == "closed":
        return line
    return f"{line}, next try in {circuit.retry_after:.1f} s, last error {circuit.last_error}"


def _limit_line(limit: RateLimitHealth) -> str:
    known = ", ".join(f"{each.limit:,.15g} {each.name.replace('_', ' ')} ({each.source})" for each in limit.limits)
    waiting = sum(limit.waiting.values())
    line = f"limits {limit.model}: {known or 'none known'}; {limit.running} running, {waiting} waiting"
    bound = "" if limit.bound is None else f", at most {limit.bound:.0f} at one time"
    paused = f", paused for {limit.paused_for:.1f} s" if limit.paused_for else ""
    return line + bound + paused


def _latency_line(latency: LatencyHealth) -> str:
    return (
        f"latency {latency.name}: {latency.calls} calls, first output {_seconds(latency.first_output_p50)} "
        f"(p95 {_seconds(latency.first_output_p95)}), whole {_seconds(latency.whole_p50)} "
        f"(p95 {_seconds(latency.whole_p95)})"
    )


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.3g} s"
