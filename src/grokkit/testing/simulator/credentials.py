"""What a request proves its caller with: where the credential is, and the headers without it or with it masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from grokkit.testing.simulator.keys import masked

if TYPE_CHECKING:
    from collections.abc import Mapping

_BEARER, _API_KEY, _CLIENT_SECRET = "authorization", "x-api-key", "x-client-secret"
_HIDDEN = frozenset({_BEARER, _API_KEY, _CLIENT_SECRET})


class Credentials(NamedTuple):
    """The credentials that a request carries."""

    bearer: str | None = None
    """The `Authorization` header, its scheme included."""
    api_key: str | None = None
    """As Anthropic's clients send it."""
    client_secret: str | None = None

    def __repr__(self) -> str:
        return "<Credentials>"


def credentials_of(headers: Mapping[str, str]) -> Credentials:
    """The credentials in the headers, whose names are in lower case."""
    return Credentials(headers.get(_BEARER), headers.get(_API_KEY), headers.get(_CLIENT_SECRET))


def without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    """The other headers."""
    return {name: value for name, value in headers.items() if name not in _HIDDEN}


def with_masked_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers as a record may keep them.

    >>> with_masked_credentials({"authorization": "Bearer xai-secret", "x-api-key": "xai-secret", "accept": "*/*"})
    {'authorization': 'Bearer xa***et', 'x-api-key': 'xa***et', 'accept': '*/*'}
    """
    return {name: _masked(value) if name in _HIDDEN else value for name, value in headers.items()}


def _masked(value: str) -> str:
    scheme, space, secret = value.rpartition(" ")
    return f"{scheme}{space}{masked(secret)}"
