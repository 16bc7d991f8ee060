"""Who is asked before a tool runs, and what can be answered."""

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias, TypeGuard, cast

import msgspec

from grokkit.errors import Misused
from grokkit.tools.running import in_thread
from grokkit.tools.settings import Effects
from grokkit.tools.tool import Tool
from grokkit.wire.events import ToolCall


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of a call that waits: it may run, it may not, or it was seen to elsewhere.

    >>> Decision.approve()
    Decision(verdict='approve', text='', arguments=None, begun=0)
    >>> Decision.decline("too expensive").text
    'too expensive'
    """

    verdict: Literal["approve", "again", "decline", "result"]
    text: str = ""
    """For the model: why it was declined, or what came of it."""
    arguments: dict[str, Any] | None = None
    """What the tool is to be given in place of what the model wrote."""
    begun: int = 0
    """For `again`: how often the call had been begun when this was decided."""

    @classmethod
    def approve(cls) -> "Decision":
        """Let it run. It never runs a call again that may have taken effect: that is what `again` is for."""
        return cls(verdict="approve")

    @classmethod
    def again(cls, begun: int = 1) -> "Decision":
        """It was begun and has not taken effect, as somebody found out: let it run again.

        `begun` is `ApprovalRequest.begun`: a decision that comes twice, or too late, runs nothing.
        """
        return cls(verdict="again", begun=begun)

    @classmethod
    def decline(cls, reason: str = "") -> "Decision":
        """It does not run; the model is told so, and why."""
        return cls(verdict="decline", text=reason)

    @classmethod
    def with_arguments(cls, arguments: dict[str, Any]) -> "Decision":
        """Let it run with other arguments; the model is told which."""
        return cls(verdict="approve", arguments=arguments)

    @classmethod
    def result(cls, text: str) -> "Decision":
        """It does not run: this is its result. For what was done elsewhere, or turns out to have happened."""
        return cls(verdict="result", text=text)


class ApprovalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A call that waits for a decision; the decisions of a resumed run go by `call.id`."""

    run_id: str
    turn: int
    call: ToolCall
    effects: Effects
    key: str
    """The idempotency key that the call has, or would have: what to look for where it may have taken effect."""
    reason: Literal["approval", "unknown"] = "approval"
    """`unknown`: it was begun before, and nobody knows whether it took effect. Only `Decision.again` runs it again."""
    begun: int = 0
    """How often it was begun."""

    @property
    def question(self) -> str:
        """What is to be decided, in words."""
        what = f"{self.call.name} with {self.call.arguments or '{}'}"
        if self.reason == "approval":
            return f"Run {what}?"
        return f"{what} was begun and may have taken effect (key {self.key}). Run it again?"


Predicate: TypeAlias = Callable[[ToolCall, Tool[..., Any]], bool]
"""Whether this call of this tool has to be approved."""
Ask: TypeAlias = Callable[[ApprovalRequest], Awaitable[Decision | None]]
"""Asks somebody here and now; None leaves the call waiting, and the run pauses."""
AskByHand: TypeAlias = Callable[[ApprovalRequest], Decision | None]
"""The same as a plain function, which runs in a thread."""
Approve: TypeAlias = Literal["destructive", "always"] | Predicate | Ask | AskByHand


class Approval(msgspec.Struct, frozen=True):
    """Which calls have to be approved, and who is asked; without anybody to ask they wait and the run pauses.

    >>> Approval.of("destructive").ask is None
    True
    """

    needed: Predicate
    ask: Ask | AskByHand | None = None

    @classmethod
    def of(cls, approve: "Approve | Approval | None") -> "Approval":
        """What is meant: nothing is asked, or which calls are, or who decides on destructive ones.

        A function of call and tool says which; one of the request decides. Raises `Misused` for anything else.
        """
        if isinstance(approve, Approval):
            ask = approve.ask
            return approve if ask is None or _is_async(ask) else cls(approve.needed, _in_thread(ask))
        if approve is None:
            return cls(_never)
        if isinstance(approve, str):
            if approve not in _NAMED:
                raise Misused(f"approve={approve!r} is none of {', '.join(map(repr, _NAMED))}")
            return cls(_NAMED[approve])
        if not callable(approve):
            raise Misused("approve= takes 'destructive', 'always', a function, or an Approval")
        if _is_async(approve):
            return cls(_destructive, approve)
        if _takes(approve, 2):
            return cls(cast("Predicate", approve))
        if _takes(approve, 1):
            return cls(_destructive, _in_thread(cast("AskByHand", approve)))
        raise Misused("approve= was given a function that takes neither (request) nor (call, tool)")


def _is_async(function: Callable[..., object]) -> TypeGuard[Ask]:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)


def _takes(function: Callable[..., object], count: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count)
    except (TypeError, ValueError):
        return False
    return True


def _in_thread(ask: Ask | AskByHand) -> Ask:
    @functools.wraps(ask)
    async def asked(request: ApprovalRequest) -> Decision | None:
        given: Decision | Awaitable[Decision | None] | None = await in_thread("approval", lambda: ask(request))
        return await given if inspect.isawaitable(given) else given

    return asked


def _never(_call: ToolCall, _tool: Tool[..., Any]) -> bool:
    return False


def _always(_call: ToolCall, _tool: Tool[..., Any]) -> bool:
    return True


def _destructive(_call: ToolCall, tool: Tool[..., Any]) -> bool:
    return tool.effects == "destructive"


_NAMED: dict[str, Predicate] = {"destructive": _destructive, "always": _always}
