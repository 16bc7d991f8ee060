"""An answer as events, in their order: text with its sound, or text alone, and the functions to call."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, NamedTuple

from grokkit.testing.simulator import tokens
from grokkit.testing.simulator.nouns.voice.speech import Speech, spoken, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grokkit.testing.simulator.nouns.voice.speech import Format
    from grokkit.testing.simulator.simulator import Simulator
    from grokkit.testing.simulator.thought import Thought, ToolCall


class Step(NamedTuple):
    """One event, and how many tokens it brings, for the pace."""

    event: dict[str, Any]
    tokens: int = 0


class Answer:
    """What the model says to one turn."""

    def __init__(self, simulator: Simulator, thought: Thought, form: Format | None) -> None:
        self.id = f"resp_{simulator.new_id()}"
        self.output: list[dict[str, Any]] = []
        """The items that are complete."""
        self.seconds = 0.0
        """How much sound was made."""
        self.sound = b""
        self._simulator = simulator
        self._thought = thought
        self._form = form
        """`None` for text without sound."""

    def shown(self, status: str, **more: Any) -> dict[str, Any]:
        """The response as events show it."""
        return {"id": self.id, "object": "realtime.response", "status": status, "output": list(self.output), **more}

    def steps(self) -> Iterator[Step]:
        """Everything between `response.created` and `response.done`."""
        if self._thought.text or not self._thought.tool_calls:
            yield from self._message()
        for call in self._thought.tool_calls:
            yield from self._call(call)

    def _message(self) -> Iterator[Step]:
        item = self._item("message", role="assistant", content=[])
        yield from self._begun(item)
        place = {**self._place(item), "content_index": 0}
        yield Step({"type": "response.content_part.added", **place, "part": self._part("")})
        yield from self._spoken(place) if self._form is not None else self._typed(place)
        part = self._part(self._thought.text)
        yield Step({"type": "response.content_part.done", **place, "part": part})
        yield self._ended(item | {"content": [part]})

    def _spoken(self, place: dict[str, Any]) -> Iterator[Step]:
        for piece in self._pieces():
            yield Step({"type": "response.output_audio_transcript.delta", **place, "delta": piece})
            delta = base64.b64encode(self._sounding(spoken(piece))).decode()
            yield Step({"type": "response.output_audio.delta", **place, "delta": delta}, 1)
        yield Step({"type": "response.output_audio.done", **place})
        text = self._thought.text
        yield Step({"type": "response.output_audio_transcript.done", **place, "transcript": text})

    def _typed(self, place: dict[str, Any]) -> Iterator[Step]:
        for piece in self._pieces():
            yield Step({"type": "response.text.delta", **place, "delta": piece}, 1)
        yield Step({"type": "response.text.done", **place, "text": self._thought.text})

    def _call(self, call: ToolCall) -> Iterator[Step]:
        item = self._item("function_call", call_id=call.id, name=call.name, arguments="")
        yield from self._begun(item)
        place = {**self._place(item), "call_id": call.id}
        for piece in tokens.pieces(call.arguments):
            yield Step({"type": "response.function_call_arguments.delta", **place, "delta": piece}, 1)
        done = {**place, "name": call.name, "arguments": call.arguments}
        yield Step({"type": "response.function_call_arguments.done", **done})
        yield self._ended(item | {"arguments": call.arguments})

    def _sounding(self, speech: Speech) -> bytes:
        self.seconds += speech.seconds
        sound = b"" if self._form is None else written(speech, self._form)
        self.sound += sound
        return sound

    def _pieces(self) -> list[str]:
        return list(self._thought.pieces) or tokens.pieces(self._thought.text)

    def _part(self, text: str) -> dict[str, str]:
        return {"type": "text", "text": text} if self._form is None else {"type": "audio", "transcript": text}

    def _item(self, kind: str, **fields: Any) -> dict[str, Any]:
        item_id = f"item_{self._simulator.new_id()}"
        return {"id": item_id, "object": "realtime.item", "type": kind, "status": "in_progress", **fields}

    def _place(self, item: dict[str, Any]) -> dict[str, Any]:
        return {"response_id": self.id, "item_id": item["id"], "output_index": len(self.output)}

    def _begun(self, item: dict[str, Any]) -> Iterator[Step]:
        added = {"response_id": self.id, "output_index": len(self.output), "item": item}
        yield Step({"type": "response.output_item.added", **added})

    def _ended(self, item: dict[str, Any]) -> Step:
        done = {"response_id": self.id, "output_index": len(self.output)}
        self.output.append(item | {"status": "completed"})
        return Step({"type": "response.output_item.done", **done, "item": self.output[-1]})
