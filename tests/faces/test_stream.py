"""The blocking stream: one task, bounded credit, nothing lost, nothing left open."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import itertools
import logging
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from grokkit import Grok, TextDelta
from grokkit._portal import portal
from grokkit._pump import Pump
from grokkit.call import Reply
from grokkit.errors import BlockingCallRefused, ConnectionLost, Misused, StreamInterrupted, StreamNotOpen
from grokkit.telemetry.events import CallFailed, CallFinished
from grokkit.testing import Body, MockTransport, sse_reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from tests.conftest import WatchedSimulator

MANY = 100_000
SERVED = "grok-4.20-non-reasoning"
DELTA = b'{"type":"response.output_text.delta","delta":"%d "}'
COMPLETED = b'{"type":"response.completed","response":{"id":"r","status":"completed","model":"grok-4.3","output":[]}}'
NOW = contextvars.ContextVar("NOW", default="nothing")


@pytest.fixture
def real(sim: WatchedSimulator) -> Iterator[Grok]:
    """A client of the simulator."""
    with Grok(api_key="test-key", base_url=sim.base_url, model=SERVED) as grok:
        yield grok


def mock(count: int = 3) -> Grok:
    """A client whose streams have so many pieces."""
    frames = [*(DELTA % number for number in range(count)), COMPLETED]
    return Grok(api_key="test-key", model="grok-4.3", transport=MockTransport(lambda _: sse_reply(frames)))


def once(answer: Callable[[object], Reply]) -> Grok:
    """A client that makes no call twice."""
    return Grok(api_key="test-key", model="grok-4.3", retries=0, transport=MockTransport(answer))


def test_text_arrives_in_order_and_the_answer_is_whole() -> None:
    with mock(1000).stream("Hi") as stream:
        texts = list(stream.text())

    assert texts == [f"{number} " for number in range(1000)]
    assert stream.result.text == "".join(texts)
    assert stream.complete


def test_a_slow_reader_bounds_what_is_read(real: Grok, sim: WatchedSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    reads_no_more, credit = threading.Event(), Pump._credit

    def watched_credit(pump: Pump) -> Awaitable[None]:
        reads_no_more.set()
        return credit(pump)

    monkeypatch.setattr(Pump, "_credit", watched_credit)
    with real.stream(f"events {MANY}") as stream:
        texts = stream.text()
        next(texts)

        assert reads_no_more.wait(10)
        sim.until(lambda: sim.held_back == 1)

        assert sim.calls[0].frames < MANY
        assert len(stream._events) < 20_000
        assert len(list(texts)) == MANY - 1


def test_a_reader_that_leaves_early_closes_the_connection(real: Grok, sim: WatchedSimulator) -> None:
    with real.stream(f"events {MANY}") as stream:
        for _ in stream:
            break

    sim.until_left()
    assert sim.calls[0].frames < MANY
    assert not stream.complete


def test_a_reader_that_leaves_at_the_last_event_keeps_the_connection(real: Grok, sim: WatchedSimulator) -> None:
    for _ in range(3):
        with real.stream("events 3") as stream:
            for event in stream:
                if type(event).__name__ == "Finished":
                    break
        assert stream.complete

    assert len(sim.connections) == 1


def test_a_stream_is_read_from_another_thread_than_it_was_opened_in(real: Grok) -> None:
    stream = real.stream("events 100").__enter__()
    texts: list[str] = []

    thread = threading.Thread(target=lambda: texts.extend(stream.text()))
    thread.start()
    thread.join()
    stream.close()

    assert len(texts) == 100


@pytest.mark.parametrize("readers", [2, 8])
def test_threads_that_read_one_stream_share_its_events_out(readers: int) -> None:
    with mock(20_000).stream("Hi") as stream, ThreadPoolExecutor(readers) as pool:
        shares = [share.result() for share in [pool.submit(list, stream) for _ in range(readers)]]

    texts = [event.text for share in shares for event in share if type(event) is TextDelta]
    assert sorted(texts) == sorted(f"{number} " for number in range(20_000))


def test_a_stream_is_closed_by_another_thread_under_its_reader(real: Grok, sim: WatchedSimulator) -> None:
    stream = real.stream("events 3 then hang").__enter__()
    reading = threading.Thread(target=lambda: list(stream))
    reading.start()
    sim.until(lambda: bool(sim.calls) and sim.calls[0].frames == 7)

    stream.close()

    reading.join(5)
    assert not reading.is_alive()
    sim.until_left()


def test_a_stream_that_is_dropped_is_closed_with_a_warning(real: Grok, sim: WatchedSimulator) -> None:
    events: list[object] = []
    grok = Grok(api_key="test-key", base_url=sim.base_url, model=SERVED, hooks=[events.append])
    stream = grok.stream("events 3 then hang").__enter__()
    next(stream)

    with pytest.warns(ResourceWarning, match="POST /v1/responses"):
        del stream

    sim.until_left()
    real.ask("plain")  # the loop has had its turn
    ended = [event for event in events if isinstance(event, CallFinished | CallFailed)]
    assert [(type(event), event.complete) for event in ended if isinstance(event, CallFinished)] == [
        (CallFinished, False)
    ]


def test_a_stream_that_was_read_to_its_end_may_be_dropped() -> None:
    stream = mock().stream("Hi").__enter__()
    stream.done()
    stream.close()

    gone = weakref.ref(stream)
    del stream

    assert gone() is None


def test_a_stream_that_was_never_opened_may_be_dropped() -> None:
    gone = weakref.ref(mock().stream("Hi"))

    assert gone() is None


@pytest.mark.parametrize("end", ["read", "left", "failed"])
def test_a_stream_leaves_no_cycle_for_the_collector(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("grokkit"), "disabled", True)  # pytest keeps what is logged, errors included

    def lost(_: object) -> Reply:
        raise ConnectionLost("gone")

    grok = mock(2000) if end != "failed" else once(lost)
    channel = weakref.ref(grok.twin._channel)
    gc.disable()
    try:
        with contextlib.suppress(ConnectionLost), grok.stream("Hi") as stream:
            if end == "read":
                stream.done()
            else:
                next(stream)
            del stream
        del grok
        assert channel() is None
    finally:
        gc.enable()


def test_hooks_and_layers_see_the_caller_s_variables_and_a_stream_has_one_context_and_one_task() -> None:
    seen: list[tuple[str, object, object]] = []

    def look(what: str) -> None:
        seen.append((what, NOW.get(), asyncio.current_task()))
        NOW.set(f"after {what}")

    class Layer:
        async def __call__(self, call: object, call_next: Callable[[object], object]) -> object:
            look("layer")
            return await call_next(call)  # type: ignore[misc]

    async def chunks() -> AsyncIterator[bytes]:
        for number in range(3):
            look(f"chunk {number}")
            yield b"data: " + (DELTA % number if number < 2 else COMPLETED) + b"\n\n"
            await asyncio.to_thread(bytes)  # others have their turn

    transport = MockTransport(lambda _: Reply(200, {"content-type": "text/event-stream"}, stream=Body(chunks())))
    grok = Grok(
        api_key="k",
        model="grok-4.3",
        transport=transport,
        layers=[Layer()],
        hooks=[lambda event: look(type(event).__name__)],
    )  # type: ignore[list-item]
    NOW.set("the caller's")

    with grok.stream("Hi") as stream:
        NOW.set("changed by the caller")
        stream.done()

    values = [value for _, value, _ in seen]
    assert values == ["the caller's", *(f"after {what}" for what, _, _ in seen[:-1])]
    assert len({task for _, _, task in seen}) == 1
    assert NOW.get() == "changed by the caller"


def test_an_error_while_opening_is_raised_by_the_block() -> None:
    def lost(_: object) -> Reply:
        raise ConnectionLost("gone")

    with pytest.raises(ConnectionLost), once(lost).stream("Hi"):
        pytest.fail("the block was entered")


def test_an_error_in_the_middle_comes_after_what_had_arrived() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"data: " + DELTA % 1 + b"\n\n"
        raise ConnectionLost("gone")

    transport = MockTransport(lambda _: Reply(200, {"content-type": "text/event-stream"}, stream=Body(chunks())))

    with Grok(api_key="k", model="grok-4.3", transport=transport).stream("Hi") as stream:
        assert next(stream).text == "1 "  # type: ignore[union-attr]
        for _ in range(2):
            with pytest.raises(StreamInterrupted) as caught:
                next(stream)

    assert caught.value.partial is not None
    assert caught.value.partial.text == "1 "


def test_a_stream_is_opened_once_and_read_only_when_open() -> None:
    stream = mock().stream("Hi")
    with pytest.raises(StreamNotOpen):
        next(stream)
    with pytest.raises(Misused, match="not at its end"):
        _ = stream.result

    with stream:
        with pytest.raises(Misused, match="opened before"), stream:
            pytest.fail("opened twice")
        assert stream.done().text == "0 1 2 "

    assert next(stream, None) is None


def test_a_stream_that_failed_to_open_can_be_opened_again() -> None:
    replies = iter([None, sse_reply([DELTA % 0, COMPLETED])])

    def answer(_: object) -> Reply:
        reply = next(replies)
        if reply is None:
            raise ConnectionLost("gone")
        return reply

    stream = once(answer).stream("Hi")
    with pytest.raises(ConnectionLost), stream:
        pass

    with stream:
        assert stream.done().text == "0 "


def test_what_has_arrived_is_told_at_any_time() -> None:
    with mock(2000).stream("Hi") as stream:
        seen = ""
        for text in itertools.islice(stream.text(), 600):
            seen += text
            if len(seen) % 100 == 0:
                assert stream.partial.text.startswith(seen)
        assert not stream.complete


def test_a_stream_read_on_the_portal_s_own_loop_is_refused() -> None:
    stream = mock(2000).stream("Hi").__enter__()

    async def read() -> None:
        with pytest.raises(BlockingCallRefused):
            list(stream)
        with pytest.raises(BlockingCallRefused):
            stream.close()
        with pytest.raises(BlockingCallRefused), mock().stream("Hi"):
            pass
        assert stream.partial.text

    portal().run(read)
    stream.close()


def test_a_generator_of_text_that_is_left_does_not_close_the_stream() -> None:
    with mock(10).stream("Hi") as stream:
        for text in stream.text():
            assert text == "0 "
            break
        assert len(list(stream.text())) == 9
