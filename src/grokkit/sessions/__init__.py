"""Conversations that last: their history kept valid, saved, searched, forked, rewound and made short."""

from grokkit.sessions.affinity import PromptCacheDropped
from grokkit.sessions.doctor import Change, Mended, is_synthetic, mend
from grokkit.sessions.entries import TurnUnreadable
from grokkit.sessions.memory import MemorySessions
from grokkit.sessions.opening import open_sessions
from grokkit.sessions.record import TurnNotSaved
from grokkit.sessions.sealing_form import SealBroken, SessionSealed, new_key
from grokkit.sessions.session import AsyncSession
from grokkit.sessions.store import Description, Hit, Page, SessionConflict, SessionInfo, SessionStore
from grokkit.sessions.turn import Turn

__all__ = [
    "AsyncSession",
    "Change",
    "Description",
    "Hit",
    "MemorySessions",
    "Mended",
    "Page",
    "PromptCacheDropped",
    "SealBroken",
    "SessionConflict",
    "SessionInfo",
    "SessionSealed",
    "SessionStore",
    "Turn",
    "TurnNotSaved",
    "TurnUnreadable",
    "is_synthetic",
    "mend",
    "new_key",
    "open_sessions",
]
