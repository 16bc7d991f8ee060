"""`/v1/responses`: make, fetch, forget, list what was given, compact; and the same on a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.responses.answering import respond
from grokkit.testing.simulator.nouns.responses.compaction import compacted
from grokkit.testing.simulator.nouns.responses.conversing import Conversation
from grokkit.testing.simulator.nouns.responses.paging import entries, page
from grokkit.testing.simulator.nouns.responses.request import CompactRequest, read_request
from grokkit.testing.simulator.nouns.responses.speaking import IN_STREAM_ERROR
from grokkit.testing.simulator.nouns.responses.storage import Shelf

if TYPE_CHECKING:
    from grokkit.testing.simulator.sockets import Socket
    from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()


@table.post("/v1/responses", head="tokens", generates=True)
async def create(visit: Visit) -> Outcome:
    """Answer a request, whole or as a stream."""
    request, sent = read_request(visit)
    reply = await respond(request, sent, visit)
    if request.stream:
        streamed = visit.stream(reply.frames(), model=reply.whole["model"])
        return msgspec.structs.replace(streamed, error_frame=IN_STREAM_ERROR)
    return visit.answer(reply.whole, model=reply.whole["model"])


@table.post("/v1/responses/compact", head="tokens", generates=True)
def compact(visit: Visit) -> Outcome:
    """Make a conversation short."""
    value = compacted(visit.read(CompactRequest), visit)
    return visit.answer(value, model=value["model"])


@table.get("/v1/responses/{response_id}", head="named")
def fetch(visit: Visit) -> Outcome:
    """A stored response."""
    return visit.answer(visit.simulator.state(Shelf).find(visit.params["response_id"], visit).body)


@table.delete("/v1/responses/{response_id}")
def delete(visit: Visit) -> Outcome:
    """Forget a stored response."""
    shelf = visit.simulator.state(Shelf)
    kept = shelf.find(visit.params["response_id"], visit)
    del shelf.kept[kept.id]
    return visit.answer({"id": kept.id, "object": "response", "deleted": True})


@table.get("/v1/responses/{response_id}/input_items", head="named")
def input_items(visit: Visit) -> Outcome:
    """A page of what a stored response was given."""
    kept = visit.simulator.state(Shelf).find(visit.params["response_id"], visit)
    return visit.answer(page(entries(kept.id, kept.given), visit.query))


@table.socket("/v1/responses")
async def converse(socket: Socket) -> None:
    """Turn after turn on one connection."""
    await Conversation(socket).run()
