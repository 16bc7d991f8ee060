"""Steps one after the other, side by side, for each of many, or one of two: plain Python, with one form of result.

A step is an agent, a tool, a function, or another chain. A function and a tool are called with the value of the step
before; an agent gets it as its prompt, as JSON where it is no text. What a step raises ends the chain, and says where.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from grokkit.agents.failures import remembering
from grokkit.agents.outcome import Outcome, RunResult
from grokkit.errors import Misused
from grokkit.tools.encoding import encode_result
from grokkit.tools.running import in_thread
from grokkit.tools.settings import name_of
from grokkit.tools.tool import Tool
from grokkit.wire.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from grokkit.agents.agent import AsyncAgent

    class BlockingAgent(Protocol):
        """An agent of the other face."""

        @property
        def twin(self) -> AsyncAgent[Any]:
            """The agent that does the work."""
            ...

    Step: TypeAlias = "Chain | AsyncAgent[Any] | BlockingAgent | Tool[..., Any] | Callable[[Any], Any]"


class Chain(ABC):
    """Steps that are run as one. `(await chain.run(value)).value` is what they give."""

    name: str

    async def run(self, value: Any) -> Outcome[Any]:
        """What the steps give for this value, with what they consumed. Raises what a step raises."""
        began = time.monotonic()
        held, steps = await self._walked(value)
        usage = sum((step.usage for step in steps), Usage())
        return Outcome(held=held, name=self.name, usage=usage, seconds=time.monotonic() - began, steps=tuple(steps))

    def __repr__(self) -> str:
        return f"<{self.name}>"

    @abstractmethod
    async def _walked(self, value: Any) -> tuple[Any, list[Outcome[Any]]]:
        """The value, and what came of the steps."""


def sequence(*steps: Step) -> Chain:
    """Steps one after the other: each gets what the one before gave.

    >>> asyncio.run(sequence(str.strip, str.upper).run(" hi ")).value
    'HI'
    """
    return _Sequence(steps)


def parallel(*steps: Step) -> Chain:
    """Steps side by side: all get the same value, and their values are a list in the order of the steps.

    Where one raises, the others are cancelled.

    >>> asyncio.run(parallel(len, str.upper).run("hi")).value
    [2, 'HI']
    """
    return _Parallel(steps)


def mapped(step: Step, *, limit: int = 8) -> Chain:
    """A step for each of many values, of which so many are under way at one time; a list in the order of the values.

    >>> asyncio.run(mapped(len).run(["one", "three"])).value
    [3, 5]
    """
    return _Mapped(step, limit)


def branch(condition: Callable[[Any], bool | Awaitable[bool]], then: Step, otherwise: Step | None = None) -> Chain:
    """One step where the condition holds, else the other; without another one the value stays what it is.

    >>> shorten = branch(lambda text: len(text) > 5, lambda text: text[:4] + "…")
    >>> asyncio.run(shorten.run("a long text")).value, asyncio.run(shorten.run("short")).value
    ('a lo…', 'short')
    """
    return _Branch(condition, then, otherwise)


async def run(step: Step, value: Any) -> Outcome[Any]:
    """What any step gives for a value.

    >>> asyncio.run(run(len, "hello")).value
    5
    """
    if isinstance(step, Chain):
        return await step.run(value)
    agent = _agent(step)
    if agent is not None:
        return await agent.run(value if _is_prompt(value) else encode_result(agent.name, value))
    if not callable(step):
        raise Misused(f"a {type(step).__name__} is no step: use an agent, a tool, a function or a chain")
    began = time.monotonic()
    held = await _called(step, value)
    return Outcome(held=held, name=name(step), seconds=time.monotonic() - began)


def name(step: Step) -> str:
    """What a step is called."""
    given = getattr(step, "name", None)
    return given if isinstance(given, str) else name_of(step)


class _Sequence(Chain):
    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self.name = " > ".join(map(name, steps))

    async def _walked(self, value: Any) -> tuple[Any, list[Outcome[Any]]]:
        done: list[Outcome[Any]] = []
        for step in self._steps:
            done.append(await _told_where(step, value, self))
            value = done[-1].value
        return value, done


class _Parallel(Chain):
    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self.name = " | ".join(map(name, steps))

    async def _walked(self, value: Any) -> tuple[Any, list[Outcome[Any]]]:
        done = await _all(_told_where(step, value, self) for step in self._steps)
        return [one.value for one in done], done


class _Mapped(Chain):
    def __init__(self, step: Step, limit: int) -> None:
        if limit < 1:
            raise Misused(f"limit={limit}: at least one has to be under way at a time")
        self._step = step
        self._limit = limit
        self.name = f"each {name(step)}"

    async def _walked(self, value: Any) -> tuple[Any, list[Outcome[Any]]]:
        slots = asyncio.Semaphore(self._limit)

        async def one(item: Any) -> Outcome[Any]:
            async with slots:
                return await _told_where(self._step, item, self)

        done = await _all(one(item) for item in value)
        return [one.value for one in done], done


class _Branch(Chain):
    def __init__(self, condition: Callable[[Any], bool | Awaitable[bool]], then: Step, otherwise: Step | None) -> None:
        self._condition = condition
        self._then = then
        self._otherwise = otherwise
        self.name = f"{name(then)} if {name_of(condition)}" + (f" else {name(otherwise)}" if otherwise else "")

    async def _walked(self, value: Any) -> tuple[Any, list[Outcome[Any]]]:
        step = self._then if await self._is_met(value) else self._otherwise
        if step is None:
            return value, []
        done = await _told_where(step, value, self)
        return done.value, [done]

    async def _is_met(self, value: Any) -> bool:
        try:
            met = self._condition(value)
            return await met if inspect.isawaitable(met) else met
        except Exception as error:
            error.add_note(f"in the condition of {self!r}")
            raise


def _agent(step: Step) -> AsyncAgent[Any] | None:
    """The agent that a step is, in either face."""
    from grokkit.agents.agent import AsyncAgent

    twin = getattr(step, "twin", step)
    return twin if isinstance(twin, AsyncAgent) else None


async def _called(step: Callable[[Any], Any], value: Any) -> Any:
    """Async functions are awaited; others run in a thread, as tools do, so that none holds up the loop."""
    if isinstance(step, Tool) or not inspect.iscoroutinefunction(step):
        given = await in_thread(name(step), lambda: step(value))
    else:
        given = step(value)
    return await given if inspect.isawaitable(given) else given


async def _told_where(step: Step, value: Any, chain: Chain) -> Outcome[Any]:
    done: Outcome[Any] | None = None
    try:
        done = await run(step, value)
        _ = done.value
    except Exception as error:
        error.add_note(f"in the step {name(step)!r} of {chain!r}")
        if isinstance(done, RunResult):
            remembering(error, done.record)
        raise
    return done


async def _all(works: Iterable[Awaitable[Outcome[Any]]]) -> list[Outcome[Any]]:
    """All of them, in their order; where one raises, the others are cancelled, and are over when it is raised here."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return [*await asyncio.gather(*tasks)]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _is_prompt(value: object) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(item, dict) for item in value) and bool(value)
    )
