"""Where state that several calls, processes or machines share is kept: memory, SQLite, Redis or Valkey."""

from grokkit.stores.errors import StoreUnavailable
from grokkit.stores.memory import MemoryStore
from grokkit.stores.store import Quota, Store, Take, Taken

__all__ = ["MemoryStore", "Quota", "Store", "StoreUnavailable", "Take", "Taken"]
