"""`/v1/collections` on the management host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.collections.chunks import DEFAULT, problem_of
from grokkit.testing.simulator.nouns.collections.request import CreateCollection, UpdateCollection
from grokkit.testing.simulator.nouns.collections.shelf import Collection, CollectionShelf
from grokkit.testing.simulator.nouns.embeddings import MODEL
from grokkit.testing.simulator.nouns.files.shelf import team_of
from grokkit.testing.simulator.nouns.filters import compile_filter
from grokkit.testing.simulator.nouns.managed import bad, missing, page, read
from grokkit.testing.simulator.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from grokkit.testing.simulator.nouns.filters import Kind
    from grokkit.testing.simulator.visit import Outcome, Visit

table = Table(management=True)

_FIELDS: dict[str, Kind] = {
    "collection_id": "exact",
    "collection_name": "partial",
    "created_at": "moment",
    "documents_count": "number",
}


@table.post("/v1/collections")
def create(visit: Visit) -> Outcome:
    """Begin a collection."""
    request = read(visit, CreateCollection)
    _check_name(request.collection_name)
    index = request.index_configuration
    collection = Collection(
        id=f"collection_{visit.id}",
        team_id=team_of(visit),
        name=request.collection_name,
        created_at=visit.now(),
        description=request.collection_description,
        model_name=MODEL if index is None else index.model_name,
        chunk_configuration=_chunking(request.chunk_configuration, DEFAULT),
        field_definitions=[msgspec.structs.asdict(definition) for definition in request.field_definitions],
    )
    visit.simulator.state(CollectionShelf).collections[collection.id] = collection
    return visit.answer(collection.shown(visit.now()))


@table.get("/v1/collections")
def list_collections(visit: Visit) -> Outcome:
    """A page of the team's collections, newest first."""
    every = visit.simulator.state(CollectionShelf).collections.values()
    found = [collection for collection in every if collection.team_id == team_of(visit)]
    if visit.query.get("order", "desc").lower().removeprefix("ordering_").startswith("desc"):
        found.reverse()
    test = filter_of(visit, _FIELDS)
    shown = [entry for entry in (collection.shown(visit.now()) for collection in found) if test(entry)]
    ids = [entry["collection_id"] for entry in shown]
    entries, token = page(shown, ids, visit, limit="limit", token="pagination_token")  # noqa: S106 - a parameter's name
    return visit.answer({"collections": entries, "pagination_token": token})


@table.get("/v1/collections/{collection_id}")
def get_collection(visit: Visit) -> Outcome:
    """One collection."""
    return visit.answer(collection_of(visit).shown(visit.now()))


@table.put("/v1/collections/{collection_id}")
def update(visit: Visit) -> Outcome:
    """Change a collection; documents are cut anew when they are indexed again."""
    collection, request = collection_of(visit), read(visit, UpdateCollection)
    if request.collection_name is not None:
        _check_name(request.collection_name)
        collection.name = request.collection_name
    if request.collection_description is not None:
        collection.description = request.collection_description
    collection.chunk_configuration = _chunking(request.chunk_configuration, collection.chunk_configuration)
    return visit.answer(collection.shown(visit.now()))


@table.delete("/v1/collections/{collection_id}")
def delete(visit: Visit) -> Outcome:
    """Forget a collection; its files stay."""
    collection = collection_of(visit)
    del visit.simulator.state(CollectionShelf).collections[collection.id]
    return visit.answer({})


def collection_of(visit: Visit) -> Collection:
    """The collection in the path. Raises 404."""
    collection_id = visit.params["collection_id"]
    found = visit.simulator.state(CollectionShelf).find(collection_id, team_of(visit))
    if found is None:
        raise missing(f"collection {collection_id} not found")
    return found


def filter_of(
    visit: Visit, fields: Mapping[str, Kind], *, others: Kind | None = None
) -> Callable[[Mapping[str, object]], bool]:
    """The test that the query's `filter` asks for. Raises 400 in the shape of this host."""
    text = visit.query.get("filter")
    if not text:
        return lambda _: True
    try:
        return compile_filter(text, fields, others=others)
    except Refusal as refusal:
        raise bad(msgspec.json.decode(refusal.body)["error"]) from refusal


def _chunking(given: dict[str, Any] | None, otherwise: dict[str, Any]) -> dict[str, Any]:
    if given is None:
        return otherwise
    if problem := problem_of(given):
        raise bad(problem)
    flags = {"strip_whitespace": True, "inject_name_into_chunks": False}
    return {name: value for name, value in given.items() if value is not None} | {
        name: given.get(name, flag) for name, flag in flags.items()
    }


def _check_name(name: str) -> None:
    if not name.strip():
        raise bad("collection_name must not be empty")
