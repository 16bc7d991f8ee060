"""Completions as they are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator import tokens
from grokkit.testing.simulator.nouns.model_facts import fingerprint
from grokkit.testing.simulator.visit import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grokkit.testing.simulator.bill import Bill
    from grokkit.testing.simulator.thought import Thought

_encode = msgspec.json.encode


class Continued(msgspec.Struct, frozen=True, kw_only=True):
    """One continuation, and the prompt where it is to be repeated."""

    thought: Thought
    before: str = ""

    @property
    def reason(self) -> str:
        """Why it ends: these models call no tools."""
        return "length" if self.thought.reason == "length" else "stop"


class CompletionsReply(msgspec.Struct, frozen=True, kw_only=True):
    """All that the reply says."""

    id: str
    created: int
    model: str
    choices: Sequence[Continued]
    bill: Bill
    usage_frame: bool = False

    def whole(self) -> dict[str, Any]:
        """The reply in one piece."""
        choices = [
            {"index": index, "text": one.before + one.thought.text, "finish_reason": one.reason}
            for index, one in enumerate(self.choices)
        ]
        return self._around(choices, usage=self.bill.chat())

    def frames(self) -> Iterator[Frame]:
        """The reply in pieces; the other frames have no usage when the last one has."""
        usage: dict[str, Any] = {"usage": None} if self.usage_frame else {}
        for index, one in enumerate(self.choices):
            cut = one.thought.pieces or tokens.pieces(one.thought.text)
            for number, piece in enumerate([one.before, *cut] if one.before else cut):
                choice = {"index": index, "text": piece, "finish_reason": None}
                yield Frame(_encode(self._around([choice], **usage)), int(number > 0 or not one.before))
            end = {"index": index, "text": "", "finish_reason": one.reason}
            yield Frame(_encode(self._around([end], **usage)))
        if self.usage_frame:
            yield Frame(_encode(self._around([], usage=self.bill.chat())))
        yield Frame(b"[DONE]")

    def _around(self, choices: list[dict[str, Any]], **usage: Any) -> dict[str, Any]:
        common = {"id": self.id, "object": "text_completion", "created": self.created, "model": self.model}
        return {**common, "choices": choices, **usage, "system_fingerprint": fingerprint(self.model)}
