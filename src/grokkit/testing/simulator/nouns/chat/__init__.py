"""Chat completions: plain, streamed and deferred."""

from grokkit.testing.simulator.nouns.chat.endpoints import table

__all__ = ["table"]
