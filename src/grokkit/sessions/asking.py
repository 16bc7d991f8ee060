"""One turn on its way: what is asked, what is sent for it, and the entry that comes of its answer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from grokkit.sessions import affinity
from grokkit.sessions.affinity import Prompt, PromptCacheDropped
from grokkit.sessions.prompting import context_tokens, output_of, sendable
from grokkit.sessions.turn import Placed, Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.errors import GrokError
    from grokkit.resources.responses import ResponsesOptions
    from grokkit.sessions.doctor import Item
    from grokkit.wire.answer import Answer


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A turn that is asked."""

    new: list[Item]
    """What is asked now."""
    sent: list[Item]
    """That, after all that was said before."""
    fields: ResponsesOptions
    """The other fields of the request, and how the call is to be made."""
    model: str | None
    placed: tuple[Placed, ...]
    """What was said before."""
    version: int
    """Of the session as it was known then."""
    unreadable: int = 0
    """Up to which version the server cannot read its own reasoning any more."""

    @property
    def holds_sealed(self) -> bool:
        """Whether there is something in it that only the server can read."""
        return any(item.get("encrypted_content") is not None for item in self.sent)

    @property
    def prompt(self) -> Prompt:
        """What the server's prompt cache sees."""
        return Prompt(affinity.head_of(self.model, self.fields), self.sent)

    def turn(self, answer: Answer, error: GrokError | None, *, partial: bool, at: float) -> Turn:
        """The entry that is kept of it."""
        return Turn(
            input=self.new,
            output=output_of(answer, partial=partial),
            partial=partial,
            broke=type(error.__cause__ or error).__name__ if error is not None else None,
            created=at,
            model=answer.model,
            request_id=answer.request_id,
            usage=answer.usage,
            context_tokens=context_tokens(answer),
            based_on=self.version,
            head=None if answer.cached else self.prompt.head,
        )

    def cache_drop(self, session: str, answer: Answer) -> PromptCacheDropped | None:
        """What to say when the server has not kept what the turn before sent it; nothing right after a compaction."""
        before = self.placed[-1].turn if self.placed else None
        if answer.cached or before is None or before.kind != "turn" or before.head is None or before.usage is None:
            return None
        sent_before = min(before.usage.input_tokens, before.context_tokens)
        if not affinity.has_dropped(sent_before, answer.usage.cached_tokens):
            return None
        was = Prompt(before.head, sendable(self.placed[:-1], before.input, self.unreadable))
        return PromptCacheDropped(
            session=session,
            part=affinity.first_difference(was, self.prompt),
            sent_before=sent_before,
            cached_tokens=answer.usage.cached_tokens,
        )


def copied(placed: Sequence[Placed]) -> list[Turn]:
    """Entries for another session, with versions of their own; their usage counts where they were made.

    >>> placed = [Placed(2, Turn(id="a")), Placed(5, Turn(id="c", kind="compaction", upto=2))]
    >>> [(turn.upto, turn.copied) for turn in copied(placed)]
    [(0, True), (1, True)]
    """
    return [
        msgspec.structs.replace(
            turn,
            id=uuid.uuid4().hex,
            copied=True,
            based_on=at,
            upto=sum(version <= turn.upto for version, _ in placed[:at]),
        )
        for at, (_, turn) in enumerate(placed)
    ]
