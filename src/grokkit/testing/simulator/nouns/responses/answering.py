"""From a request to its reply: read, checked, thought of, billed, kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.limiting import limited
from grokkit.testing.simulator.nouns.media.moderation import moderation_of
from grokkit.testing.simulator.nouns.responses.billing import charge
from grokkit.testing.simulator.nouns.responses.checks import check
from grokkit.testing.simulator.nouns.responses.citing import cited_inline
from grokkit.testing.simulator.nouns.responses.era import era
from grokkit.testing.simulator.nouns.responses.events import Manner
from grokkit.testing.simulator.nouns.responses.habits import Habits
from grokkit.testing.simulator.nouns.responses.inputs import opened, read_input
from grokkit.testing.simulator.nouns.responses.objects import Asked, ending
from grokkit.testing.simulator.nouns.responses.output import Making, is_item, output_of
from grokkit.testing.simulator.nouns.responses.prompting import check_files, prompt_of
from grokkit.testing.simulator.nouns.responses.reply import ResponsesReply
from grokkit.testing.simulator.nouns.responses.storage import KEPT_SECONDS, Kept, Shelf, owner_of

if TYPE_CHECKING:
    from grokkit.testing.simulator.nouns.responses.inputs import Item
    from grokkit.testing.simulator.nouns.responses.request import ResponsesRequest
    from grokkit.testing.simulator.thought import Prompt, Thought
    from grokkit.testing.simulator.visit import Visit

_FAILED = "Service temporarily unavailable"


async def respond(request: ResponsesRequest, sent: dict[str, Any], visit: Visit) -> ResponsesReply:
    """The reply to a request, whoever asks for it (sockets and batches do too). Raises the API's refusals."""
    simulator = visit.simulator
    model = visit.model(request.model, "responses")
    check(request, model, zero_data_retention=simulator.zero_data_retention)
    given, context = conversation(request, visit)
    prompt = prompt_of(request, sent.get("tools") or (), context, model, visit)
    moderation_of(visit).check(prompt.last, visit)
    thought = _bounded(limited(await visit.think(prompt), prompt), request)
    if "inline_citations" in (request.include or ()):
        thought = cited_inline(thought)
    asked = Asked(
        id=visit.id,
        created=int(visit.now()),
        request=request,
        sent=sent,
        model=model,
        era=era(simulator),
        priority=prompt.priority,
    )
    reply = _reply(asked, thought, prompt, visit)
    _keep(reply, given, context, visit)
    return reply


def warmed_up(request: ResponsesRequest, sent: dict[str, Any], visit: Visit) -> ResponsesReply:
    """The reply to a request that is to generate nothing: an id to go on from."""
    model = visit.model(request.model, "responses")
    check(request, model, zero_data_retention=visit.simulator.zero_data_retention)
    given, context = conversation(request, visit)
    prompt_of(request, sent.get("tools") or (), context, model, visit)
    created = int(visit.now())
    asked = Asked(id=visit.id, created=created, request=request, sent=sent, model=model, era=era(visit.simulator))
    whole = asked.object("completed", [], usage=None, completed=created)
    habits = visit.simulator.state(Habits)
    reply = ResponsesReply(begun=asked.begun(), whole=whole, items=[], manner=Manner(), habits=habits)
    _keep(reply, given, context, visit)
    return reply


def conversation(request: ResponsesRequest, visit: Visit) -> tuple[list[Item], list[Item]]:
    """The items that were sent, and all that the model is to see. Raises 404 for a response or file that is gone."""
    secret = secret_of(visit)
    given = read_input(request.input, secret)
    check_files(given, visit)
    before: list[Item] = []
    if request.previous_response_id is not None:
        before = list(visit.simulator.state(Shelf).find(request.previous_response_id, visit).context)
    if request.instructions is not None:
        before.append({"type": "message", "role": "system", "content": request.instructions})
    return given, [*before, *opened(given, secret)]


def secret_of(visit: Visit) -> str:
    """What seals the content that only this simulator can read."""
    return f"responses:{visit.simulator.seed}"


def _bounded(thought: Thought, request: ResponsesRequest) -> Thought:
    """The thought, with no more turns over the server's tools than were allowed."""
    most = request.max_turns
    if most is None or len(thought.server_calls) <= most:
        return thought
    return msgspec.structs.replace(thought, server_calls=thought.server_calls[:most])


def _reply(asked: Asked, thought: Thought, prompt: Prompt, visit: Visit) -> ResponsesReply:
    status, reason = ending(thought.finish_reason)
    making = Making(
        id=asked.id,
        model=asked.model,
        era=asked.era,
        include=frozenset(asked.request.include or ()),
        effort=prompt.effort,
        secret=secret_of(visit),
        status="incomplete" if status == "incomplete" else "completed",
    )
    items = [] if status == "failed" else output_of(thought, making)
    charged = charge(visit, prompt, thought, asked.model)
    whole = asked.object(
        status,
        [item for item in items if is_item(item)],
        usage=charged.usage(asked.era),
        completed=int(visit.now()) if status == "completed" else None,
        reason=reason,
        error={"code": "server_error", "message": thought.text or _FAILED} if status == "failed" else None,
    )
    return ResponsesReply(
        begun=asked.begun(),
        whole=whole,
        items=items,
        manner=Manner(
            pieces=thought.pieces,
            fragments=thought.fragments,
            own_shapes=asked.era.own_shapes,
            logprobs=asked.era.whole_object,
        ),
        habits=visit.simulator.state(Habits),
        doom_loop_check="x-grok-doom-loop-check" in visit.headers,
    )


def _keep(reply: ResponsesReply, given: list[Item], context: list[Item], visit: Visit) -> None:
    if reply.failed:
        return
    whole = reply.whole
    kept = Kept(
        id=whole["id"],
        owner=owner_of(visit),
        body=whole,
        given=tuple(given),
        context=(*context, *whole["output"]),
        expires=visit.now() + KEPT_SECONDS,
    )
    shelf = visit.simulator.state(Shelf)
    if whole["store"]:
        shelf.keep(kept)
    if visit.id in shelf.made:
        shelf.made[visit.id] = kept
