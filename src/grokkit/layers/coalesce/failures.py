"""One error for many: a copy for each, since to raise an error writes a traceback into it."""

from __future__ import annotations

from typing import TypeVar

E = TypeVar("E", bound=BaseException)


def copy_of(error: E) -> E:
    """The same error as an object of its own: arguments, attributes, notes, cause, and where it was raised.

    It is made without its constructor, which may take other arguments than the error keeps. A traceback is a chain
    that is never changed, only added to at its head: the copies share what there is, and each goes on by itself.

    >>> copy_of(KeyError("a"))
    KeyError('a')
    """
    copied = type(error).__new__(type(error), *error.args)
    copied.__dict__.update(error.__dict__)
    if hasattr(error, "__notes__"):
        copied.__notes__ = list(error.__notes__)
    copied.__cause__ = error.__cause__
    copied.__context__ = error.__context__
    copied.__suppress_context__ = error.__suppress_context__
    return copied.with_traceback(error.__traceback__)
