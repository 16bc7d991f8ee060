"""A conversation that lasts: each turn is asked with what was said before, and kept when it is answered."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, Unpack

from grokkit.errors import InvalidRequest
from grokkit.resources.offered import definitions
from grokkit.sessions import affinity
from grokkit.sessions.affinity import log_drop
from grokkit.sessions.asking import Asking, copied
from grokkit.sessions.compaction import end_of_all_but, is_due, shortened
from grokkit.sessions.markdown import to_markdown
from grokkit.sessions.prompting import asked_items, brings_results, fields_of, is_unreadable, sendable, without_form
from grokkit.sessions.record import Record
from grokkit.sessions.store import Description, SessionConflict, SessionInfo, described
from grokkit.sessions.stream import SessionStream
from grokkit.sessions.transcript import dated, read_transcript, to_lines
from grokkit.sessions.turn import Turn, end_of_first, turns_only

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from grokkit.errors import GrokError
    from grokkit.resources.offered import Offered
    from grokkit.resources.responses import AsyncResponses, ResponsesOptions
    from grokkit.resources.stream import AsyncStream
    from grokkit.sessions.affinity import PromptCacheDropped
    from grokkit.sessions.doctor import Item
    from grokkit.sessions.store import SessionStore
    from grokkit.wire.answer import Answer

    Prompted = str | Sequence[Mapping[str, Any]]

T = TypeVar("T")

_TAKEN = "there is a session of this name: choose another one, or delete it first"
_logger = logging.getLogger("grokkit")


class AsyncSession:
    """A conversation in a store, under a name. Whoever opens the same name goes on with the same conversation.

    Nothing is kept by the server (`store=False`): each turn sends the history, mended where need be, with the model's
    own reasoning sealed in it. A turn is kept when its answer is complete; of one that broke off what had arrived is
    kept, marked as partial; of one that failed before nothing is, so that it can simply be asked again. Of several
    writers each one's turns are kept, in the order in which their answers came.

    `instructions`, `tools` and `options`, which is what else `ask` takes, hold for every turn, unless it says
    otherwise. Functions among the tools are offered, and not run: `grok.agent(session=...)` runs them. `compact_at`
    is the length in tokens from which the conversation is made short before the next turn. `told` hears when the
    server had to read again what it had read before, and which part of the prompt is the reason.

    >>> import asyncio
    >>> from grokkit.sessions.memory import MemorySessions
    >>> from grokkit.testing import Simulator
    >>> async def talk() -> list[str]:
    ...     async with Simulator().async_grok() as grok:
    ...         session = AsyncSession("sums", store=MemorySessions(), responses=grok.responses)
    ...         await session.ask("What is 17*23?")
    ...         return [turn.said for turn in await session.history()]
    >>> asyncio.run(talk())
    ['What is 17*23?\\n17 * 23 = 391']
    """

    def __init__(
        self,
        name: str,
        *,
        store: SessionStore,
        responses: AsyncResponses,
        tenant: str = "",
        model: str | None = None,
        compact_at: int | None = None,
        told: Callable[[PromptCacheDropped], object] = log_drop,
        now: Callable[[], float] = time.time,
        instructions: str | None = None,
        tools: Sequence[Offered] | None = None,
        options: ResponsesOptions | None = None,
    ) -> None:
        self._store = store.for_tenant(tenant)
        self._record = Record(self._store, name)
        self._responses = responses
        self._tenant = tenant
        self._model = model
        self._compact_at = compact_at
        self._told = told
        self._now = now
        self._options: ResponsesOptions = {**(options or {})}
        self._key: str | None = None
        self._unreadable = 0
        if instructions is not None:
            self._options["instructions"] = instructions
        if tools is not None:
            self._options["tools"] = definitions(tools, "responses")
        if tenant:
            self._options.setdefault("tenant", tenant)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} in {self._store}>"

    @property
    def name(self) -> str:
        """What the conversation is found by."""
        return self._record.name

    async def ask(self, prompt: Prompted, *, model: str | None = None, **options: Unpack[ResponsesOptions]) -> Answer:
        """The model's answer to a text, or to items (results of tools, images), in the light of all before.

        Takes what `responses.create` takes, but no `previous_response_id`. Raises what it raises, then nothing is
        kept; `TurnNotSaved`, with the answer, when the store cannot take the turn.
        """
        asking = await self._asking(prompt, model, options)
        answer, asking = await self._readable(asking, self._create)
        await self._keep(asking, answer)
        return answer

    def stream(
        self, prompt: Prompted, *, model: str | None = None, **options: Unpack[ResponsesOptions]
    ) -> SessionStream:
        """The same answer while it arrives; open it with `async with`. The turn is kept when the stream ends."""
        asked: list[Asking] = []

        async def begin() -> AsyncStream:
            stream, asking = await self._readable(await self._asking(prompt, model, options), self._open)
            asked.append(asking)
            return stream

        async def keep(answer: Answer, error: GrokError | None) -> None:
            await self._keep(asked[-1], answer, error, partial=not stream.complete)

        fields: ResponsesOptions = {**self._options, **options}
        unsent = self._responses.stream(input=asked_items(prompt), model=model or self._model, **fields)
        stream = SessionStream(unsent, begin, keep)
        return stream

    async def history(self) -> list[Turn]:
        """What was asked and answered, turn by turn, without what was rewound."""
        await self._record.refresh()
        return [turn for _, turn in turns_only(self._record.live)]

    async def items(self) -> list[Item]:
        """The conversation as the next turn would send it: mended, and from the last compaction on."""
        await self._record.refresh()
        return sendable(self._record.live, [], self._unreadable)

    async def append(self, turn: Turn) -> int:
        """Add a turn that was asked elsewhere, behind all there are; its version."""
        await self._record.refresh()
        return await self._record.add(turn)

    async def save(self) -> None:
        """Save what could not be saved before. Raises `StoreUnavailable` when it still cannot."""
        await self._record.refresh()

    async def info(self) -> SessionInfo:
        """Title, tags, times, and what the conversation has consumed."""
        return await self._store.info(self.name) or SessionInfo(name=self.name)

    async def describe(self, *, title: str | None = None, tags: Sequence[str] | None = None) -> SessionInfo:
        """Give it a title, or tags in place of those it has; what is not given stays."""
        return await self._store.describe(self.name, described(title, tags), at=self._now())

    async def rewind(self, turns: int = 1) -> list[Turn]:
        """Take the last turns back, and give them. They stay in the store, and out of the conversation.

        Raises `SessionConflict` when somebody added a turn at this moment: see what it is first.
        """
        if turns < 1:
            raise InvalidRequest(f"{turns} turns cannot be taken back", param="turns", hint="give 1 or more")
        await self._record.refresh()
        said = turns_only(self._record.live)
        if said:
            left = end_of_first(self._record.live, max(len(said) - turns, 0))
            rewind = Turn(kind="rewind", upto=left, created=self._now(), based_on=self._record.version)
            await self._record.add_here([rewind])
        return [turn for _, turn in said[-turns:]]

    async def fork(self, name: str, *, at: int | None = None) -> Self:
        """A new session that begins as this one, with its first `at` turns (from the end where negative), or all.

        Raises `SessionConflict` when there is one of this name already.
        """
        await self._record.refresh()
        placed = self._record.live
        last = end_of_first(placed, at)
        turns = copied([one for one in placed if one.version <= last])
        try:
            await Record(self._store, name).add_here(turns)
        except SessionConflict as conflict:
            conflict.hint = _TAKEN
            raise
        await self._store.describe(name, Description(origin=await self._origin()), at=self._now())
        return self._sibling(name)

    async def compact(self, *, keep: int = 0, model: str | None = None, own_summary: bool = False) -> Turn | None:
        """Make all but the last `keep` turns short: by the server, or by a summary of the model's where it cannot.

        The turns stay in the history; what the next turn sends begins with what this one gives. None when there is
        nothing to make short.
        """
        await self._record.refresh()
        return await self._compact(keep=keep, model=model, own=own_summary)

    async def export(self, form: Literal["jsonl", "markdown"] = "jsonl") -> str:
        """The session as text: JSON lines, which lose nothing, or Markdown for people."""
        await self._record.refresh()
        info = await self.info()
        if form == "jsonl":
            return to_lines(info, self._record.entries)
        if form == "markdown":
            return to_markdown(info.title or self.name, [turn for _, turn in turns_only(self._record.live)])
        raise InvalidRequest(f"a session is not exported as {form!r}", param="form", hint="jsonl or markdown")

    async def import_(self, text: str) -> int:
        """Fill this session, which is new, with what `export` gave, or with lines of items; how many entries it has.

        Raises `InvalidRequest` for another text, `SessionConflict` when the session has turns.
        """
        transcript = read_transcript(text)
        await self._record.refresh()
        if self._record.version:
            raise SessionConflict(self.name, expected=0, version=self._record.version, hint=_TAKEN)
        await self._record.add_here(dated(transcript.entries, self._now()))
        if transcript.title or transcript.tags:
            await self.describe(title=transcript.title, tags=transcript.tags)
        return self._record.version

    async def delete(self) -> bool:
        """Forget the session for good; whether there was one."""
        self._record = Record(self._store, self.name)
        return await self._store.delete(self.name)

    async def _asking(self, prompt: Prompted, model: str | None, options: ResponsesOptions) -> Asking:
        new = asked_items(prompt)
        fields = fields_of({**self._options, **options}, await self._cache_key())
        await self._record.refresh()
        if self._compact_at is not None and is_due(self._record.live, self._compact_at):
            await self._compact(keep=int(brings_results(new)), model=model, own=False)
        return self._with_history(new, model or self._model, fields)

    def _with_history(self, new: list[Item], model: str | None, fields: ResponsesOptions) -> Asking:
        placed = tuple(self._record.live)
        return Asking(
            new=new,
            sent=sendable(placed, new, self._unreadable),
            fields=fields,
            model=model,
            placed=placed,
            version=self._record.version,
            unreadable=self._unreadable,
        )

    async def _readable(self, asking: Asking, act: Callable[[Asking], Awaitable[T]]) -> tuple[T, Asking]:
        """What comes of it; once more, without what is sealed, where the server cannot read that any more."""
        try:
            return await act(asking), asking
        except InvalidRequest as error:
            if not asking.holds_sealed or not is_unreadable(error):
                raise
            _logger.warning("grok.reasoning_unreadable: session %r goes on without the reasoning it has", self.name)
        self._unreadable = asking.version
        again = self._with_history(asking.new, asking.model, asking.fields)
        return await act(again), again

    async def _create(self, asking: Asking) -> Answer:
        return await self._responses.create(input=asking.sent, model=asking.model, **asking.fields)

    async def _open(self, asking: Asking) -> AsyncStream:
        return await self._responses.stream(input=asking.sent, model=asking.model, **asking.fields).__aenter__()

    async def _keep(
        self, asking: Asking, answer: Answer, error: GrokError | None = None, *, partial: bool = False
    ) -> None:
        if (drop := asking.cache_drop(self.name, answer)) is not None:
            self._told(drop)
        await self._record.add(asking.turn(answer, error, partial=partial, at=self._now()), answer)

    async def _compact(self, *, keep: int, model: str | None, own: bool) -> Turn | None:
        placed = self._record.live
        upto = end_of_all_but(placed, keep)
        if not upto:
            return None
        items = sendable([one for one in placed if one.version <= upto], [], self._unreadable)
        fields = fields_of(without_form(self._options), await self._cache_key())
        short = await shortened(self._responses, items, model=model or self._model, options=fields, own=own)
        turn = Turn(
            kind="compaction",
            output=short.items,
            usage=short.usage,
            upto=upto,
            created=self._now(),
            based_on=self._record.version,
        )
        await self._record.add(turn)
        return turn

    async def _cache_key(self) -> str:
        if self._key is None:
            self._key = affinity.cache_key(self._tenant, await self._origin())
        return self._key

    async def _origin(self) -> str:
        """Forks keep the cache key of the session they come from, as their prompts begin alike."""
        return (await self.info()).origin or self.name

    def _sibling(self, name: str) -> Self:
        return type(self)(
            name,
            store=self._store,
            responses=self._responses,
            tenant=self._tenant,
            model=self._model,
            compact_at=self._compact_at,
            told=self._told,
            now=self._now,
            options=self._options,
        )
