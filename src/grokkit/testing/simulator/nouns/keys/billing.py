"""`/v1/billing/teams/{team_id}`: what there is, what is allowed, what it comes to, what was used.

Amounts are US cents, as strings within `{"val": ...}`; money that a team has is negative, as in a ledger of debts.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.account import written
from grokkit.testing.simulator.nouns.managed import bad, of_team, read
from grokkit.testing.simulator.visit import Outcome, Visit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grokkit.testing.simulator.seen import Seen

table = Table(management=True)

_TICKS_PER_CENT = 100_000_000
_NO_LIMIT_CENTS = 100_000_000
_SECONDS = {"TIME_UNIT_NONE": 0, "TIME_UNIT_HOUR": 3600, "TIME_UNIT_DAY": 86_400}


class AnalyticsValue(msgspec.Struct, kw_only=True):
    """What is to be summed."""

    name: str
    aggregation: str = "AGGREGATION_SUM"


class Analytics(msgspec.Struct, kw_only=True):
    """What is asked of the usage."""

    time_range: dict[str, Any] = {}
    time_unit: str = "TIME_UNIT_DAY"
    values: list[AnalyticsValue] = []
    group_by: list[str] = []
    filters: list[str] = []


class UsageRequest(msgspec.Struct, kw_only=True):
    """The body."""

    analytics_request: Analytics


@table.get("/v1/billing/teams/{team_id}/prepaid/balance")
def balance(visit: Visit) -> Outcome:
    """The prepaid credit, and how it came about."""
    team_id, limits = of_team(visit), visit.simulator.limits
    bought = limits.credit_ticks or 0
    changes = [_change(team_id, "PURCHASE", -bought, visit), _change(team_id, "SPEND", limits.spent_ticks, visit)]
    shown = [change for change in changes if change["amount"]["val"] not in {"0", "-0"}]
    return visit.answer(
        {"changes": shown if bought else [], "total": _cents(limits.spent_ticks - bought if bought else 0)}
    )


@table.get("/v1/billing/teams/{team_id}/postpaid/spending-limits")
def spending_limits(visit: Visit) -> Outcome:
    """How much may be spent in a month."""
    of_team(visit)
    ticks = visit.simulator.limits.credit_ticks
    most = _cents(ticks) if ticks is not None else {"val": str(_NO_LIMIT_CENTS)}
    names = ("hardSlAuto", "effectiveHardSl", "softSl", "effectiveSl")
    return visit.answer({"spendingLimits": dict.fromkeys(names, most)})


@table.get("/v1/billing/teams/{team_id}/postpaid/invoice/preview")
def invoice_preview(visit: Visit) -> Outcome:
    """What this month comes to so far: a line for each model."""
    of_team(visit)
    lines: dict[str, tuple[int, int]] = {}
    for seen, ticks, tokens in _billed(visit):
        before = lines.get(seen.model or "", (0, 0))
        lines[seen.model or ""] = (before[0] + ticks, before[1] + tokens)
    today = visit.simulator.today()
    return visit.answer(
        {
            "coreInvoice": {
                "lines": [
                    {
                        "description": model,
                        "unitType": "Tokens",
                        "numUnits": str(tokens),
                        "amount": str(round(ticks / _TICKS_PER_CENT)),
                        "clusterName": "us-east-1",
                    }
                    for model, (ticks, tokens) in lines.items()
                ],
                "totalWithCorr": _cents(sum(ticks for ticks, _ in lines.values())),
            },
            "effectiveSpendingLimit": str(_NO_LIMIT_CENTS),
            "defaultCredits": "0",
            "billingCycle": {"year": today.year, "month": today.month},
        }
    )


@table.post("/v1/billing/teams/{team_id}/usage")
def usage(visit: Visit) -> Outcome:
    """What was used, as time series."""
    of_team(visit)
    asked = read(visit, UsageRequest).analytics_request
    if asked.time_unit not in _SECONDS:
        raise bad(f"timeUnit: unknown {asked.time_unit}, use one of {', '.join(_SECONDS)}")
    names = [value.name.lower() for value in asked.values] or ["usd"]
    series: dict[tuple[str, ...], dict[float, list[float]]] = {}
    for seen, ticks, tokens in _billed(visit):
        known = {"usd": ticks / _TICKS_PER_CENT / 100, "tokens": float(tokens), "requests": 1.0}
        group = tuple(seen.model or "" for _ in asked.group_by)
        unit = _SECONDS[asked.time_unit] or visit.now()
        began = _unix(seen, visit) // unit * unit
        sums = series.setdefault(group, {}).setdefault(began, [0.0] * len(names))
        sums[:] = [before + known.get(name, 0.0) for before, name in zip(sums, names, strict=True)]
    shown = [
        {
            "group": list(group),
            "groupLabels": list(group),
            "dataPoints": [{"timestamp": written(at), "values": sums} for at, sums in sorted(points.items())],
        }
        for group, points in series.items()
    ]
    return visit.answer({"timeSeries": shown, "limitReached": False})


def _billed(visit: Visit) -> "Iterator[tuple[Seen, int, int]]":
    """What was charged for, with ticks and tokens."""
    for seen in visit.simulator.calls:
        if seen.bill is not None:
            yield seen, seen.bill.cost_ticks, seen.bill.total_tokens


def _unix(seen: "Seen", visit: Visit) -> float:
    return visit.now() - (visit.simulator.clock.now() - seen.started)


def _change(team_id: str, origin: str, ticks: int, visit: Visit) -> dict[str, Any]:
    done = {"topupStatus": "SUCCEEDED"} if origin == "PURCHASE" else {}
    return {
        "teamId": team_id,
        "changeOrigin": origin,
        **done,
        "amount": _cents(ticks),
        "createTime": written(visit.now()),
    }


def _cents(ticks: int) -> dict[str, str]:
    return {"val": str(round(ticks / _TICKS_PER_CENT))}
