"""The collections of a team, and their documents on the way from text to index."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.nouns.collections.chunks import cut
from grokkit.testing.simulator.nouns.files import FileShelf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grokkit.testing.simulator.nouns.files import StoredFile
    from grokkit.testing.simulator.visit import Visit

_STAGES = ("CHUNKED", "EMBEDDING", "WRITING", "PROCESSED")
_FAILED = "FAILED"


class Document(msgspec.Struct, kw_only=True):
    """A file within a collection."""

    file: StoredFile
    fields: dict[str, str]
    chunks: list[str]
    began_at: float
    ready_at: float

    def status(self, now: float) -> str:
        """How far the indexing is."""
        if now >= self.ready_at:
            return "PROCESSED" if self.chunks else _FAILED
        stage = int((now - self.began_at) / (self.ready_at - self.began_at) * (len(_STAGES) - 1))
        return _STAGES[stage]

    def is_searchable(self, now: float) -> bool:
        """Whether it is in the index."""
        return self.file.is_there(now) and self.status(now) == "PROCESSED"

    def chunk_id(self, index: int) -> str:
        """The id of a chunk: the same as long as the text is."""
        digest = hashlib.blake2b(f"{self.file.id}:{index}".encode(), digest_size=16).digest()
        return str(uuid.UUID(bytes=digest))

    def record(self, now: float) -> dict[str, object]:
        """What filters compare."""
        known = {"name": self.file.filename, "file_id": self.file.id, "status": self.shown_status(now)}
        return {**self.fields, **known, "size_bytes": self.file.size, "content_type": self.file.content_type}

    def shown_status(self, now: float) -> str:
        """The status in the API's words."""
        return f"DOCUMENT_STATUS_{self.status(now)}"

    def shown(self, now: float) -> dict[str, Any]:
        """The document as the API shows it."""
        status = self.status(now)
        done = len(self.chunks) if status == "PROCESSED" else 0
        failure = {"error_message": "No text could be read from the file."} if status == _FAILED else {}
        return {
            "file_metadata": {
                "file_id": self.file.id,
                "name": self.file.filename,
                "size_bytes": str(self.file.size),
                "content_type": self.file.content_type,
                "hash": hashlib.sha256(self.file.content).hexdigest(),
                "upload_status": "Complete",
                "processing_status": "Complete" if self.chunks else "Failed",
            },
            "fields": self.fields,
            "status": self.shown_status(now),
            "last_indexed_at": moment(self.ready_at) if status == "PROCESSED" else None,
            "chunk_count": len(self.chunks),
            "chunks_processed_count": str(done),
            **failure,
        }


class Collection(msgspec.Struct, kw_only=True):
    """A collection."""

    id: str
    team_id: str
    name: str
    created_at: float
    description: str = ""
    model_name: str
    chunk_configuration: dict[str, Any]
    field_definitions: list[dict[str, Any]] = []
    documents: dict[str, Document] = {}

    def there(self, now: float) -> Iterator[Document]:
        """The documents whose files are still there."""
        return (document for document in self.documents.values() if document.file.is_there(now))

    def shown(self, now: float) -> dict[str, Any]:
        """The collection as the API shows it."""
        documents = list(self.there(now))
        described = {"collection_description": self.description} if self.description else {}
        return {
            "collection_id": self.id,
            "collection_name": self.name,
            "created_at": moment(self.created_at),
            "index_configuration": {"model_name": self.model_name},
            "chunk_configuration": self.chunk_configuration,
            "documents_count": len(documents),
            "field_definitions": self.field_definitions,
            "total_file_size": str(sum(document.file.size for document in documents)),
            "disable_rag_lookup": False,
            **described,
        }

    def index(self, file: StoredFile, fields: dict[str, str], now: float, seconds: float) -> Document:
        """Take a file in, or index it once more."""
        chunks = cut(file.text, file.filename, self.chunk_configuration)
        named = [
            f"{definition['key']}: {fields[definition['key']]}\n"
            for definition in self.field_definitions
            if definition.get("inject_into_chunk") and definition.get("key") in fields
        ]
        document = Document(
            file=file,
            fields=fields,
            chunks=["".join(named) + chunk for chunk in chunks],
            began_at=now,
            ready_at=now + seconds,
        )
        self.documents[file.id] = document
        return document


class CollectionShelf:
    """Every collection, by id."""

    def __init__(self) -> None:
        self.collections: dict[str, Collection] = {}

    def find(self, collection_id: str, team_id: str) -> Collection | None:
        """The collection of this id, if it is that team's."""
        found = self.collections.get(collection_id)
        return found if found is not None and found.team_id == team_id else None


def uploaded(visit: Visit, file_id: str, team_id: str) -> StoredFile | None:
    """The file of this id, uploaded on the inference host."""
    return visit.simulator.state(FileShelf).find(file_id, team_id, visit.now())


def moment(at: float) -> str:
    """A moment as collections write it.

    >>> moment(0)
    '1970-01-01T00:00:00.000000Z'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
