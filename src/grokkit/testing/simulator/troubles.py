"""What the API says when something is wrong, by status and by name: the real bodies, with the team's own figures."""

from __future__ import annotations

import email.utils
from datetime import datetime
from typing import TYPE_CHECKING

from grokkit.testing.simulator.nearest import unknown_name
from grokkit.testing.simulator.refusal import Refusal, invalid, not_found, not_permitted, refusal, undeserialisable

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.testing.simulator.visit import Visit

_EDGE = frozenset({520, 521, 522, 523, 524, 525, 526, 530})
_RESPONSES, _VIOLATION_TICKS = "/v1/responses", 500_000_000
_EDGE_WAIT = {"retry-after": "120"}


def rate_limited(team: str, model: str, figures: str) -> Refusal:
    """429: too fast."""
    return Refusal.flat(
        429,
        "resource-exhausted",
        f"Too many requests for team {team} and model {model}. Your team's rate limit is - {figures}.",
    )


def at_capacity(model: str) -> Refusal:
    """429: the model is full."""
    return Refusal.flat(
        429,
        "resource-exhausted",
        f"The model {model} is at capacity and currently cannot serve this request. "
        "Please try again later or use a higher service tier for higher availability.",
    )


def out_of_credits(team: str) -> Refusal:
    """429: no money left. Waiting does not help."""
    return Refusal.flat(
        429,
        "Some resource has been exhausted",
        f"Your team {team} has used all available credits or reached its monthly spending limit. "
        "To continue making API requests, please purchase more credits or raise your spending limit.",
    )


def against_guidelines(check: str, visit: Visit) -> Refusal:
    """403: moderation stopped it before anything was generated, which on Responses costs $0.05."""
    text = f"Content violates usage guidelines. Failed check: {check}"
    refused = Refusal.flat(403, "permission-denied", text)
    refused.fee_ticks = _VIOLATION_TICKS if visit.path == _RESPONSES else 0
    return refused


def by_name(name: str, visit: Visit) -> Refusal:
    """The trouble of this name. Raises `Misused` with the nearest for an unknown one."""
    if name not in TROUBLES:
        raise unknown_name("error", name, TROUBLES)
    return TROUBLES[name](visit)


def by_status(status: int, visit: Visit) -> Refusal:
    """What the API says with a status."""
    if status in _EDGE:
        return Refusal.edge(status, headers=_EDGE_WAIT)
    known = _BY_STATUS.get(status)
    if known is not None:
        return known(visit)
    return refusal(status, "The request cannot be served." if status < 500 else "Internal error")  # noqa: PLR2004


def with_retry_after(refused: Refusal, wait: float | str | datetime | None) -> Refusal:
    """The refusal with a `Retry-After` header: seconds, a date, or the text as it is."""
    if wait is not None:
        refused.headers["retry-after"] = retry_after(wait)
    return refused


def retry_after(wait: float | str | datetime) -> str:
    """The value of the header.

    >>> retry_after(2), retry_after(1.5)
    ('2', '1.5')
    """
    if isinstance(wait, datetime):
        return email.utils.format_datetime(wait, usegmt=True)
    return wait if isinstance(wait, str) else f"{wait:g}"


def _model(visit: Visit) -> str:
    return visit.asked.model or "grok-4.7"


def _team(visit: Visit) -> str:
    return visit.simulator.team_id


TROUBLES: dict[str, Callable[[Visit], Refusal]] = {
    "rate_limit": lambda visit: rate_limited(
        _team(visit),
        _model(visit),
        "Requests per Second (actual/limit): 2/2, Requests per Minute (actual/limit): 73/60",
    ),
    "capacity": lambda visit: at_capacity(_model(visit)),
    "credits": lambda visit: out_of_credits(_team(visit)),
    "personal_credits": lambda _: Refusal.flat(
        429, 429, "You have run out of credits. [WKE=personal-team-blocked:spending-limit]"
    ),
    "subscription": lambda _: Refusal.flat(402, "402", "Your Grok subscription balance is used up."),
    "no_key": lambda _: Refusal.flat(401, "unauthenticated", "No API key provided."),
    "wrong_key": lambda _: invalid(
        "Incorrect API key provided: xa***00. You can obtain an API key from https://console.x.ai."
    ),
    "permission": lambda _: not_permitted(),
    "blocked": lambda _: Refusal.flat(403, "permission-denied", "The user is blocked. [WKE=unauthorized:blocked-user]"),
    "content": lambda visit: against_guidelines("SAFETY_CHECK_TYPE_BIO", visit),
    "model": lambda visit: not_found(
        f"The model {_model(visit)} does not exist or your team does not have access to it."
    ),
    "context": lambda _: invalid(
        "This model's maximum prompt length is 500000 but the request contains 500001 tokens."
    ),
    "too_large": lambda _: Refusal.text(413, "Failed to buffer the request body: length limit exceeded"),
    "unreadable": lambda _: undeserialisable("missing field `model`", column=2),
    "timeout": lambda _: Refusal.flat(408, "deadline-exceeded", "The request timed out."),
    "server": lambda _: Refusal.flat(500, "internal", "Internal error"),
    "unavailable": lambda _: Refusal.flat(503, "unavailable", "The service is currently unavailable"),
    "overloaded": lambda _: Refusal.flat(529, "unavailable", "The service is overloaded. Please try again later."),
    "edge": lambda _: Refusal.edge(520, headers=_EDGE_WAIT),
}
"""The errors that scripts call by name."""

_BY_STATUS: dict[int, Callable[[Visit], Refusal]] = {
    400: lambda _: invalid("Invalid request content: the request cannot be served."),
    401: TROUBLES["no_key"],
    402: TROUBLES["subscription"],
    403: TROUBLES["permission"],
    404: lambda _: not_found("The requested resource was not found."),
    405: lambda _: Refusal(405, b""),
    408: TROUBLES["timeout"],
    413: TROUBLES["too_large"],
    415: lambda _: Refusal.text(415, "Expected request with `Content-Type: application/json`"),
    422: TROUBLES["unreadable"],
    429: TROUBLES["rate_limit"],
    500: TROUBLES["server"],
    502: lambda _: Refusal.flat(502, "unavailable", "Bad gateway"),
    503: TROUBLES["unavailable"],
    504: lambda _: Refusal.flat(504, "deadline-exceeded", "Timed out waiting for first token"),
    529: TROUBLES["overloaded"],
}
