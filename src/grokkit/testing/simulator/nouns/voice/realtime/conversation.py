"""What was said in a conversation, and the prompt that it makes."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator.nouns.voice.hearing import heard, sound_in
from grokkit.testing.simulator.nouns.voice.messages import Unreadable
from grokkit.testing.simulator.nouns.voice.realtime.session import offered
from grokkit.testing.simulator.thought import Prompt, ToolCall, Turn

if TYPE_CHECKING:
    from grokkit.testing.simulator.nouns.voice.realtime.session import Session
    from grokkit.testing.simulator.simulator import Simulator

_ITEM_TYPES = ("message", "function_call", "function_call_output")
_ROLES = ("user", "assistant", "system")


class Conversation:
    """The items of a session, in their order."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.id = f"conv_{simulator.new_id()}"
        self.items: list[dict[str, Any]] = []

    def add(self, item: dict[str, Any], *, after: str | None = None) -> dict[str, Any]:
        """Keep an item; the event that tells of it. Raises `Unreadable` for one to come after none."""
        ids = [known["id"] for known in self.items]
        if after is not None and after not in [*ids, "root"]:
            raise Unreadable(f"previous_item_id: no item {after}")
        at = len(ids) if after is None else 0 if after == "root" else ids.index(after) + 1
        self.items.insert(at, item)
        before = self.items[at - 1]["id"] if at else None
        return {"type": "conversation.item.added", "previous_item_id": before, "item": item}

    def settle(self, item: dict[str, Any]) -> None:
        """Keep an item as it became."""
        self.items = [item if known["id"] == item["id"] else known for known in self.items]

    def created(self, given: object, session: Session) -> dict[str, Any]:
        """An item that the client made, as it is kept. Raises `Unreadable`."""
        if not isinstance(given, dict) or given.get("type") not in _ITEM_TYPES:
            raise Unreadable(f"item.type: expected one of {', '.join(_ITEM_TYPES)}")
        item = {"object": "realtime.item", **given, "id": str(given.get("id") or f"item_{self._simulator.new_id()}")}
        if given["type"] == "message":
            if given.get("role") not in _ROLES:
                raise Unreadable(f"item.role: expected one of {', '.join(_ROLES)}")
            item["content"] = [self._part(part, session) for part in _parts(given.get("content"))]
        elif not isinstance(given.get("call_id"), str):
            raise Unreadable("item: missing field `call_id`")
        return item | {"status": "completed"}

    def spoken(self, transcript: str) -> dict[str, Any]:
        """What the user said, as an item."""
        content = [{"type": "input_audio", "transcript": transcript}]
        return {
            "id": f"item_{self._simulator.new_id()}",
            "object": "realtime.item",
            "type": "message",
            "role": "user",
            "status": "completed",
            "content": content,
        }

    def prompt(self, model: str, session: Session) -> Prompt:
        """What the model is asked next."""
        system = (Turn(role="system", text=session.instructions),) if session.instructions else ()
        tools = offered(session.tools)
        return Prompt(
            model=model,
            turns=(*system, *(_turn(item) for item in self.items)),
            tools=tools,
            server_tools=tuple(tool for tool in session.tools if tool.get("type") != "function"),
            tool_choice=_chosen(session.tool_choice) if tools else None,
        )

    def _part(self, part: object, session: Session) -> dict[str, Any]:
        if not isinstance(part, dict):
            raise Unreadable("item.content: expected a sequence of maps")
        if part.get("type") != "input_audio" or "transcript" in part:
            return part
        form = session.audio.input.format
        sound = sound_in(decoded(part.get("audio")), (form.encoding, form.sample_rate))
        return {"type": "input_audio", "transcript": heard(self._simulator, sound)}


def decoded(audio: object) -> bytes:
    """Sound out of a message. Raises `Unreadable`."""
    if not isinstance(audio, str):
        raise Unreadable("missing field `audio`")
    try:
        return base64.b64decode(audio, validate=True)
    except ValueError:
        raise Unreadable("audio: not base64") from None


def sent(prompt: Prompt, session: Session) -> dict[str, Any]:
    """The prompt as a request, for rules to match on."""
    turns = [{"role": turn.role, "content": turn.text} for turn in prompt.turns]
    return {"model": prompt.model, "input": turns, "tools": session.tools}


def _chosen(choice: str | dict[str, Any]) -> str | None:
    if isinstance(choice, str):
        return choice
    function = choice.get("function")
    name = choice.get("name") or (function.get("name") if isinstance(function, dict) else None)
    return name if isinstance(name, str) else None


def _turn(item: dict[str, Any]) -> Turn:
    if item["type"] == "function_call":
        call = ToolCall(id=item["call_id"], name=str(item.get("name")), arguments=str(item.get("arguments") or ""))
        return Turn(role="assistant", tool_calls=(call,))
    if item["type"] == "function_call_output":
        return Turn(role="tool", text=str(item.get("output") or ""), tool_call_id=item["call_id"])
    texts = (str(part.get("transcript") or part.get("text") or "") for part in item["content"])
    return Turn(role=item["role"], text=" ".join(filter(None, texts)))


def _parts(content: object) -> list[object]:
    if isinstance(content, list):
        return content
    if content is None:
        return []
    raise Unreadable("item.content: expected a sequence of maps")
