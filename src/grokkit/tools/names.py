"""What a tool is called: a path with dots for people, and the form of it that Grok takes."""

from __future__ import annotations

import hashlib
import re

_LONGEST = 64
_UNFIT = re.compile(r"[^a-zA-Z0-9_-]+")


def joined(*parts: str | None) -> str:
    """The path of a name within namespaces; what is empty is left out.

    >>> joined("acme", None, "forecast")
    'acme.forecast'
    """
    return ".".join(part for part in parts if part)


def fit_name(path: str) -> str:
    """The path as Grok takes names: `__` between its parts, `_` for what is not allowed, cut with a hash at 64.

    >>> fit_name("weather.forecast"), fit_name("files/read file")
    ('weather__forecast', 'files_read_file')
    >>> fit_name("a" * 70)
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_6bd5e503'
    """
    parts = (_UNFIT.sub("_", part).strip("_") for part in path.split("."))
    name = "__".join(part for part in parts if part) or "tool"
    if len(name) <= _LONGEST:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST - 9]}_{mark}"
