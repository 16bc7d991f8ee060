"""What can go wrong with a cassette."""

from __future__ import annotations


class CassetteError(Exception):
    """The root of the errors below."""


class CassetteMismatch(CassetteError, AssertionError):
    """A call was made that the cassette does not have, and may not record; or more was read than it has."""


class CassetteBroken(CassetteError):
    """The file is no cassette: the message says where."""


class CassetteUnwritable(CassetteError):
    """The file could not be written. What was there before is still there."""


class CassetteDrift(UserWarning):
    """A replayed recording is not as xAI's OpenAPI document and the catalogue of models have it: it may be old."""
