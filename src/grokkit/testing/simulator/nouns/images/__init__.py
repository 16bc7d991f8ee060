"""Images: made from words, edited, at once or deferred."""

from grokkit.testing.simulator.nouns.images.endpoints import table

__all__ = ["table"]
