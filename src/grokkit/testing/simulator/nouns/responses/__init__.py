"""The Responses API: plain, streamed and on a socket; stored, chained, listed, deleted and compacted."""

from grokkit.testing.simulator.nouns.responses.endpoints import table
from grokkit.testing.simulator.nouns.responses.habits import Habits

__all__ = ["Habits", "table"]
