"""What a key may do: its ACLs, `api-key:endpoint:chat` and `api-key:model:grok-4.3`, `*` for all of a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grokkit.models import Model
    from grokkit.testing.simulator.keys import Key

_ENDPOINT, _MODEL = "api-key:endpoint:", "api-key:model:"
_NAMES = {
    "batches": "batch",
    "chat": "chat",
    "complete": "complete",
    "completions": "completions",
    "documents": "documents",
    "embedding-models": "models",
    "embeddings": "embed",
    "files": "files",
    "image-generation-models": "models",
    "images": "image",
    "language-models": "models",
    "messages": "messages",
    "models": "models",
    "realtime": "realtime",
    "responses": "responses",
    "skills": "skills",
    "stt": "stt",
    "tokenize-text": "tokenize",
    "tts": "tts",
    "video-generation-models": "models",
    "videos": "video",
}
ENDPOINTS = tuple(sorted(set(_NAMES.values())))
"""The endpoints that a key can be given. What is not among them, such as `/v1/me`, is open to every key."""


def permits_endpoint(key: Key, path: str) -> bool:
    """Whether a key may ask at an address.

    >>> from grokkit.testing.simulator.keys import Key
    >>> key = Key(secret="xai-1", id="1", acls=("api-key:endpoint:chat",))
    >>> permits_endpoint(key, "/v1/chat/completions"), permits_endpoint(key, "/v1/me"), permits_endpoint(key, "/v1/tts")
    (True, True, False)
    """
    first = path.removeprefix("/v1/").partition("/")[0].partition(":")[0]
    return first not in _NAMES or _has(key, _ENDPOINT, _NAMES[first])


def permits_model(key: Key, model: Model) -> bool:
    """Whether a key may ask a model, by any of its names."""
    return _has(key, _MODEL, model.id, *model.aliases)


def _has(key: Key, kind: str, *names: str) -> bool:
    return any(f"{kind}{name}" in key.acls for name in ("*", *names))
