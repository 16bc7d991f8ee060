"""Where state that several calls, processes or machines share is kept: memory, SQLite, Redis or Valkey."""

from grokkit.errors import StoreUnavailable
from grokkit.stores.degrading import Degrading
from grokkit.stores.memory import MemoryStore
from grokkit.stores.opening import open_store
from grokkit.stores.store import Quota, Store, Take, Taken

__all__ = ["Degrading", "MemoryStore", "Quota", "Store", "StoreUnavailable", "Take", "Taken", "open_store"]
