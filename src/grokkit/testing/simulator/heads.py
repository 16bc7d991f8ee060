"""The headers of replies, as recorded: what every good reply has, and what goes with each family of endpoints."""

from __future__ import annotations

import email.utils
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grokkit.testing.simulator.handlers import Head
    from grokkit.testing.simulator.visit import Outcome, Visit

_EVERYWHERE = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "*",
    "cf-cache-status": "DYNAMIC",
    "server": "cloudflare",
    "strict-transport-security": "max-age=31536000",
    "vary": "origin, access-control-request-method, access-control-request-headers",
}
_GENERATING = {"requests", "tokens", "chat"}
_ERRORS_FROM = 400


def head_of(visit: Visit | None, outcome: Outcome, family: Head, now: float) -> dict[str, str]:
    """The headers of a reply. Errors carry no ids, limits or timings: none of the recorded ones does."""
    headers = {**_EVERYWHERE, "date": email.utils.formatdate(now, usegmt=True)}
    if outcome.media_type is not None:
        headers["content-type"] = outcome.media_type
    if visit is not None and outcome.status < _ERRORS_FROM:
        headers |= _of_family(visit, outcome, family)
    return headers | outcome.headers


def _of_family(visit: Visit, outcome: Outcome, family: Head) -> dict[str, str]:
    if family == "plain":
        return {}
    draw = random.Random(visit.id)  # noqa: S311 - made-up timings, the same for the same seed
    trace = {"traceparent": f"00-{draw.getrandbits(128):032x}-{draw.getrandbits(64):016x}-01"}
    if family == "traced":
        return trace | {"x-trace-id": visit.id}
    headers = trace | {"x-request-id": visit.id}
    if family not in _GENERATING:
        return headers | {"x-metrics-e2e-ms": f"{draw.uniform(0.2, 9.0):.1f}"}
    headers |= _timings(draw, outcome, family)
    headers |= visit.simulator.limits.headers(visit, outcome.model, tokens=family != "requests")
    return headers | {"x-zero-data-retention": "true" if visit.simulator.zero_data_retention else "false"}


def _timings(draw: random.Random, outcome: Outcome, family: Head) -> dict[str, str]:
    if family == "requests":
        return {"x-metrics-e2e-ms": f"{draw.uniform(0.2, 9.0):.1f}"}
    first, between = draw.uniform(90, 400), draw.uniform(6, 14)
    written = outcome.bill.output_tokens if outcome.bill else 1
    if outcome.frames is not None:
        return {"x-metrics-ttft-ms": f"{first:.1f}"}
    timings = {"x-metrics-e2e-ms": f"{first + between * written:.1f}"}
    if family == "chat":
        timings |= {"x-metrics-mean-itl-ms": f"{between:.1f}", "x-metrics-ttft-ms": f"{first:.1f}"}
    return timings
