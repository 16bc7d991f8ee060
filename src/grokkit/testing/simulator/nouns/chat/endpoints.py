"""`POST /v1/chat/completions` and the fetching of deferred ones."""

from __future__ import annotations

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.limiting import limited
from grokkit.testing.simulator.nouns.chat.reply import ChatReply
from grokkit.testing.simulator.nouns.chat.request import ChatRequest, check, prompt_of
from grokkit.testing.simulator.nouns.media.moderation import moderation_of
from grokkit.testing.simulator.refusal import not_found
from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()

_KEPT_SECONDS = 24 * 3600


class Deferred:
    """Completions that are asked for and not fetched yet, with the moments they are ready and gone."""

    def __init__(self) -> None:
        self.waiting: dict[str, tuple[float, bytes]] = {}


@table.post("/v1/chat/completions", head="chat", generates=True)
async def create(visit: Visit) -> Outcome:
    """Answer a chat request."""
    request = visit.read(ChatRequest)
    reply = await complete(request, visit)
    if request.deferred:
        return _defer(reply, visit)
    if request.stream:
        return visit.stream(reply.frames(), model=reply.model)
    return visit.answer(reply.whole(), model=reply.model)


@table.get("/v1/chat/deferred-completion/{request_id}", head="named")
def fetch(visit: Visit) -> Outcome:
    """Hand out a deferred completion: 202 while it is made, then once, then never again."""
    waiting = visit.simulator.state(Deferred).waiting
    ready, body = waiting.get(visit.params["request_id"], (None, b""))
    if ready is None or visit.now() > ready + _KEPT_SECONDS:
        raise not_found(f"No deferred completion with request id {visit.params['request_id']}.")
    if visit.now() < ready:
        return visit.empty(202)
    del waiting[visit.params["request_id"]]
    return Outcome(body=body)


async def complete(request: ChatRequest, visit: Visit) -> ChatReply:
    """The reply to a chat request, whoever asks for it (batches do too). Raises the API's refusals."""
    model = visit.model(request.model, "chat")
    check(request, model)
    prompt = prompt_of(request, model, visit)
    moderation_of(visit).check(prompt.last, visit)
    thoughts = [
        limited(await visit.think(msgspec.structs.replace(prompt, choice=choice)), prompt)
        for choice in range(request.n or 1)
    ]
    wants_logprobs = bool(request.logprobs) and model.retired_on is not None
    return ChatReply(
        id=visit.id,
        created=int(visit.now()),
        model=model.id,
        thoughts=thoughts,
        bill=visit.charge(prompt, thoughts),
        service_tier=visit.simulator.service_tier(priority=prompt.priority),
        logprobs=request.top_logprobs or 0 if wants_logprobs else None,
        usage_frame=request.stream_options is None or request.stream_options.include_usage,
    )


def _defer(reply: ChatReply, visit: Visit) -> Outcome:
    ready = visit.now() + visit.simulator.job_seconds
    visit.simulator.state(Deferred).waiting[visit.id] = (ready, msgspec.json.encode(reply.whole()))
    return visit.answer({"request_id": visit.id}, model=reply.model)
