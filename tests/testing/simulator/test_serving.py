"""On sockets, on a thread, or with no socket at all: the same answers, the same clock, and nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
from functools import partial
from typing import Any

import aiohttp
import pytest

from grokkit import AsyncGrok
from grokkit.errors import ConfigInvalid, ConnectionFailed
from grokkit.testing import TurnableClock
from grokkit.testing.simulator import Fault, Simulator, Thought

MODEL = "grok-4.20-0309-non-reasoning"
HI: list[dict[str, Any]] = [{"role": "user", "content": "Hi"}]
LONG: list[dict[str, Any]] = [{"role": "user", "content": "Write 2000 words"}]


def test_a_clock_is_turned_for_a_server_in_another_thread() -> None:
    clock = TurnableClock()
    with Simulator(clock=clock) as sim, sim.grok() as grok, clock.rushing():
        sim.on().reply("after a minute", delay=60)

        answer = grok.chat.create(MODEL, messages=HI)

    assert answer.text == "after a minute"
    assert clock.now() == 1060


async def test_a_clock_is_turned_by_hand_for_a_server_in_another_thread() -> None:
    clock, arrived, texts = TurnableClock(), asyncio.Event(), asyncio.Queue[str]()
    arrive = partial(asyncio.get_running_loop().call_soon_threadsafe, arrived.set)

    def answer(_: object) -> Thought:
        arrive()
        return Thought(text="one two three", pieces=("one", " two", " three"))

    async def read() -> None:
        async with sim.async_grok() as grok, grok.chat.stream(MODEL, messages=HI) as stream:
            async for text in stream.text():
                texts.put_nowait(text)

    with Simulator(clock=clock, pace=1) as sim:
        sim.on().reply(answer)
        reading = asyncio.create_task(read())
        await arrived.wait()
        heard = []
        for _ in range(2):
            await clock.advance(1)
            heard.append(await texts.get())
        reading.cancel()
        await asyncio.wait([reading])

    assert heard == ["one", " two"]
    assert texts.empty()


async def test_a_stream_left_early_ends_the_work_on_every_way_in() -> None:
    for serve in (False, True):
        clock, arrived = TurnableClock(), asyncio.Event()
        sim = Simulator(clock=clock, pace=10)
        sim.on().reply(partial(_leave_to_the_mind, arrived))
        if serve:
            await sim.__aenter__()
        async with sim.async_grok() as grok:
            reading = asyncio.create_task(_first_text(grok))
            await arrived.wait()
            await clock.advance(1)
            await reading
            await clock.settle()
        if serve:
            await sim.__aexit__()

        assert sim.calls[0].disconnected
        assert sim.calls[0].frames < 50


def _leave_to_the_mind(arrived: asyncio.Event, _: object) -> None:
    arrived.set()


async def _first_text(grok: AsyncGrok) -> str:
    async with grok.chat.stream(MODEL, messages=LONG) as stream:
        return await anext(stream.text())


async def test_a_transport_waits_for_its_reader() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    async with sim.async_grok() as grok, grok.chat.stream(MODEL, messages=LONG) as stream:
        await anext(stream.text())
        await clock.settle()

        assert sim.calls[0].frames < 100


async def test_closing_hangs_up_on_whoever_still_waits() -> None:
    sim = Simulator()
    sim.on().reply("never", fault=Fault(stall_at_event=1))
    async with sim, aiohttp.ClientSession() as session:
        body = {"model": MODEL, "messages": HI, "stream": True}
        headers = {"authorization": f"Bearer {sim.key}"}
        reply = await session.post(f"{sim.base_url}/chat/completions", json=body, headers=headers)
        await sim.__aexit__()

        with pytest.raises(aiohttp.ClientError):
            await reply.read()

    assert not sim.calls[0].finished


async def test_what_stopped_serving_cannot_be_reached() -> None:
    async with Simulator() as sim:
        address, key = sim.base_url, sim.key

    async with AsyncGrok(base_url=address, api_key=key, retries=0) as grok:
        with pytest.raises(ConnectionFailed):
            await grok.models.list()


def test_no_thread_and_no_socket_is_left() -> None:
    gc.collect()
    threads = threading.active_count()
    with Simulator() as sim, sim.grok() as grok:
        grok.chat.create(MODEL, messages=HI)
        port = int(sim.base_url.removesuffix("/v1").rpartition(":")[2])

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
    assert threading.active_count() <= threads + 1  # the blocking face keeps its own


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("203.0.113.1", 0)])
def test_an_address_that_cannot_be_is_a_clear_error(host: str, port: int) -> None:
    with pytest.raises(ConfigInvalid, match="cannot listen"), Simulator(host=host, port=port):
        pass


def test_a_failed_start_leaves_no_thread() -> None:
    threads = threading.active_count()
    with Simulator() as sim:
        port = int(sim.base_url.removesuffix("/v1").rpartition(":")[2])
        with pytest.raises(ConfigInvalid), Simulator(management_port=port):
            pass

    assert threading.active_count() == threads


async def test_it_starts_and_stops_at_once() -> None:
    began = time.perf_counter()
    for _ in range(5):
        async with Simulator():
            pass

    assert time.perf_counter() - began < 5


async def test_a_socket_needs_a_key_and_an_address() -> None:
    async with Simulator() as sim, aiohttp.ClientSession() as session:
        for path, headers, status in (
            ("/v1/nothing", {"authorization": f"Bearer {sim.key}"}, 404),
            ("/v1/responses", {}, 401),
            ("/v1/responses", {"authorization": "Bearer xai-wrong"}, 400),
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await session.ws_connect(sim.base_url.removesuffix("/v1") + path, headers=headers)

            assert caught.value.status == status


async def test_several_clients_share_a_simulator() -> None:
    async with Simulator() as sim, sim.async_grok() as grok:
        prompts = [f"What is {number} + 1?" for number in range(50)]

        answers = await asyncio.gather(
            *(grok.chat.create(MODEL, messages=[{"role": "user", "content": prompt}]) for prompt in prompts)
        )

    assert [answer.text for answer in answers] == [f"{number} + 1 = {number + 1}" for number in range(50)]


async def test_waiting_streams_do_not_hold_each_other_up() -> None:
    async with Simulator(pace=200) as sim, sim.async_grok() as grok:
        sim.on().reply(pieces=["x"] * 20)

        async def read() -> str:
            async with grok.chat.stream(MODEL, messages=HI) as stream:
                return (await stream.done()).text

        texts = await asyncio.gather(*(read() for _ in range(50)))

    assert texts == ["x" * 20] * 50
    assert sim.lag.count == 1000


@pytest.mark.parametrize(
    ("path", "key", "status"), [("/realtime", None, 401), ("/nowhere", "own", 404), ("/responses", "xai-wrong", 400)]
)
async def test_a_socket_that_is_refused_makes_no_noise(
    path: str, key: str | None, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with Simulator() as sim, aiohttp.ClientSession() as session:
        headers = {} if key is None else {"Authorization": f"Bearer {sim.key if key == 'own' else key}"}
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{sim.base_url}{path}", headers=headers)

    assert refused.value.status == status
    assert caplog.records == []
