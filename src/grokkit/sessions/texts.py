"""Texts that come from outside and go into a store: half a character can be kept by none."""

from __future__ import annotations

from grokkit.errors import InvalidRequest


def storable(text: str, what: str, param: str) -> str:
    """The same text. Raises `InvalidRequest` where it cannot be stored.

    >>> storable("Oslo", "the title", "title")
    'Oslo'
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(
            f"{what} is no text that can be stored", param=param, hint="leave out what is half a character"
        ) from error
    return text


def name_of(name: str) -> str:
    """A session's name. Raises `InvalidRequest` for what can be none."""
    if not name:
        raise InvalidRequest("the session's name is empty", param="name", hint="give each conversation a name")
    return storable(name, "the session's name", "name")
