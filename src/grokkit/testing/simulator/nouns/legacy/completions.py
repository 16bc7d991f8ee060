"""`POST /v1/completions`: texts continued."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from grokkit.models import Model
from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.limiting import limited
from grokkit.testing.simulator.nouns.legacy.completions_reply import CompletionsReply, Continued
from grokkit.testing.simulator.nouns.legacy.plain_model import plain_model
from grokkit.testing.simulator.thought import Prompt, Turn
from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()


class StreamOptions(msgspec.Struct, kw_only=True):
    """The `stream_options`."""

    include_usage: bool = False


class CompletionsRequest(msgspec.Struct, kw_only=True):
    """The body."""

    model: str
    prompt: str | list[str | int | list[int]]
    n: Annotated[int, msgspec.Meta(ge=1, le=128)] | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    stop: Annotated[list[str], msgspec.Meta(max_length=4)] | str | None = None
    echo: bool | None = None
    seed: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    logprobs: bool | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    frequency_penalty: Annotated[float, msgspec.Meta(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, msgspec.Meta(ge=-2, le=2)] | None = None
    logit_bias: dict[str, Any] | None = None
    user: str | None = None


@table.post("/v1/completions", head="tokens", generates=True)
async def create(visit: Visit) -> Outcome:
    """Continue each prompt `n` times."""
    request = visit.read(CompletionsRequest)
    model = plain_model(request.model, visit)
    texts = _texts(request.prompt)
    continued = [
        await _continue(text, choice, request, model, visit) for text in texts for choice in range(request.n or 1)
    ]
    every = msgspec.structs.replace(
        _prompt(request, model, ""), turns=tuple(Turn(role="user", text=text) for text in texts)
    )
    reply = CompletionsReply(
        id=visit.id,
        created=int(visit.now()),
        model=model.id,
        choices=continued,
        bill=visit.charge(every, [one.thought for one in continued]),
        usage_frame=request.stream_options is not None and request.stream_options.include_usage,
    )
    if request.stream:
        return visit.stream(reply.frames(), model=model.id)
    return visit.answer(reply.whole(), model=model.id)


async def _continue(text: str, choice: int, request: CompletionsRequest, model: Model, visit: Visit) -> Continued:
    prompt = msgspec.structs.replace(_prompt(request, model, text), choice=choice)
    thought = limited(await visit.think(prompt), prompt)
    return Continued(thought=thought, before=text if request.echo else "")


def _prompt(request: CompletionsRequest, model: Model, text: str) -> Prompt:
    return Prompt(
        model=model.id,
        turns=(Turn(role="user", text=text),),
        max_tokens=request.max_tokens,
        stop=(request.stop,) if isinstance(request.stop, str) else tuple(request.stop or ()),
        seed=request.seed,
    )


def _texts(prompt: str | list[str | int | list[int]]) -> list[str]:
    """The prompts; one in numbers is taken for a text of about as many tokens."""
    if isinstance(prompt, str):
        return [prompt]
    if prompt and all(isinstance(piece, int) for piece in prompt):
        return [_as_long_as(prompt)]
    return [piece if isinstance(piece, str) else _as_long_as([piece]) for piece in prompt]


def _as_long_as(numbers: Sequence[object]) -> str:
    count = sum(len(number) if isinstance(number, list) else 1 for number in numbers)
    return " ?" * count
