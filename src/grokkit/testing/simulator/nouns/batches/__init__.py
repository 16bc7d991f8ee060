"""Batches: requests that are answered later, added one by one or from a file."""

from grokkit.testing.simulator.nouns.batches.endpoints import table
from grokkit.testing.simulator.nouns.batches.shelf import Batch, BatchShelf

__all__ = ["Batch", "BatchShelf", "table"]
