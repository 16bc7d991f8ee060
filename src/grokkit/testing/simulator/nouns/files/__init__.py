"""Files: upload, list, download, delete, public addresses."""

from grokkit.testing.simulator.nouns.files.endpoints import table
from grokkit.testing.simulator.nouns.files.shelf import FileShelf, StoredFile, file_of

__all__ = ["FileShelf", "StoredFile", "file_of", "table"]
