"""The write-ahead journal of runs: what was asked, answered, intended and done."""

from grokkit.agents.journal.journal import Journal, RunExists, RunTaken, RunUnknown
from grokkit.agents.journal.memory import MemoryJournal
from grokkit.agents.journal.opening import open_journal
from grokkit.agents.journal.record import CallRecord, Claim, RunInfo, RunRecord, RunStatus, TurnRecord

__all__ = [
    "CallRecord",
    "Claim",
    "Journal",
    "MemoryJournal",
    "RunExists",
    "RunInfo",
    "RunRecord",
    "RunStatus",
    "RunTaken",
    "RunUnknown",
    "TurnRecord",
    "open_journal",
]
