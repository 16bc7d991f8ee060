"""A plain reply as an answer, also from a server that streams although nobody asked it to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.resources.stream import AsyncStream, has_events
from grokkit.wire.reading import read_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.call import Call, Reply
    from grokkit.resources.channel import Channel
    from grokkit.wire.accumulate import Accumulator
    from grokkit.wire.answer import Answer, Origin


async def whole_answer(
    channel: Channel,
    call: Call,
    accumulator: Callable[[], Accumulator],
    read: Callable[[dict[str, Any], Origin], Answer],
) -> Answer:
    """Send the call and wait for its answer; a call that is to be streamed underneath is."""
    if call.stream:
        async with AsyncStream(channel, call, accumulator(), read) as stream:
            return await stream.done()

    def read_reply(reply: Reply) -> Answer:
        body = reply.body or b""
        if has_events(body):
            return AsyncStream(channel, call, accumulator(), read).replay(reply)
        return read(read_object(body), channel.origin(call, reply))

    return await channel.answer(call, read_reply)
