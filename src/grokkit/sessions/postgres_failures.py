"""What psycopg's errors mean to who asked the store."""

from __future__ import annotations

import psycopg

from grokkit.config.unfit import redact
from grokkit.errors import ConfigInvalid, GrokError, StoreUnavailable

_AGAIN = "see that the server runs, may be written and has room; then ask again"
_UNAVAILABLE = ("08", "25006", "40", "53", "55P03", "57", "58")
"""Connections, a server that may only be read, what others did at the same time, no room, a server that ends."""
_CREDENTIALS = ("28", "3D000", "42501")
_CREDENTIALS_WORDS = (
    "password authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",
    "permission denied",
    "authentication method",
)
_CERTIFICATE_WORDS = ("certificate", "SSL")


def failure(error: Exception, where: str) -> GrokError:
    """The error of ours that an error of psycopg's, or of the system's, becomes."""
    code, said = _code_of(error), _said(error)
    if code.startswith(_UNAVAILABLE):
        return StoreUnavailable(f"{where} cannot be used now: {said}", hint=_AGAIN)
    if code == "42501":
        return ConfigInvalid(
            f"{where} lets this user do less than the store needs: {said}",
            hint="let it create tables at the first use, or select, insert, update and delete in those that are there",
        )
    if code.startswith(_CREDENTIALS) or (not code and any(words in said for words in _CREDENTIALS_WORDS)):
        return ConfigInvalid(
            f"{where} refused the user, the password or the database: {said}",
            hint="check the store's URL: postgresql://host:5432/database, with user:password@ before the host",
        )
    if not code and any(word in said for word in _CERTIFICATE_WORDS):
        return ConfigInvalid(f"{where} offers no TLS that is trusted: {said}", hint="see sslmode and sslrootcert")
    if not code:
        return StoreUnavailable(f"{where} cannot be used now: {said}", hint=_AGAIN)
    return ConfigInvalid(f"{where} refused ({code}): {said}", hint="check the store's URL and the server's rules")


def not_a_url() -> ConfigInvalid:
    """The error for a text that names no database. It quotes nothing of it."""
    return ConfigInvalid(
        "the text is no URL of a PostgreSQL database",
        hint="postgresql://host:5432/database, with user:password@ before the host; / in a password is written as %2F",
    )


def _code_of(error: Exception) -> str:
    return (error.sqlstate or "") if isinstance(error, psycopg.Error) else ""


def _said(error: Exception) -> str:
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return redact(" ".join((primary or str(error) or type(error).__name__).split()))
