"""Extra headers as a frozen value whose repr keeps credentials to itself."""

from collections.abc import Iterator, Mapping

from .secret import HIDDEN
from .unfit import redact

_TELLING = ("auth", "cookie", "credential", "key", "pass", "secret", "session", "signature", "token")


class Headers(Mapping[str, str]):
    """Header names (lower case) and values; values that may be credentials are masked in the repr.

    >>> headers = Headers({"X-Team": "search", "X-Api-Key": "hunter2"})
    >>> headers
    Headers({'x-team': 'search', 'x-api-key': '***'})
    >>> headers["x-api-key"]
    'hunter2'
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = {name.lower(): value for name, value in (values or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"Headers({ {name: masked_header(name, value) for name, value in self._values.items()} })"


def masked_header(name: str, value: str) -> str:
    """The value of a header as it may be shown."""
    telling = any(word in name.lower() for word in _TELLING)
    return HIDDEN if telling else redact(value)
