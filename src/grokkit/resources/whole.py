"""A plain reply as an answer, also where it is streamed underneath, or the server streams although nobody asked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from grokkit.resources.stream import AsyncStream, has_events

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from grokkit.call import Call, Reply
    from grokkit.resources.channel import Channel
    from grokkit.wire.accumulate import Accumulator
    from grokkit.wire.answer import Answer, Origin

    ReadAnswer = Callable[[dict[str, Any], Origin], Answer]


def whole_answer(
    channel: Channel,
    call: Call,
    accumulator: Callable[[], Accumulator],
    read: ReadAnswer,
) -> Awaitable[Answer]:
    """Send the call and wait for its answer. What is streamed underneath is gathered within the try that began it:
    nobody sees any of it before it is whole, so another try may follow.
    """

    if call.stream:
        call = call.replace(gather=partial(_gather, channel, accumulator, read))
    return channel.answer(call, partial(_read, channel, call, accumulator, read))


def _read(
    channel: Channel, call: Call, accumulator: Callable[[], Accumulator], read: ReadAnswer, reply: Reply
) -> Answer:
    body = reply.body or b""
    if not body.startswith(b"{") and has_events(body):
        return AsyncStream(channel, call, accumulator(), read).replay(reply)
    return read(reply.json(), channel.origin(call, reply))


async def _gather(
    channel: Channel, accumulator: Callable[[], Accumulator], read: ReadAnswer, attempt: Call, reply: Reply
) -> Reply:
    return await AsyncStream(channel, attempt, accumulator(), read).gather(reply)
