"""A slow answer is waited for as long as the server deserves, and a loop that was held up calls nothing late."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.stores.patience import Patience, in_time

SECONDS = st.floats(0.0, 10.0)


async def after(turns: int) -> str:
    for _ in range(turns):
        await asyncio.sleep(0)
    return "answer"


async def test_what_comes_in_time_is_given() -> None:
    assert await in_time(after(turns=3), 60.0) == "answer"


async def test_what_does_not_come_is_called_late() -> None:
    began = time.monotonic()

    with pytest.raises(TimeoutError):
        await in_time(asyncio.Event().wait(), 0.02)

    assert time.monotonic() - began >= 0.02


async def test_what_arrived_while_the_loop_was_held_up_is_not_late() -> None:
    loop, answered = asyncio.get_running_loop(), asyncio.Event()
    asking = asyncio.create_task(in_time(answered.wait(), 0.02))
    await asyncio.sleep(0)
    loop.call_later(0.06, answered.set)

    time.sleep(0.05)  # longer than the limit, and than all of its ticks together

    assert await asking


async def test_an_error_of_its_own_is_raised_as_it_is() -> None:
    async def fail() -> None:
        raise ConnectionError("reset")

    with pytest.raises(ConnectionError, match="reset"):
        await in_time(fail(), 60.0)


async def test_who_is_cancelled_is_not_told_of_a_limit() -> None:
    asking = asyncio.create_task(in_time(asyncio.Event().wait(), 60.0))
    await asyncio.sleep(0)

    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking


@given(st.floats(0.01, 10.0), st.lists(SECONDS))
def test_it_is_never_longer_than_the_timeout_and_never_shorter_than_a_quarter(
    timeout: float, answers: list[float]
) -> None:
    patience = Patience(timeout)

    for took in answers:
        patience.answered(took)

    assert timeout / 4 <= patience.seconds <= timeout
    assert all(patience.seconds >= min(timeout, 10 * took) for took in answers[-1:])


def test_one_slow_answer_is_forgotten_after_many_fast_ones() -> None:
    patience = Patience(1.0)
    patience.answered(0.5)
    before = patience.seconds

    for _ in range(200):
        patience.answered(0.001)

    assert (before, patience.seconds) == (1.0, 0.25)
