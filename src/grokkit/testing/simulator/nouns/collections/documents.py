"""`/v1/collections/{collection_id}/documents` on the management host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.collections.endpoints import collection_of, filter_of
from grokkit.testing.simulator.nouns.collections.request import AttachDocument
from grokkit.testing.simulator.nouns.collections.shelf import uploaded
from grokkit.testing.simulator.nouns.managed import bad, missing, page, read, taken

if TYPE_CHECKING:
    from grokkit.testing.simulator.nouns.collections.shelf import Collection, Document
    from grokkit.testing.simulator.nouns.filters import Kind
    from grokkit.testing.simulator.visit import Outcome, Visit

table = Table(management=True)

_ONE = "/v1/collections/{collection_id}/documents/{file_id}"
_FIELDS: dict[str, Kind] = {
    "name": "fuzzy",
    "file_id": "exact",
    "status": "exact",
    "size_bytes": "number",
    "content_type": "partial",
}


@table.post(_ONE)
def attach(visit: Visit) -> Outcome:
    """Take an uploaded file into a collection."""
    collection, file_id = collection_of(visit), visit.params["file_id"]
    fields = read(visit, AttachDocument).fields or {}
    file = uploaded(visit, file_id, collection.team_id)
    if file is None:
        raise missing(f"file {file_id} not found")
    if file_id in collection.documents:
        raise taken(f"file {file_id} is in collection {collection.id} already")
    _check_fields(collection, fields)
    collection.index(file, fields, visit.now(), visit.simulator.job_seconds)
    return visit.answer({})


@table.get(_ONE)
def get_document(visit: Visit) -> Outcome:
    """One document, and how far its indexing is."""
    return visit.answer(_document(collection_of(visit), visit.params["file_id"], visit).shown(visit.now()))


@table.patch(_ONE)
def index_again(visit: Visit) -> Outcome:
    """Index a document once more, with new fields where they are given."""
    collection = collection_of(visit)
    document = _document(collection, visit.params["file_id"], visit)
    given = read(visit, AttachDocument).fields
    fields = document.fields if given is None else given
    _check_fields(collection, fields, besides=document)
    collection.index(document.file, fields, visit.now(), visit.simulator.job_seconds)
    return visit.answer({})


@table.delete(_ONE)
def detach(visit: Visit) -> Outcome:
    """Take a document out; the file stays."""
    collection = collection_of(visit)
    document = _document(collection, visit.params["file_id"], visit)
    del collection.documents[document.file.id]
    return visit.answer({})


@table.get("/v1/collections/{collection_id}/documents")
def list_documents(visit: Visit) -> Outcome:
    """A page of the documents."""
    now, test = visit.now(), filter_of(visit, _FIELDS, others="any")
    found = [document for document in collection_of(visit).there(now) if test(document.record(now))]
    ids = [document.file.id for document in found]
    documents, token = page(found, ids, visit, limit="limit", token="pagination_token")  # noqa: S106 - a parameter's name
    return visit.answer({"documents": [document.shown(now) for document in documents], "pagination_token": token})


@table.get("/v1/collections/{collection_id}/documents:batchGet")
def get_documents(visit: Visit) -> Outcome:
    """The documents of some ids."""
    collection, ids = collection_of(visit), visit.queries("file_ids")
    if not ids:
        raise bad("file_ids must not be empty")
    documents = [_document(collection, file_id, visit) for file_id in ids]
    return visit.answer({"documents": [document.shown(visit.now()) for document in documents]})


def _document(collection: Collection, file_id: str, visit: Visit) -> Document:
    document = collection.documents.get(file_id)
    if document is None or not document.file.is_there(visit.now()):
        raise missing(f"document {file_id} not found in collection {collection.id}")
    return document


def _check_fields(collection: Collection, fields: dict[str, str], *, besides: Document | None = None) -> None:
    others = [document for document in collection.documents.values() if document is not besides]
    for definition in collection.field_definitions:
        key = definition["key"]
        if definition["required"] and key not in fields:
            raise bad(f"field {key} is required")
        if definition["unique"] and key in fields and any(other.fields.get(key) == fields[key] for other in others):
            raise bad(f"field {key} must be unique: {fields[key]}")
