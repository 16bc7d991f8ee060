"""`POST /v1/complete`: a text continued, in the first of Anthropic's shapes."""

import re
from typing import Annotated, Any

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.limiting import limited
from grokkit.testing.simulator.nouns.legacy.plain_model import plain_model, stop_hit
from grokkit.testing.simulator.refusal import invalid
from grokkit.testing.simulator.thought import Prompt, Turn
from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()

_SPEAKER = re.compile(r"(?:^|\n\n)(Human|Assistant):\s?")
_ROLES = {"Human": "user", "Assistant": "assistant"}


class CompleteRequest(msgspec.Struct, kw_only=True):
    """The body."""

    model: str
    prompt: str
    max_tokens_to_sample: Annotated[int, msgspec.Meta(ge=1)]
    stop_sequences: Annotated[list[str], msgspec.Meta(max_length=4)] | None = None
    stream: bool | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    top_k: int | None = None
    metadata: dict[str, Any] | None = None


@table.post("/v1/complete", head="tokens", generates=True)
async def complete(visit: Visit) -> Outcome:
    """Say what comes next."""
    request = visit.read(CompleteRequest)
    model = plain_model(request.model, visit)
    if request.stream:
        raise invalid("Streaming is not supported on this endpoint.")
    stops = tuple(request.stop_sequences or ())
    prompt = Prompt(model=model.id, turns=turns_of(request.prompt), stop=stops, max_tokens=request.max_tokens_to_sample)
    whole = await visit.think(prompt)
    thought = limited(whole, prompt)
    visit.charge(prompt, [thought])
    stopped = "stop_sequence" if stop_hit(whole, thought, stops) else "end_turn"
    return visit.answer(
        {
            "type": "completion",
            "id": visit.id,
            "completion": thought.text,
            "stop_reason": "length" if thought.reason == "length" else stopped,
            "model": model.id,
        },
        model=model.id,
    )


def turns_of(prompt: str) -> tuple[Turn, ...]:
    r"""What Human and Assistant said; all of it the user's where nobody is named.

    >>> [(turn.role, turn.text) for turn in turns_of("\n\nHuman: Hi\n\nAssistant:")]
    [('user', 'Hi')]
    """
    pieces = _SPEAKER.split(prompt)
    said = [("Human", pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    return tuple(Turn(role=_ROLES[who], text=text.strip()) for who, text in said if text.strip())
