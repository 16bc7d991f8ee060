"""`parse_stream`: partial values and items on both faces, and in the end what `parse` gives."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import pytest

from grokkit import AsyncTypedStream, Partial
from grokkit.errors import AnswerCutOff, AnswerRefused, AnswerUnfit, Misused, StreamInterrupted, StreamNotOpen
from grokkit.resources.typed import plain
from grokkit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.conftest import Face, WatchedSimulator

    from grokkit.testing import Simulator

    Read = Callable[..., Awaitable[list[Any]]]


@dataclass
class Line:
    what: str
    cents: Annotated[int, msgspec.Meta(ge=0)]


@dataclass
class Receipt:
    shop: str
    day: date
    lines: list[Line]
    paid: Literal["cash", "card"]
    tags: list[str] = field(default_factory=list)


LINES = '[{"what":"Milk","cents":120},{"what":"Bread","cents":250}]'
SAID = f'{{"shop":"Corner St","day":"2026-11-02","lines":{LINES},"paid":"card"}}'
MILK, BREAD = Line("Milk", 120), Line("Bread", 250)
RECEIPT = Receipt("Corner St", date(2026, 11, 2), [MILK, BREAD], "card")
UNFIT = SAID.replace('"card"', '"never"')


async def in_the_end(face: Face, stream: Any) -> Any:
    """What a stream gives that is read to its end by `done`."""
    if isinstance(stream, AsyncTypedStream):
        async with stream:
            return await stream.done()

    def done() -> Any:
        with stream:
            return stream.done()

    return await asyncio.to_thread(done)


async def test_partial_values_grow_into_the_value(grok: Any, sim: Simulator, read: Read) -> None:
    sim.on().reply(SAID)
    stream = grok.parse_stream("Read it.", into=Receipt)

    partials = await read(stream)

    assert all(isinstance(partial, Partial) for partial in partials)
    assert partials[0].day is None
    assert {"shop": "Corner St", "day": date(2026, 11, 2), "lines": [MILK, {"what": "Bread"}]} in map(plain, partials)
    assert plain(partials[-1]) == {"shop": "Corner St", "day": RECEIPT.day, "lines": [MILK, BREAD], "paid": "card"}
    assert stream.result.value == RECEIPT
    assert stream.partial == partials[-1]
    assert stream.complete


async def test_the_result_is_what_the_plain_call_gives(face: Face, grok: Any, sim: Simulator) -> None:
    sim.on(last="Read").reply(UNFIT)
    sim.on(last="cannot be used").reply(SAID)
    plainly = await face.call(grok.parse, "Read it.", into=Receipt)

    streamed = await in_the_end(face, grok.parse_stream("Read it.", into=Receipt))

    assert (streamed.value, streamed.repairs) == (plainly.value, plainly.repairs) == (RECEIPT, 1)
    assert streamed.answer.text == plainly.answer.text
    assert streamed.usage.output_tokens == plainly.usage.output_tokens


async def test_items_come_as_each_is_whole(grok: Any, sim: Simulator, read: Read) -> None:
    sim.on().reply(f'{{"value":{LINES}}}')
    stream = grok.parse_stream("Read it.", into=list[Line])

    assert await read(stream, items=True) == [MILK, BREAD]
    assert stream.result.value == [MILK, BREAD]


async def test_an_item_is_there_before_the_next_has_come(face: Face, watched: type[WatchedSimulator]) -> None:
    pieces = ('{"value":[{"what":"Milk","cents":120}', ',{"what":"Bread","cents":250}]}')
    with watched(seed=1) as sim:
        sim.on().reply(text="".join(pieces), pieces=pieces, fault=Fault(stall_at_event=5))
        client = face.client(base_url=sim.base_url, api_key=sim.key, model="grok-4.20-non-reasoning")
        stream = client.parse_stream("Read it.", into=list[Line])

        if isinstance(stream, AsyncTypedStream):
            async with client, stream:
                first = await anext(stream.items())
        else:

            def read_first() -> Any:
                with client, stream:
                    return next(stream.items())

            first = await asyncio.to_thread(read_first)

        assert first == MILK
        assert not stream.complete
        await asyncio.to_thread(sim.until_left)


async def test_items_of_a_field_come_by_its_name(grok: Any, sim: Simulator, read: Read) -> None:
    sim.on().reply(SAID)

    assert await read(grok.parse_stream("Read it.", into=Receipt), items=True, field="lines") == [MILK, BREAD]
    with pytest.raises(Misused, match="Receipt has several lists"):
        await read(grok.parse_stream("Read it.", into=Receipt), items=True)


async def test_a_repair_goes_on_where_items_were_handed_out(grok: Any, sim: Simulator, read: Read) -> None:
    sim.on(last="Read").reply('{"value":[{"what":"Milk","cents":120},{"what":"Bread","cents":-1}]}')
    sim.on(last=r"cannot be used").reply(f'{{"value":{LINES}}}')
    stream = grok.parse_stream("Read it.", into=list[Line])

    assert await read(stream, items=True) == [MILK, BREAD]
    assert stream.repairs == 1


async def test_items_that_a_repair_takes_back_are_an_error(grok: Any, sim: Simulator, read: Read) -> None:
    sim.on(last="Read").reply('{"value":[{"what":"Milk","cents":999},{"what":"Bread","cents":-1}]}')
    sim.on(last="cannot be used").reply(f'{{"value":{LINES}}}')

    with pytest.raises(AnswerUnfit, match="changed items that had been handed out"):
        await read(grok.parse_stream("Read it.", into=list[Line]), items=True)


async def test_fences_and_thoughts_are_passed_over(grok: Any, sim: Simulator, read: Read) -> None:
    sim.on().reply(f"<think>Some {{lines}}.</think>\n```json\n{LINES}\n```\nThat is all.")
    stream = grok.parse_stream("Read it.", into=list[Line])

    assert await read(stream, items=True) == [MILK, BREAD]
    assert stream.result.value == [MILK, BREAD]


@pytest.mark.parametrize("kind", [int, Literal["a", "b"], int | None])
async def test_what_has_no_parts_has_a_result_alone(
    face: Face, grok: Any, sim: Simulator, read: Read, kind: Any
) -> None:
    stream = grok.parse_stream("3?", into=kind)

    assert await read(stream) == []
    assert stream.result.value == (await face.call(grok.parse, "3?", into=kind)).value


async def test_what_ends_badly_raises_at_the_end(grok: Any, sim: Simulator, read: Read) -> None:
    sim.on(last="cut").reply(text='{"shop":"Cor', finish_reason="length")
    sim.on(last="refuse").reply(refusal="No.")
    sim.on(last="never").reply(UNFIT)

    with pytest.raises(AnswerCutOff):
        await read(grok.parse_stream("cut", into=Receipt))
    with pytest.raises(AnswerRefused):
        await read(grok.parse_stream("refuse", into=Receipt))
    with pytest.raises(AnswerUnfit):
        await read(grok.parse_stream("never", into=Receipt, repairs=0))


async def test_a_stream_that_breaks_says_what_had_arrived(grok: Any, sim: Simulator, read: Read) -> None:
    sim.on().reply(SAID, fault=Fault(end_after=12))
    stream = grok.parse_stream("Read it.", into=Receipt)

    with pytest.raises(StreamInterrupted) as caught:
        await read(stream)

    assert caught.value.partial is not None
    assert SAID.startswith(caught.value.partial.text)
    assert stream.partial.shop in {"", "Corner", "Corner St"}
    assert not stream.complete


async def test_leaving_early_closes_the_connection(face: Face, watched: type[WatchedSimulator]) -> None:
    numbers = ",".join(map(str, range(20_000)))
    with watched(seed=1) as sim:
        sim.on().reply(f'{{"value":[{numbers}]}}')
        client = face.client(base_url=sim.base_url, api_key=sim.key, model="grok-4.20-non-reasoning")
        stream = client.parse_stream("Count.", into=list[int])

        if isinstance(stream, AsyncTypedStream):
            async with client, stream:
                async for _ in stream.items():
                    break
        else:

            def leave() -> None:
                with client, stream:
                    for _ in stream.items():
                        break

            await asyncio.to_thread(leave)

        await asyncio.to_thread(sim.until_left)
        assert not stream.complete


async def test_the_chat_dialect_streams_too(grok: Any, sim: Simulator, read: Read) -> None:
    sim.on(last="Read").reply(UNFIT)
    sim.on(last="cannot be used").reply(SAID)
    stream = grok.chat.parse_stream(messages=[{"role": "user", "content": "Read it."}], into=Receipt)

    await read(stream)

    assert (stream.result.value, stream.repairs) == (RECEIPT, 1)
    assert sim.calls[1].json["messages"][1] == {"role": "assistant", "content": UNFIT}


async def test_a_stream_is_read_when_it_is_open(face: Face, grok: Any, sim: Simulator) -> None:
    stream = grok.parse_stream("Read it.", into=Receipt)

    with pytest.raises(StreamNotOpen):
        await (anext(stream) if isinstance(stream, AsyncTypedStream) else asyncio.to_thread(next, stream))
    with pytest.raises(Misused, match="not at its end"):
        _ = stream.result
    assert "Receipt" in repr(stream)
    assert sim.calls == []
