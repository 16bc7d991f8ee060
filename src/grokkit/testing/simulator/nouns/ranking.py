"""Chunks ranked by what they mean, by their words, or by both."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.nouns.vectors import cosine, vector, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SATURATION, _LENGTH = 1.2, 0.75


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk that may be found."""

    file_id: str
    chunk_id: str
    text: str
    fields: Mapping[str, str]
    collection_ids: tuple[str, ...]

    def shown(self, score: float) -> dict[str, Any]:
        """The match as the API shows it."""
        return {
            "file_id": self.file_id,
            "chunk_id": self.chunk_id,
            "chunk_content": self.text,
            "score": score,
            "collection_ids": list(self.collection_ids),
            "fields": dict(self.fields),
            "page_number": 0,
        }


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """How much each ranking counts in their fusion."""

    embedding: float = 0.5
    text: float = 0.5
    k: int = 60


def ranked(query: str, candidates: Sequence[Candidate], mode: str, weights: Weights) -> list[tuple[Candidate, float]]:
    """The candidates with their scores, best first. By words, those without any of them are not found."""
    texts = [candidate.text for candidate in candidates]
    if mode == "semantic":
        scores = _meanings(query, texts)
    elif mode == "keyword":
        scores = _words(query, texts)
    else:
        scores = _fused(_meanings(query, texts), _words(query, texts), weights)
    found = [(candidate, score) for candidate, score in zip(candidates, scores, strict=True)]
    kept = [match for match in found if match[1] > 0 or mode != "keyword"]
    return sorted(kept, key=lambda match: -match[1])


def _meanings(query: str, texts: Sequence[str]) -> list[float]:
    wanted = vector(query)
    return [cosine(wanted, vector(text)) for text in texts]


def _words(query: str, texts: Sequence[str]) -> list[float]:
    """BM25."""
    counts = [Counter(words(text)) for text in texts]
    average = sum(count.total() for count in counts) / max(len(counts), 1) or 1.0
    scores = [0.0] * len(texts)
    for word in set(words(query)):
        having = sum(word in count for count in counts)
        rarity = math.log(1 + (len(counts) - having + 0.5) / (having + 0.5))
        for index, count in enumerate(counts):
            length = 1 - _LENGTH + _LENGTH * count.total() / average
            scores[index] += rarity * count[word] * (_SATURATION + 1) / (count[word] + _SATURATION * length)
    return scores


def _fused(meanings: Sequence[float], by_words: Sequence[float], weights: Weights) -> list[float]:
    """Reciprocal rank fusion."""
    scores = [0.0] * len(meanings)
    for ranking, weight in ((meanings, weights.embedding), (by_words, weights.text)):
        order = sorted(range(len(ranking)), key=lambda index: -ranking[index])
        for place, index in enumerate(order, start=1):
            scores[index] += weight / (weights.k + place) if ranking[index] > 0 else 0.0
    return scores
