"""Blocking calls: from many threads, in anybody's loop, never on our own."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from grokkit import Grok
from grokkit._portal import portal
from grokkit.errors import BlockingCallRefused, ConnectionLost
from grokkit.testing import MockTransport, json_reply

if TYPE_CHECKING:
    from tests.conftest import WatchedSimulator

    from grokkit import Call, Next, Reply

PLAIN = {"id": "r", "output": [], "status": "completed", "model": "grok-4.3"}
WHO = contextvars.ContextVar("WHO", default="nobody")


def client(**options: Any) -> Grok:
    """A client that is answered at once."""
    transport = MockTransport(lambda _: json_reply(PLAIN))
    return Grok(**{"api_key": "test-key", "transport": transport, "model": "grok-4.3", **options})


def test_two_hundred_threads_call_one_client_at_once(sim: WatchedSimulator) -> None:
    together = threading.Barrier(200)

    def ask(number: int) -> str:
        together.wait()
        return grok.ask(f"200 together, {number}").text

    with (
        Grok(api_key="test-key", base_url=sim.base_url, model="grok-4.20-non-reasoning") as grok,
        ThreadPoolExecutor(200) as pool,
    ):
        answers = list(pool.map(ask, range(200)))

    assert answers == [f"200 together, {number}" for number in range(200)]
    assert len(sim.calls) == 200
    assert len([thread for thread in threading.enumerate() if thread.name == "grokkit-portal"]) == 1


def test_a_caller_s_variables_are_seen_by_hooks_layers_and_key_functions() -> None:
    seen: list[str] = []

    async def layer(call: Call, call_next: Next) -> Reply:
        seen.append(WHO.get())
        return await call_next(call)

    async def key() -> str:
        seen.append(WHO.get())
        WHO.set("changed inside")
        return "test-key"

    grok = client(hooks=[lambda _: seen.append(WHO.get())], layers=[layer], api_key=key)
    WHO.set("the caller")

    grok.ask("Hi")

    assert seen == ["the caller", "the caller", "the caller", "changed inside", "changed inside"]
    assert WHO.get() == "the caller"


def _refused(work: Any) -> str:
    with pytest.raises(BlockingCallRefused) as caught:
        work()
    return str(caught.value)


@pytest.mark.parametrize("place", ["hook", "layer", "key function", "transport"])
def test_a_blocking_call_from_our_own_loop_is_refused(place: str) -> None:
    grok, told = client(), []

    def call_inside(*_: object) -> None:
        if not told:
            told.append(_refused(lambda: grok.ask("inner")))

    async def layer(call: Call, call_next: Next) -> Reply:
        call_inside()
        return await call_next(call)

    def key() -> str:
        call_inside()
        return "test-key"

    def answer(_: Call) -> Reply:
        call_inside()
        return json_reply(PLAIN)

    parts = {
        "hook": {"hooks": [call_inside]},
        "layer": {"layers": [layer]},
        "key function": {"api_key": key},
        "transport": {"transport": MockTransport(answer)},
    }

    client(**parts[place]).ask("outer")

    assert "AsyncGrok" in told[0]


def test_a_thread_that_a_layer_starts_may_call() -> None:
    inner = client()

    async def layer(call: Call, call_next: Next) -> Reply:
        assert (await asyncio.to_thread(inner.ask, "Hi")).id == "r"
        return await call_next(call)

    assert client(layers=[layer]).ask("Hi").id == "r"


async def test_a_running_loop_of_somebody_else_is_no_hindrance() -> None:
    grok = client()

    assert grok.ask("Hi").id == "r"
    with grok.stream("Hi") as stream:
        assert stream.done().id == "r"


def test_errors_come_out_as_they_are() -> None:
    def lost(_: Call) -> Reply:
        raise ConnectionLost("gone")

    with pytest.raises(ConnectionLost) as caught:
        client(transport=MockTransport(lost), retries=0).ask("Hi")

    assert str(caught.value.call) == "POST /v1/responses (grok-4.3)"


@pytest.mark.parametrize("wrong", [{}, {"temprature": 1}, {"messages": [], "model": 1, "nonsense": 2}])
def test_a_call_with_wrong_arguments_fails_as_in_python(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        client().chat.create("grok-4.3", **wrong)
    with pytest.raises(TypeError):
        client().ask()  # type: ignore[call-arg]


def test_a_layer_that_exits_takes_the_caller_along_and_not_the_loop() -> None:
    async def leave(call: Call, call_next: Next) -> Reply:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        client(layers=[leave]).ask("Hi")

    assert client().ask("Hi").id == "r"


def test_a_stray_task_that_exits_does_not_end_the_loop() -> None:
    async def stray() -> None:
        async def leave() -> None:
            raise SystemExit(3)

        task = asyncio.create_task(leave())
        await asyncio.wait([task])
        assert isinstance(task.exception(), SystemExit)

    portal().run(stray)

    assert client().ask("Hi").id == "r"


def test_nothing_is_left_behind() -> None:
    client().ask("Hi")
    with client().stream("Hi") as stream:
        stream.done()

    assert portal().errands == set()
