"""`POST /v1/documents/search`: the chunks of collections that fit a query best."""

from typing import Annotated, Any, Literal

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.collections.shelf import Collection, CollectionShelf
from grokkit.testing.simulator.nouns.files.shelf import team_of
from grokkit.testing.simulator.nouns.filters import compile_filter
from grokkit.testing.simulator.nouns.ranking import Candidate, Weights, ranked
from grokkit.testing.simulator.refusal import invalid, not_found
from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()

_LIMIT = 10
_SCORE = "#score"


class Source(msgspec.Struct, kw_only=True):
    """Where to look."""

    collection_ids: list[str]
    rag_pipeline: Literal["chroma_db", "es"] | None = None


class Reranker(msgspec.Struct, kw_only=True):
    """How two rankings become one, or one a better one."""

    type: Literal["reranker_model", "rrf"] | None = None
    k: Annotated[int, msgspec.Meta(ge=1)] | None = None
    embedding_weight: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    text_weight: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    model: str | None = None
    instructions: str | None = None


class Retrieval(msgspec.Struct, kw_only=True):
    """How to look."""

    type: Literal["hybrid", "semantic", "keyword"]
    reranker: Reranker | None = None
    search_multiplier: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None


class Aggregate(msgspec.Struct, kw_only=True):
    """Which of a group are kept."""

    keys: list[str]
    k: Annotated[int, msgspec.Meta(ge=1)]


class GroupBy(msgspec.Struct, kw_only=True):
    """Groups of matches."""

    keys: Annotated[list[str], msgspec.Meta(min_length=1)]
    aggregate: dict[Literal["min_k", "max_k"], Aggregate] | None = None


class SearchRequest(msgspec.Struct, kw_only=True):
    """The body."""

    query: str
    source: Source
    filter: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1)] | None = None
    retrieval_mode: Retrieval | None = None
    group_by: GroupBy | None = None
    instructions: str | None = None
    ranking_metric: str | None = None


@table.post("/v1/documents/search", head="named")
def search(visit: Visit) -> Outcome:
    """The best matches, best first."""
    request = visit.read(SearchRequest)
    if not request.query.strip():
        raise invalid("query must not be empty")
    collections = [_collection(collection_id, visit) for collection_id in request.source.collection_ids]
    if not collections:
        raise invalid("source.collection_ids must not be empty")
    mode = request.retrieval_mode or Retrieval(type="hybrid")
    reranker = mode.reranker or Reranker()
    weights = Weights(embedding=reranker.embedding_weight, text=reranker.text_weight, k=reranker.k or 60)
    matches = ranked(request.query, _candidates(request, collections, visit), mode.type, weights)
    if request.group_by is not None:
        matches = _grouped(matches, request.group_by)
    found = [candidate.shown(score) for candidate, score in matches[: request.limit or _LIMIT]]
    return visit.answer({"matches": found})


def _collection(collection_id: str, visit: Visit) -> Collection:
    found = visit.simulator.state(CollectionShelf).find(collection_id, team_of(visit))
    if found is None:
        raise not_found(f"Collection {collection_id} not found.")
    return found


def _candidates(request: SearchRequest, collections: list[Collection], visit: Visit) -> list[Candidate]:
    now = visit.now()
    kinds: dict[str, Any] = {"name": "fuzzy", "file_id": "exact", "content_type": "partial", "size_bytes": "number"}
    test = compile_filter(request.filter, kinds, others="any") if request.filter else None
    found: dict[str, Candidate] = {}
    for collection in collections:
        for document in collection.there(now):
            if not document.is_searchable(now) or (test and not test(document.record(now))):
                continue
            for index, text in enumerate(document.chunks):
                chunk_id = document.chunk_id(index)
                known = found.get(chunk_id)
                held = (*known.collection_ids, collection.id) if known else (collection.id,)
                found[chunk_id] = Candidate(
                    file_id=document.file.id,
                    chunk_id=chunk_id,
                    text=text,
                    fields=document.fields,
                    collection_ids=held,
                )
    return list(found.values())


def _grouped(matches: list[tuple[Candidate, float]], group_by: GroupBy) -> list[tuple[Candidate, float]]:
    """Of each group the best, or those that the aggregate keeps; in the order they were ranked."""
    groups: dict[tuple[str | None, ...], list[tuple[Candidate, float]]] = {}
    for match in matches:
        groups.setdefault(tuple(match[0].fields.get(key) for key in group_by.keys), []).append(match)
    if group_by.aggregate is None:
        kept = [group[0] for group in groups.values()]
    else:
        kept = [match for group in groups.values() for match in _aggregated(group, group_by.aggregate)]
    return [match for match in matches if match in kept]


def _aggregated(
    group: list[tuple[Candidate, float]], aggregate: dict[Literal["min_k", "max_k"], Aggregate]
) -> list[tuple[Candidate, float]]:
    for word, wanted in aggregate.items():

        def rank(match: tuple[Candidate, float], keys: list[str] = wanted.keys) -> tuple[Any, ...]:
            return tuple(match[1] if key == _SCORE else match[0].fields.get(key, "") for key in keys)

        group = sorted(group, key=rank, reverse=word == "max_k")[: wanted.k]
    return group
