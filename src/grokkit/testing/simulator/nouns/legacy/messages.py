"""`POST /v1/messages`: chat in Anthropic's shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.limiting import limited
from grokkit.testing.simulator.nouns.legacy.messages_reply import MessagesReply
from grokkit.testing.simulator.nouns.legacy.messages_request import MessagesRequest, check, prompt_of
from grokkit.testing.simulator.nouns.legacy.plain_model import stop_hit
from grokkit.testing.simulator.nouns.media.moderation import moderation_of

if TYPE_CHECKING:
    from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()


@table.on("POST", "/v1/messages", head="tokens", generates=True, api_key_header=True)
async def create(visit: Visit) -> Outcome:
    """Answer a conversation."""
    request = visit.read(MessagesRequest)
    model = visit.model(request.model, "chat")
    check(request, model)
    prompt = prompt_of(request, model)
    moderation_of(visit).check(prompt.last, visit)
    whole = await visit.think(prompt)
    thought = limited(whole, prompt)
    reply = MessagesReply(
        id=visit.id,
        model=model.id,
        thought=thought,
        bill=visit.charge(prompt, [thought]),
        stop_sequence=stop_hit(whole, thought, prompt.stop),
    )
    if request.stream:
        return visit.stream(reply.frames(), model=model.id)
    return visit.answer(reply.whole(), model=model.id)
