"""How much may be asked: rates, money and capacity, on the clock and with the texts of the API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.errors import Misused, NoCapacity, OutOfCredits, RateLimited
from grokkit.testing import TurnableClock
from grokkit.testing.simulator import Simulator
from grokkit.testing.simulator.keys import Key
from grokkit.testing.simulator.window import Window
from grokkit.wire.error_body import classify

if TYPE_CHECKING:
    from grokkit.errors import GrokError
    from grokkit.testing.simulator.fetching import Fetched

CHAT = "/v1/chat/completions"


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def sim(clock: TurnableClock) -> Simulator:
    return Simulator(clock=clock)


async def ask(sim: Simulator, model: str = "grok-4.3", **options: Any) -> Fetched:
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
    return await sim.fetch("POST", CHAT, json=body, **options)


def error_of(reply: Fetched) -> GrokError:
    return classify(reply.status, reply.headers, reply.body)


async def test_too_many_requests_in_a_minute_are_refused_with_the_figures(sim: Simulator, clock: TurnableClock) -> None:
    sim.limit(requests_per_minute=2)

    statuses = [(await ask(sim)).status for _ in range(2)]
    refused = await ask(sim)
    await clock.advance(60)
    later = await ask(sim)

    error = error_of(refused)
    assert statuses == [200, 200]
    assert isinstance(error, RateLimited)
    assert (error.observed, error.limit) == ({"requests_per_minute": 3.0}, {"requests_per_minute": 2.0})
    assert f"team {sim.team_id} and model grok-4.3" in error.message
    assert "retry-after" not in refused.headers
    assert later.status == 200


async def test_a_second_is_a_window_of_its_own(sim: Simulator, clock: TurnableClock) -> None:
    sim.limit(requests_per_second=1, requests_per_minute=60, retry_after=1)

    await ask(sim)
    refused = await ask(sim)
    await clock.advance(1)

    error = error_of(refused)
    assert isinstance(error, RateLimited)
    assert error.limit == {"requests_per_second": 1.0, "requests_per_minute": 60.0}
    assert error.retry_after == 1
    assert (await ask(sim)).status == 200


async def test_tokens_are_counted_too(sim: Simulator) -> None:
    sim.limit(tokens_per_minute=10)

    first, refused = await ask(sim), await ask(sim)

    error = error_of(refused)
    assert isinstance(error, RateLimited)
    spent = first.json["usage"]["total_tokens"]
    assert error.observed == {"tokens_per_minute": float(spent)}


async def test_each_model_and_each_key_is_limited_by_itself(sim: Simulator) -> None:
    sim.limit(requests_per_minute=1)
    sim.keys.add(Key(secret="xai-other", id="k2", team_id=sim.team_id))

    await ask(sim)

    assert (await ask(sim)).status == 429
    assert (await ask(sim, "grok-4.7")).status == 200
    assert (await ask(sim, headers={"authorization": "Bearer xai-other"})).status == 200


async def test_a_limit_may_be_one_model_s_only(sim: Simulator) -> None:
    sim.limit(model="grok-4.3-latest", requests_per_minute=0)

    assert (await ask(sim)).status == 429
    assert (await ask(sim, "grok-4.7")).status == 200


async def test_a_key_brings_limits_of_its_own(sim: Simulator) -> None:
    sim.keys.by_secret[sim.key].qpm = 1

    assert [(await ask(sim)).status for _ in range(2)] == [200, 429]


async def test_a_tier_has_the_limits_of_the_catalogue(sim: Simulator) -> None:
    sim.limit(tier=0)

    statuses = [(await ask(sim)).status for _ in range(38)]

    assert statuses == [200] * 37 + [429]


def test_there_are_five_tiers(sim: Simulator) -> None:
    with pytest.raises(Misused, match="no tier 5"):
        sim.limit(tier=5)


async def test_what_remains_is_counted_where_limits_are_set(sim: Simulator) -> None:
    sim.limit(requests_per_minute=10, tokens_per_minute=1000)

    first, second = await ask(sim), await ask(sim)

    assert second.headers["x-ratelimit-limit-requests"] == "10"
    assert second.headers["x-ratelimit-remaining-requests"] == "8"
    spent = sum(reply.json["usage"]["total_tokens"] for reply in (first, second))
    assert second.headers["x-ratelimit-remaining-tokens"] == str(1000 - spent)


async def test_money_runs_out_and_waiting_does_not_help(sim: Simulator, clock: TurnableClock) -> None:
    sim.credit(usd=0.00001)

    first = await ask(sim)
    refused = await ask(sim)
    await clock.advance(86400)

    assert first.status == 200
    assert isinstance(error_of(refused), OutOfCredits)
    assert (await ask(sim)).status == 429
    sim.credit(usd=1)
    assert (await ask(sim)).status == 200


async def test_capacity_goes_and_comes_back_by_the_clock(sim: Simulator, clock: TurnableClock) -> None:
    sim.outage(60, after=10, model="grok-4.3", retry_after="5")

    before = await ask(sim)
    await clock.advance(10)
    during, other = await ask(sim), await ask(sim, "grok-4.7")
    await clock.advance(60)
    after = await ask(sim)

    error = error_of(during)
    assert [before.status, during.status, other.status, after.status] == [200, 429, 200, 200]
    assert isinstance(error, NoCapacity)
    assert error.retry_after == 5


async def test_listings_are_not_limited(sim: Simulator) -> None:
    sim.limit(requests_per_minute=0)

    assert (await sim.fetch("GET", "/v1/models")).status == 200


async def test_a_request_counts_until_exactly_a_second_later(sim: Simulator, clock: TurnableClock) -> None:
    sim.limit(requests_per_second=2)
    statuses = []

    for pause in (0.0, 0.4, 0.5, 0.1, 0.3, 0.1, 0.6):  # at 0, 0.4, 0.9, 1.0, 1.3, 1.4, 2.0
        await clock.advance(pause)
        statuses.append((await ask(sim)).status)

    assert statuses == [200, 200, 429, 200, 429, 200, 200]


async def test_a_request_counts_from_its_arrival_and_not_from_its_answer(sim: Simulator, clock: TurnableClock) -> None:
    sim.limit(requests_per_second=1, tokens_per_minute=10)
    sim.faults(latency=30, on={"last": "Hi"})

    async with clock.rushing():
        slow = await ask(sim)
    await clock.advance(29.5)
    before = await ask(sim)
    await clock.advance(0.5)
    after = asyncio.ensure_future(ask(sim))
    await clock.advance(30)

    assert [slow.status, before.status, (await after).status] == [200, 429, 200]
    assert "Tokens per Minute" in before.json["error"]


async def test_what_was_refused_counts_for_nothing(sim: Simulator, clock: TurnableClock) -> None:
    sim.limit(requests_per_minute=2, tokens_per_minute=10_000)

    replies = [await ask(sim) for _ in range(5)]
    await clock.advance(59.5)
    await ask(sim)
    await clock.advance(0.5)
    fresh = await ask(sim)

    assert ["(actual/limit): 3/2" in str(reply.json.get("error")) for reply in replies] == [False] * 2 + [True] * 3
    assert fresh.status == 200
    assert fresh.headers["x-ratelimit-remaining-requests"] == "1"
    assert fresh.headers["x-ratelimit-remaining-tokens"] == str(10_000 - fresh.json["usage"]["total_tokens"])


async def test_all_names_of_a_model_are_limited_as_one(sim: Simulator) -> None:
    sim.limit(model="grok-latest", requests_per_minute=3)

    replies = [await ask(sim, name) for name in ("grok-4.7", "grok-4.7-latest", "grok-latest")]

    assert [reply.headers["x-ratelimit-remaining-requests"] for reply in replies] == ["2", "1", "0"]
    assert (await ask(sim)).status == 200
    assert (await ask(sim, "grok-4.7")).status == 429


async def test_a_retired_model_is_limited_as_the_one_that_serves_it(sim: Simulator) -> None:
    sim.limit(requests_per_minute=2)

    first = await ask(sim, "grok-4-fast-reasoning")

    assert first.json["model"] == "grok-4.3"
    assert first.headers["x-ratelimit-remaining-requests"] == "1"
    assert [(await ask(sim)).status for _ in range(2)] == [200, 429]


async def test_batches_do_not_count(sim: Simulator, clock: TurnableClock) -> None:
    sim.limit(requests_per_minute=0)
    chat = {"model": "grok-4.3", "messages": [{"role": "user", "content": "Hi"}]}
    batch = (await sim.fetch("POST", "/v1/batches", json={"name": "b"})).json["batch_id"]
    line = {"batch_request_id": "r0", "batch_request": {"chat_get_completion": chat}}
    await sim.fetch("POST", f"/v1/batches/{batch}/requests", json={"batch_requests": [line]})
    await clock.advance(60)

    state = (await sim.fetch("GET", f"/v1/batches/{batch}")).json["state"]

    assert state["num_success"] == 1


async def test_a_refused_request_uses_up_no_answer_of_a_script(sim: Simulator, clock: TurnableClock) -> None:
    sim.limit(requests_per_second=1)
    sim.on(last="Hi").reply("one").then("two")

    first, refused = await ask(sim), await ask(sim)
    await clock.advance(1)
    second = await ask(sim)

    assert refused.status == 429
    assert [reply.json["choices"][0]["message"]["content"] for reply in (first, second)] == ["one", "two"]


@given(
    seconds=st.sampled_from([1.0, 60.0]),
    pauses=st.lists(st.floats(min_value=0, max_value=90, allow_nan=False), max_size=30),
    delays=st.lists(st.floats(min_value=0, max_value=90, allow_nan=False), min_size=30, max_size=30),
)
def test_a_window_sums_what_a_list_would(seconds: float, pauses: list[float], delays: list[float]) -> None:
    window, happened, now = Window(seconds), [], 1000.0

    for number, (pause, delay) in enumerate(zip(pauses, delays, strict=False)):
        now += pause
        window.add(now - delay, number)
        happened.append((now - delay, number))

        assert window.sum(now) == sum(amount for moment, amount in happened if moment + seconds > now)
