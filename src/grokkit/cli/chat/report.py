"""What an answer took, in two lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grokkit.cli.chat.answering import Answered
    from grokkit.wire.usage import Usage

_REMARKS = {
    "length": "the answer was cut off at the token limit: --max-tokens sets it",
    "content_filter": "the answer was stopped by the content filter",
    "tool_calls": "the model asked for a tool, and the command line has none",
}


def report(answered: Answered) -> list[str]:
    """Model, tokens, cost and times; below them the ids to quote when asking for help."""
    answer = answered.answer
    facts = [answer.model, tokens(answer.usage), cost(answer.usage), *_times(answered)]
    ids = {"request": answer.request_id, "client": answer.client_request_id}
    return [
        ", ".join(filter(None, facts)),
        ", ".join(f"{name} {identity}" for name, identity in ids.items() if identity),
    ]


def tokens(usage: Usage) -> str:
    """The tokens in and out, and what is told of them."""
    cached = f" ({usage.cached_tokens} cached)" if usage.cached_tokens else ""
    reasoning = f" ({usage.reasoning_tokens} reasoning)" if usage.reasoning_tokens else ""
    return f"{usage.input_tokens} tokens in{cached}, {usage.output_tokens} out{reasoning}"


def cost(usage: Usage) -> str:
    """US dollars, `about` when they are reckoned from the catalogue; nothing when nobody knows."""
    if usage.cost_usd is None:
        return ""
    return f"{'about ' if usage.estimated else ''}${usage.cost_usd:.6f}".rstrip("0").rstrip(".")


def _times(answered: Answered) -> list[str]:
    first, elapsed = answered.time_to_output, answered.elapsed
    writing = elapsed - (first or 0.0)
    speed = answered.answer.usage.output_tokens / writing if writing > 0 else 0.0
    return [
        f"first token after {first:.2f} s" if first is not None else "",
        f"{speed:.0f} tokens/s" if speed and first is not None else "",
        f"{elapsed:.2f} s in all",
    ]


def remark(answered: Answered) -> str | None:
    """What a reader should know of how the answer ended, if anything."""
    answer = answered.answer
    known = _REMARKS.get(answer.finish_reason or "")
    return known or (None if answer.text else f"the answer has no text (it ended with: {answer.finish_reason})")
