"""Keys, billing and audit, on the management host."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.simulator import Simulator

ALL = ["api-key:model:*", "api-key:endpoint:*"]


def _simulator() -> Simulator:
    return Simulator(clock=TurnableClock(), as_of=date(2026, 10, 30), job_seconds=5.0)


async def _turn(sim: Simulator, seconds: float) -> None:
    assert isinstance(sim.clock, TurnableClock)
    await sim.clock.advance(seconds)


async def _manage(sim: Simulator, method: str, path: str, json: Any = None) -> Any:
    return await sim.fetch(method, path.replace("TEAM", sim.team_id), json=json, management=True)


async def _create(sim: Simulator, **fields: Any) -> dict[str, Any]:
    reply = await _manage(sim, "POST", "/auth/teams/TEAM/api-keys", {"name": "mine", "acls": ALL, **fields})
    assert reply.status == 200, reply.body
    key: dict[str, Any] = reply.json
    return key


async def _status(sim: Simulator, secret: str) -> int:
    return (await sim.fetch("GET", "/v1/api-key", headers={"authorization": f"Bearer {secret}"})).status


async def test_a_new_key_works_and_its_secret_is_shown_once() -> None:
    sim = _simulator()

    key = await _create(sim, qps=5, tpm="100000")
    listed = await _manage(sim, "GET", "/auth/teams/TEAM/api-keys")

    assert await _status(sim, key["apiKey"]) == 200
    assert (key["qps"], key["tpm"]) == (5, "100000")
    assert key["apiKeyId"] in [known["apiKeyId"] for known in listed.json["apiKeys"]]
    assert key["apiKey"] not in listed.body.decode()


async def test_a_key_expires_when_it_was_said_to() -> None:
    sim = _simulator()
    key = await _create(sim, expireTime="2026-10-30T13:00:00Z")

    before = await _status(sim, key["apiKey"])
    await _turn(sim, 3600)

    assert (before, await _status(sim, key["apiKey"])) == (200, 400)


async def test_only_what_the_mask_names_is_changed() -> None:
    sim = _simulator()
    key = await _create(sim)
    fields = {"name": "other", "qpm": 7, "disabled": True}

    changed = await _manage(
        sim, "PUT", f"/auth/api-keys/{key['apiKeyId']}", {"apiKey": fields, "fieldMask": "name,qpm"}
    )
    working = await _status(sim, key["apiKey"])
    await _manage(sim, "PUT", f"/auth/api-keys/{key['apiKeyId']}", {"apiKey": fields, "fieldMask": "disabled"})

    assert (changed.json["name"], changed.json["qpm"], changed.json["apiKeyDisabled"]) == ("other", 7, False)
    assert (working, await _status(sim, key["apiKey"])) == (200, 400)


async def test_a_rotated_key_has_two_secrets_for_a_day() -> None:
    sim = _simulator()
    key = await _create(sim)

    rotated = (await _manage(sim, "POST", f"/auth/api-keys/{key['apiKeyId']}/rotate")).json
    listed = (await _manage(sim, "GET", "/auth/teams/TEAM/api-keys")).json["apiKeys"]
    at_once = [await _status(sim, secret) for secret in (key["apiKey"], rotated["apiKey"])]
    await _turn(sim, 24 * 3600)
    later = [await _status(sim, secret) for secret in (key["apiKey"], rotated["apiKey"])]

    assert rotated["apiKeyId"] == key["apiKeyId"]
    assert [known["apiKeyId"] for known in listed].count(key["apiKeyId"]) == 1
    assert (at_once, later) == ([200, 200], [400, 200])


async def test_a_deleted_key_does_not_work_any_more() -> None:
    sim = _simulator()
    key = await _create(sim)
    path = f"/auth/api-keys/{key['apiKeyId']}"

    deleted = await _manage(sim, "DELETE", path)
    again = await _manage(sim, "DELETE", path)

    assert (deleted.status, deleted.json) == (200, {})
    assert (again.status, again.json["code"]) == (404, 5)
    assert await _status(sim, key["apiKey"]) == 400


async def test_a_change_reaches_the_regions_after_a_while() -> None:
    sim = _simulator()
    key = await _create(sim)
    path = f"/auth/api-keys/{key['apiKeyId']}/propagation"

    early = (await _manage(sim, "GET", path)).json["icPropagation"]
    await _turn(sim, 5)
    late = (await _manage(sim, "GET", path)).json["icPropagation"]

    assert (set(early.values()), set(late.values())) == ({False}, {True})


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"acls": ["everything"]}, {"qps": 0}, {"tpm": "many"}, {"expireTime": "soon"}, {"name": 5}],
)
async def test_a_key_that_cannot_be_is_a_400_in_the_gateways_shape(fields: dict[str, Any]) -> None:
    body = {"name": "mine", "acls": ALL, **fields}

    reply = await _manage(_simulator(), "POST", "/auth/teams/TEAM/api-keys", body)

    assert (reply.status, reply.json["code"], reply.json["details"]) == (400, 3, [])


async def test_an_unknown_field_in_a_mask_and_a_long_rotation_are_refused() -> None:
    sim = _simulator()
    path = f"/auth/api-keys/{(await _create(sim))['apiKeyId']}"

    mask = await _manage(sim, "PUT", path, {"apiKey": {}, "fieldMask": "colour"})
    rotation = await _manage(sim, "POST", f"{path}/rotate", {"gracePeriod": "700000s"})

    assert (mask.status, rotation.status) == (400, 400)


@pytest.mark.parametrize("path", ["auth/teams/{}/api-keys", "auth/teams/{}/models", "audit/teams/{}/events"])
async def test_another_teams_things_are_a_403(path: str) -> None:
    reply = await _manage(_simulator(), "GET", "/" + path.format("other-team"))

    assert (reply.status, reply.json["code"]) == (403, 7)


async def test_keys_are_listed_in_pages() -> None:
    sim = _simulator()
    for number in range(2):
        await _create(sim, name=f"key {number}")

    first = (await _manage(sim, "GET", "/auth/teams/TEAM/api-keys?pageSize=2")).json
    token = first["paginationToken"]
    rest = (await _manage(sim, "GET", f"/auth/teams/TEAM/api-keys?pageSize=2&paginationToken={token}")).json

    names = [key["name"] for key in first["apiKeys"] + rest["apiKeys"]]
    assert names == ["simulator", "key 0", "key 1"]
    assert rest["paginationToken"] is None


async def test_the_models_and_endpoints_for_keys_are_told() -> None:
    sim = _simulator()

    cluster = (await _manage(sim, "GET", "/auth/teams/TEAM/models")).json["clusterConfigs"][0]
    acls = (await _manage(sim, "GET", "/auth/teams/TEAM/endpoints")).json["acls"]

    assert "grok-4.7" in [model["name"] for model in cluster["languageModels"]]
    assert {"api-key:endpoint:*", "api-key:endpoint:chat"} <= set(acls)


async def test_the_management_key_is_told_whose_it_is() -> None:
    sim = _simulator()

    reply = await _manage(sim, "GET", "/auth/management-keys/validation")

    assert reply.json["teamId"] == sim.team_id
    assert sim.management_key not in reply.body.decode()


async def test_bills_tell_what_was_spent() -> None:
    sim = _simulator()
    sim.limits.set_credit(50.0)
    body = {"model": "grok-4.7", "messages": [{"role": "user", "content": "word " * 9000}]}
    cost = (await sim.fetch("POST", "/v1/chat/completions", json=body)).json["usage"]["cost_in_usd_ticks"]
    cents = round(cost / 10**8)

    balance = (await _manage(sim, "GET", "/v1/billing/teams/TEAM/prepaid/balance")).json
    preview = (await _manage(sim, "GET", "/v1/billing/teams/TEAM/postpaid/invoice/preview")).json
    limits = (await _manage(sim, "GET", "/v1/billing/teams/TEAM/postpaid/spending-limits")).json

    assert cents > 0
    assert balance["total"] == {"val": str(round((cost - 50 * 10**10) / 10**8))}
    assert preview["coreInvoice"]["totalWithCorr"] == {"val": str(cents)}
    assert preview["billingCycle"] == {"year": 2026, "month": 10}
    assert limits["spendingLimits"]["effectiveHardSl"] == {"val": "5000"}


async def test_usage_is_told_by_model_and_day() -> None:
    sim = _simulator()
    for model in ("grok-4.7", "grok-4.3"):
        body = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
        await sim.fetch("POST", "/v1/chat/completions", json=body)
        await _turn(sim, 24 * 3600)
    request = {"timeUnit": "TIME_UNIT_DAY", "values": [{"name": "requests"}], "groupBy": ["description"]}

    reply = await _manage(sim, "POST", "/v1/billing/teams/TEAM/usage", {"analyticsRequest": request})
    wrong = await _manage(
        sim, "POST", "/v1/billing/teams/TEAM/usage", {"analyticsRequest": {"timeUnit": "TIME_UNIT_MOON"}}
    )

    series = {entry["group"][0]: entry["dataPoints"] for entry in reply.json["timeSeries"]}
    assert [point["timestamp"][:10] for points in series.values() for point in points] == ["2026-10-30", "2026-10-31"]
    assert series["grok-4.7"][0]["values"] == [1.0]
    assert wrong.status == 400


async def test_what_was_done_is_in_the_audit_newest_first_and_in_pages() -> None:
    sim = _simulator()
    key = await _create(sim, name="mine")
    await _turn(sim, 60)
    await _manage(sim, "DELETE", f"/auth/api-keys/{key['apiKeyId']}")
    path = "/audit/teams/TEAM/events"

    first = (await _manage(sim, "GET", f"{path}?pageSize=1")).json
    second = (await _manage(sim, "GET", f"{path}?pageSize=1&pageToken={first['nextPageToken']}")).json
    searched = (await _manage(sim, "GET", f"{path}?eventFilter.query=created")).json
    late = (await _manage(sim, "GET", f"{path}?eventTimeFrom=2026-10-30T12:00:30Z")).json
    nobody = (await _manage(sim, "GET", f"{path}?eventFilter.userId=nobody")).json

    assert [page["events"][0]["description"].split()[0] for page in (first, second)] == ["Deleted", "Created"]
    assert second["nextPageToken"] == ""
    assert [len(page["events"]) for page in (searched, late, nobody)] == [1, 1, 0]
