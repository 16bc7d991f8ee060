"""Agents: a model that calls functions until it is done, and chains of such steps.

Each name loads what it needs when it is first used.
"""

from typing import TYPE_CHECKING

from grokkit._lazy import lazy

if TYPE_CHECKING:
    from grokkit.agents.agent import AsyncAgent as AsyncAgent
    from grokkit.agents.approval import Approval as Approval
    from grokkit.agents.approval import ApprovalRequest as ApprovalRequest
    from grokkit.agents.approval import Decision as Decision
    from grokkit.agents.chains import Chain as Chain
    from grokkit.agents.chains import branch as branch
    from grokkit.agents.chains import mapped as mapped
    from grokkit.agents.chains import parallel as parallel
    from grokkit.agents.chains import sequence as sequence
    from grokkit.agents.events import ApprovalNeeded as ApprovalNeeded
    from grokkit.agents.events import ArgumentsDelta as ArgumentsDelta
    from grokkit.agents.events import RunEvent as RunEvent
    from grokkit.agents.events import RunFinished as RunFinished
    from grokkit.agents.events import ToolFinished as ToolFinished
    from grokkit.agents.events import ToolStarted as ToolStarted
    from grokkit.agents.events import TurnFinished as TurnFinished
    from grokkit.agents.events import TurnStarted as TurnStarted
    from grokkit.agents.failures import record_of as record_of
    from grokkit.agents.hooks import RunHook as RunHook
    from grokkit.agents.hooks import tool_called as tool_called
    from grokkit.agents.journal import Journal as Journal
    from grokkit.agents.journal import MemoryJournal as MemoryJournal
    from grokkit.agents.journal import RunExists as RunExists
    from grokkit.agents.journal import RunRecord as RunRecord
    from grokkit.agents.journal import RunTaken as RunTaken
    from grokkit.agents.journal import RunUnknown as RunUnknown
    from grokkit.agents.journal import open_journal as open_journal
    from grokkit.agents.limits import RunLimitReached as RunLimitReached
    from grokkit.agents.limits import RunLimits as RunLimits
    from grokkit.agents.outcome import Outcome as Outcome
    from grokkit.agents.outcome import RunResult as RunResult
    from grokkit.agents.results import JournalUnavailable as JournalUnavailable
    from grokkit.agents.results import ToolResult as ToolResult
    from grokkit.agents.stream import AsyncRunStream as AsyncRunStream

__all__, __getattr__, __dir__ = lazy(__name__, __file__)
