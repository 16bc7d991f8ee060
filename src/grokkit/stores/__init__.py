"""Where state that several calls, processes or machines share is kept: memory, SQLite, Redis or Valkey."""

from grokkit.stores.store import Quota, Store, Take, Taken

__all__ = ["Quota", "Store", "Take", "Taken"]
