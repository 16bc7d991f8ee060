"""Collections of documents, on the management host."""

from grokkit.testing.simulator.nouns.collections import documents, endpoints
from grokkit.testing.simulator.nouns.collections.shelf import Collection, CollectionShelf, Document

__all__ = ["Collection", "CollectionShelf", "Document", "documents", "endpoints"]
