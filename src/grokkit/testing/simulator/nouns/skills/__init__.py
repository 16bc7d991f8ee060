"""Hosted skills."""

from grokkit.testing.simulator.nouns.skills.endpoints import table

__all__ = ["table"]
