"""Takes secrets out of what is about to be written: by allow-list, by pattern, and by the keys seen in use."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from grokkit.config import Secret
from grokkit.masking import mask_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from grokkit.call import Call

HIDDEN = "***"
REQUEST_HEADERS = ("accept", "content-type")
RESPONSE_HEADERS = (
    "content-type",
    "location",
    "retry-after",
    "retry-after-ms",
    "server",
    "www-authenticate",
    "x-metrics-*",
    "x-ratelimit-*",
    "x-request-id",
    "x-should-retry",
    "x-trace-id",
    "x-zero-data-retention",
)

_SHORTEST_KNOWN = 8
_CREDENTIAL_HEADERS = ("authorization", "proxy-authorization", "x-api-key", "api-key")
_SECRET_NAMES = frozenset(
    f"{kind}{thing}"
    for kind in (
        "api",
        "access",
        "secret",
        "client",
        "private",
        "auth",
        "bearer",
        "refresh",
        "session",
        "management",
        "x-api",
    )
    for thing in ("key", "token", "secret")
) | {
    "authorization",
    "password",
    "passwd",
    "secret",
    "cookie",
    "setcookie",
    "credentials",
    "proxyauthorization",
    "xapikey",
}
_KEY_IN_BYTES = re.compile(rb"(?<![A-Za-z0-9])(?:xai|sk)-[A-Za-z0-9_-]{12,}")
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")


class Scrubber:
    """Replaces secrets by `***`.

    It knows keys by their looks (`xai-...`, `sk-...`, `Bearer ...`, tokens, passwords in URLs), fields by
    their names (`api_key`, `authorization`, `client_secret` ...), also inside base64, and, whatever they look
    like, the credentials of each call that `learn` was shown.

    >>> scrubber = Scrubber()
    >>> scrubber.value({"input": "use xai-abcdef0123456789 please", "api_key": "whatever it is"})
    {'input': 'use xai-*** please', 'api_key': '***'}
    """

    def __init__(self) -> None:
        self._known: dict[str, None] = {}
        self._spellings: list[str] = []

    def learn(self, call: Call) -> None:
        """Remember the credentials of a call, to find them wherever they turn up."""
        for secret in _credentials(call):
            if len(secret) >= _SHORTEST_KNOWN and secret not in self._known:
                self._known[secret] = None
                self._spellings += {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}
                self._spellings.sort(key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._spellings:
            text = text.replace(secret, HIDDEN)
        return _BASE64_RUN.sub(lambda run: HIDDEN if self._hides_a_secret(run[0]) else run[0], mask_keys(text))

    def value(self, value: Any) -> Any:
        """A JSON value without secrets in its texts, its names, and under names that promise secrets."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(name): self._field(name, item) for name, item in value.items()}
        return value

    def data(self, data: bytes) -> bytes:
        """Bytes that are no text, without keys that stand in them as they are."""
        for secret in self._known:
            data = data.replace(secret.encode(), HIDDEN.encode())
        return _KEY_IN_BYTES.sub(HIDDEN.encode(), data)

    def headers(self, headers: Mapping[str, str], allowed: Iterable[str]) -> dict[str, str]:
        """The headers of the allow-list, in its order; a name may end with `*`."""
        given = {name.lower(): value for name, value in headers.items()}
        names = [name for pattern in allowed for name in sorted(given) if _is_like(name, pattern.lower())]
        return {name: self.text(given[name]) for name in names}

    def _field(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and value and is_secret_name(name):
            return HIDDEN
        return self.value(value)

    def _hides_a_secret(self, run: str) -> bool:
        return any(self.data(decoded) != decoded for decoded in _decoded(run))


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret.

    >>> [is_secret_name(name) for name in ("api_key", "X-API-Key", "apiKey", "pagination_token", "api_key_id")]
    [True, True, True, False, False]
    """
    return re.sub(r"[-_\s]", "", name).lower() in _SECRET_NAMES


def _credentials(call: Call) -> Iterable[str]:
    for name, value in call.headers.items():
        if name.lower() in _CREDENTIAL_HEADERS:
            yield from (value, value.partition(" ")[2])
        if name.lower() == "cookie":
            yield from (pair.partition("=")[2].strip() for pair in value.split(";"))
    yield from (noted.reveal() for noted in call.context.values() if isinstance(noted, Secret))


def _decoded(run: str) -> Iterable[bytes]:
    plain = run.rstrip("=").replace("-", "+").replace("_", "/")
    for start in range(4):
        piece = plain[start:]
        try:
            yield base64.b64decode(piece[: len(piece) - (len(piece) % 4 == 1)] + "=" * (-len(piece) % 4))
        except binascii.Error:
            continue


def _is_like(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
