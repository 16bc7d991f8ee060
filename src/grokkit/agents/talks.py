"""Conversations of a run with its model: of items (Responses), of messages (chat), or those of a session.

A talk sends what is new behind what was said, and puts results and answers into the form of its dialect. What was
said is told to it by `took`, turn by turn: so a run that goes on elsewhere begins by telling the turns it had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

import msgspec

from grokkit.sessions.doctor import Item, mend
from grokkit.sessions.prompting import output_of, sealed_along
from grokkit.wire.answer import Answer, Origin, chat_answer, response_answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grokkit.agents.journal.record import TurnRecord
    from grokkit.agents.results import ToolResult
    from grokkit.resources.chat import AsyncChat
    from grokkit.resources.responses import AsyncResponses
    from grokkit.resources.stream import AsyncStream
    from grokkit.sessions.session import AsyncSession
    from grokkit.tools.tool import Dialect

    Fields = Mapping[str, Any]


class Talk(Protocol):
    """A conversation with the model."""

    @property
    def dialect(self) -> Dialect:
        """In which form items are."""
        ...

    async def ask(self, new: Sequence[Item], fields: Fields) -> Answer:
        """The model's answer to what is new, in the light of all before."""
        ...

    def stream(self, new: Sequence[Item], fields: Fields) -> AsyncStream:
        """The same while it arrives."""
        ...

    def said(self, answer: Answer) -> list[Item]:
        """What the model said, as it is to be told to it again."""
        ...

    def outputs(self, results: Sequence[ToolResult]) -> list[Item]:
        """Results of calls, as the model is told of them."""
        ...

    def took(self, new: Sequence[Item], said: Sequence[Item]) -> None:
        """Go on from here: this was asked, and this was the answer."""
        ...

    async def leave(self, new: Sequence[Item]) -> None:
        """The run ends with something new that is not asked any more; a conversation that lasts keeps it."""
        ...

    async def missed(self, new: Sequence[Item]) -> Answer | None:
        """The answer to this, where it came and was kept, and nobody of this run heard of it."""
        ...

    def answer_of(self, turn: TurnRecord) -> Answer:
        """An answer that came earlier, as far as it is written down."""
        ...

    @property
    def items(self) -> list[Item]:
        """What was said in this run, as far as the talk knows."""
        ...


class _Items:
    """What talks in the form of the Responses API have in common."""

    dialect: Dialect = "responses"

    def __init__(self) -> None:
        self._items: list[Item] = []

    @property
    def items(self) -> list[Item]:
        """What was said in this run."""
        return [*self._items]

    def said(self, answer: Answer) -> list[Item]:
        """The items of the answer, unchanged."""
        return output_of(answer, partial=False)

    def outputs(self, results: Sequence[ToolResult]) -> list[Item]:
        """An item for each result, in their order."""
        return [
            {"type": "function_call_output", "call_id": result.call.id, "output": result.output} for result in results
        ]

    def took(self, new: Sequence[Item], said: Sequence[Item]) -> None:
        """Remember what was asked and answered."""
        self._items += [*new, *said]

    async def missed(self, new: Sequence[Item]) -> Answer | None:
        """Nobody else keeps this conversation."""
        return None

    async def leave(self, new: Sequence[Item]) -> None:
        """Remember it, for whoever asks on with these items."""
        self._items += new

    def answer_of(self, turn: TurnRecord) -> Answer:
        """An answer that came earlier, read from its items."""
        raw = {"id": turn.answer_id, "model": turn.model, "status": "completed", "output": turn.output}
        return msgspec.structs.replace(response_answer(raw, Origin(request_id=turn.request_id)), usage=turn.usage)


class ResponsesTalk(_Items):
    """Sends all items each time; the server keeps nothing, the model's reasoning goes along sealed."""

    def __init__(self, responses: AsyncResponses, model: str | None) -> None:
        super().__init__()
        self._responses = responses
        self._model = model

    async def ask(self, new: Sequence[Item], fields: Fields) -> Answer:
        """See `Talk.ask`."""
        return await self._responses.create(input=self._sent(new), model=self._model, **sealed_along(fields))

    def stream(self, new: Sequence[Item], fields: Fields) -> AsyncStream:
        """See `Talk.stream`."""
        return self._responses.stream(input=self._sent(new), model=self._model, **sealed_along(fields))

    def _sent(self, new: Sequence[Item]) -> list[Item]:
        return mend([*self._items, *new]).items if self._items else [*new]


class SessionTalk(_Items):
    """Each turn is one of the session's, which keeps it and knows what was said before."""

    def __init__(self, session: AsyncSession, model: str | None) -> None:
        super().__init__()
        self._session = session
        self._model = model

    async def ask(self, new: Sequence[Item], fields: Fields) -> Answer:
        """See `Talk.ask`."""
        return await self._session.ask(new, model=self._model, **cast("Any", fields))

    def stream(self, new: Sequence[Item], fields: Fields) -> AsyncStream:
        """See `Talk.stream`."""
        return self._session.stream(new, model=self._model, **cast("Any", fields))

    async def leave(self, new: Sequence[Item]) -> None:
        """The session has it too: the results of calls that it knows of."""
        from grokkit.sessions.turn import Turn

        await super().leave(new)
        if new:
            await self._session.append(Turn(input=[*new]))

    async def missed(self, new: Sequence[Item]) -> Answer | None:
        """The session's last turn, where it is the answer to this."""
        history = await self._session.history()
        if not history or history[-1].partial or not history[-1].output or history[-1].input != [*new]:
            return None
        turn = history[-1]
        raw = {"model": turn.model, "status": "completed", "output": turn.output}
        answer = response_answer(raw, Origin(request_id=turn.request_id))
        return answer if turn.usage is None else msgspec.structs.replace(answer, usage=turn.usage)


class ChatTalk:
    """Sends all messages each time, as every OpenAI-compatible server has it."""

    dialect: Dialect = "chat"

    def __init__(self, chat: AsyncChat, model: str | None) -> None:
        self._chat = chat
        self._model = model
        self._messages: list[Item] = []

    @property
    def items(self) -> list[Item]:
        """The messages of this run."""
        return [*self._messages]

    async def ask(self, new: Sequence[Item], fields: Fields) -> Answer:
        """See `Talk.ask`."""
        messages, rest = self._sent(new, fields)
        return await self._chat.create(self._model, messages=messages, **rest)

    def stream(self, new: Sequence[Item], fields: Fields) -> AsyncStream:
        """See `Talk.stream`."""
        messages, rest = self._sent(new, fields)
        return self._chat.stream(self._model, messages=messages, **rest)

    def said(self, answer: Answer) -> list[Item]:
        """The message of the answer, with its calls under the ids by which their results will name them."""
        message: Item = {"role": "assistant", "content": answer.text or None}
        if answer.tool_calls:
            message["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in answer.tool_calls
            ]
        return [message] if answer.text or answer.tool_calls else []

    def outputs(self, results: Sequence[ToolResult]) -> list[Item]:
        """A message for each result, in their order."""
        return [{"role": "tool", "tool_call_id": result.call.id, "content": result.output} for result in results]

    def took(self, new: Sequence[Item], said: Sequence[Item]) -> None:
        """Remember what was asked and answered."""
        self._messages += [*new, *said]

    async def leave(self, new: Sequence[Item]) -> None:
        """Remember it, for whoever asks on with these messages."""
        self._messages += new

    async def missed(self, new: Sequence[Item]) -> Answer | None:
        """Nobody else keeps this conversation."""
        return None

    def answer_of(self, turn: TurnRecord) -> Answer:
        """An answer that came earlier, read from its message."""
        choices = [{"index": 0, "message": message} for message in turn.output[:1]]
        raw = {"id": turn.answer_id, "model": turn.model, "choices": choices}
        return msgspec.structs.replace(chat_answer(raw, Origin(request_id=turn.request_id)), usage=turn.usage)

    def _sent(self, new: Sequence[Item], fields: Fields) -> tuple[list[Item], Any]:
        rest = {name: value for name, value in fields.items() if name != "instructions"}
        instructions = fields.get("instructions")
        system: list[Item] = [{"role": "system", "content": instructions}] if instructions else []
        return [*system, *self._messages, *new], rest
