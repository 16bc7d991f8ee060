"""Keys, money and what was done: the team's side of the management host."""

from grokkit.testing.simulator.nouns.keys import audit, billing, endpoints, team

__all__ = ["audit", "billing", "endpoints", "team"]
