"""A conversation made short: by the server, or, where it cannot, by a summary that the model is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from grokkit.errors import BadCall, ResponseFailed
from grokkit.sessions.turn import Placed, turns_only
from grokkit.wire.usage import Usage, responses_usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.resources.responses import AsyncResponses, ResponsesOptions
    from grokkit.sessions.doctor import Item

_ASKED = (
    "Summarise this conversation for yourself, so that it can go on without its text: what the user wants, what was "
    "found out and decided, names, numbers and identifiers word for word, what is still open. Answer with the summary "
    "alone."
)
_NO_SUCH_ADDRESS = {404, 405}
_HEADING = "Summary of the conversation so far:\n\n"


class Short(NamedTuple):
    """What stands in the place of a conversation, and what it took."""

    items: list[Item]
    usage: Usage


def is_due(placed: Sequence[Placed], limit: int) -> bool:
    """Whether the conversation has come to so many tokens; after a compaction it has to grow by half as many again,
    so that one that cannot be made short enough is not made short before every turn.

    >>> from grokkit.sessions.turn import Placed, Turn
    >>> long = Turn(context_tokens=900)
    >>> is_due([Placed(1, long)], 800), is_due([Placed(1, Turn(kind="compaction")), Placed(2, long)], 800)
    (True, False)
    """
    since = [turn for _, turn in placed[_after_compaction(placed) :]]
    grown = since[-1].context_tokens if since else 0
    if grown < limit:
        return False
    return len(since) == len(placed) or grown - since[0].context_tokens >= limit // 2


def end_of_all_but(placed: Sequence[Placed], keep: int) -> int:
    """The version up to which all but the last `keep` turns go; 0 when there is nothing to make short in them."""
    since = placed[_after_compaction(placed) :]
    if not since:
        return 0
    said = turns_only(placed)
    if keep >= len(said):
        return 0
    upto = said[-keep - 1].version
    held = max((turn.upto for _, turn in placed if turn.kind == "compaction"), default=0)
    return upto if upto > held else 0


def _after_compaction(placed: Sequence[Placed]) -> int:
    """Where the entries since the last compaction begin."""
    return max((at for at, (_, turn) in enumerate(placed, 1) if turn.kind == "compaction"), default=0)


async def shortened(
    responses: AsyncResponses, items: Sequence[Item], *, model: str | None, options: ResponsesOptions, own: bool
) -> Short:
    """The server's compaction, or a summary where there is none or `own` asks for it. Raises what calls raise."""
    if not own:
        try:
            compacted = await responses.compact(input=items, model=model)
        except BadCall as error:
            if error.status not in _NO_SUCH_ADDRESS:
                raise
        else:
            if compacted.output:
                return Short(compacted.output, responses_usage(compacted.usage or {}))
    return await _summary(responses, items, model, options)


async def _summary(
    responses: AsyncResponses, items: Sequence[Item], model: str | None, options: ResponsesOptions
) -> Short:
    answer = await responses.create(input=[*items, {"role": "user", "content": _ASKED}], model=model, **options)
    if not answer.text:
        raise ResponseFailed("the model was asked for a summary of the session and gave none", hint="ask once more")
    text = {"type": "output_text", "text": _HEADING + answer.text}
    return Short([{"type": "message", "role": "assistant", "content": [text]}], answer.usage)
