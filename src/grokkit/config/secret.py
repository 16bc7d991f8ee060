"""Values that no repr, format, log line, traceback or pickle gives away."""

import re
from typing import TYPE_CHECKING, NoReturn, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VENDOR_PREFIXES = ("xai-", "sk-")
SHORTEST_SHOWN = 16
HIDDEN = "***"

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)?([^?#]*)([?#]?)(.*)", re.DOTALL)


class Secret:
    """A text that shows itself only to `reveal()`.

    `repr`, `str` and formatting see the mask: the vendor's prefix and the last two characters, or nothing
    at all when the text is short. JSON encoders refuse it. A copy or deep copy is the same object. Pickling
    raises `TypeError`: a masked copy would only fail later, and elsewhere, as a rejected key.

    >>> key = Secret("xai-0123456789abcdef")
    >>> key
    Secret('xai-...ef')
    >>> f"{key} {str(key)} {'%s' % key}"
    'xai-...ef xai-...ef xai-...ef'
    >>> Secret("short")
    Secret('***')
    >>> key.reveal() == "xai-0123456789abcdef"
    True
    """

    # The text sits in a closure, so that tools which walk __dict__ or __slots__ do not meet it.
    __slots__ = ("reveal",)

    reveal: "Callable[[], str]"
    """Gives the text itself: hand it on at once, and keep it in no variable that lives long."""

    def __init__(self, value: "str | Secret") -> None:
        if not isinstance(value, str | Secret):
            raise TypeError(f"{type(self).__name__} takes a str, not {type(value).__name__}")
        self.reveal = value.reveal if isinstance(value, Secret) else lambda: value

    def masked(self) -> str:
        """What may be shown of the text."""
        text = self.reveal()
        if len(text) < SHORTEST_SHOWN:
            return HIDDEN
        prefix = next((prefix for prefix in VENDOR_PREFIXES if text.startswith(prefix)), "")
        return f"{prefix}...{text[-2:]}"

    def __str__(self) -> str:
        return self.masked()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.masked()!r})"

    def __format__(self, spec: str) -> str:
        return format(self.masked(), spec)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        from hmac import compare_digest

        return compare_digest(_octets(self), _octets(other))

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.reveal()))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        kind = type(self).__name__
        raise TypeError(f"a {kind} is not pickled: give the other process its key by environment or file")

    def __getstate__(self) -> NoReturn:
        self.__reduce_ex__(None)


class SecretURL(Secret):
    """A URL of which no user name, no password, and nothing after a `?` or `#` is shown.

    >>> SecretURL("http://me:hunter2@proxy.example:3128")
    SecretURL('http://***@proxy.example:3128')
    >>> SecretURL("redis://cache.example:6379/0?password=hunter2")
    SecretURL('redis://cache.example:6379/0?***')
    """

    __slots__ = ()

    def masked(self) -> str:
        """The URL with `***` in place of its user name and password, of its query and of its fragment."""
        return _URL.sub(_masked, self.reveal(), count=1)

    def from_folder(self, folder: "Path") -> "SecretURL":
        """The same, with the relative path of an SQLite file taken from this folder.

        >>> from pathlib import Path
        >>> SecretURL("sqlite:///state.db").from_folder(Path("/srv/app"))
        SecretURL('sqlite:////srv/app/state.db')
        """
        scheme, separator, path = self.reveal().partition(":///")
        if scheme != "sqlite" or not separator or path.startswith("/"):
            return self
        return SecretURL(f"sqlite:///{folder / path}")


def _masked(url: re.Match[str]) -> str:
    scheme, address, mark, rest = url.groups("")
    if "@" in rest:  # the ? or # may be part of a password
        return f"{scheme}{HIDDEN}"
    credentials, at, server = ("", "", address) if address.startswith("/") else address.rpartition("@")
    return f"{scheme}{HIDDEN if credentials else ''}{at}{server}{mark}{HIDDEN if rest else ''}"


def _octets(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")
