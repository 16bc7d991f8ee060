"""The socket `/v1/realtime`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.voice.realtime.talk import Talk, complaint
from grokkit.testing.simulator.refusal import Refusal

if TYPE_CHECKING:
    from grokkit.testing.simulator.sockets import Socket

table = Table()

_DEFAULT_MODEL = "grok-voice-latest"
_REFUSED = 1008


@table.socket("/v1/realtime", client_secrets=True)
async def converse(socket: Socket) -> None:
    """Talk until the other side hangs up. Without a `model`, the default one answers."""
    try:
        model = socket.visit.model(socket.visit.query.get("model") or _DEFAULT_MODEL, "realtime")
    except Refusal as refusal:
        await socket.send(complaint(refusal, None))
        await socket.close(_REFUSED)
        return
    talk = Talk(socket, model)
    await talk.begin()
    try:
        async for message in socket:
            await talk.take(message)
    finally:
        await talk.end()
