"""What a setting takes: how it is read from Python, from a file and from a text, and how it is shown."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

from grokkit.masking import mask_keys

from .secret import Secret, SecretURL
from .unfit import Unfit, found, redact

KeySource: TypeAlias = Secret | Callable[[], str | Awaitable[str]]
"""A key, or a function (plain or async) that gives the key of the moment."""

_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")
_SIZE = re.compile(r"(\d+)\s*(B|[KMG]i?B)?", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "kb": 10**3, "mb": 10**6, "gb": 10**9}
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _as_is(text: str) -> object:
    return text


def _plainly(value: object) -> str:
    return redact(str(value))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value. `read` raises `Unfit`; `from_text` prepares what the environment says for it."""

    takes: str
    read: Callable[[object], object]
    from_text: Callable[[str], object] = _as_is
    show: Callable[[object], str] = _plainly
    optional: bool = False
    """Whether `None`, and the text `none`, mean that there is none."""

    def fit(self, value: object) -> object:
        """The value as the setting holds it, or the `Unfit` that says why not.

        It is returned and not raised so that no traceback holds a frame in which a secret is a plain text.
        """
        plain = _revealed(value)
        if self.optional and plain in (None, "none"):
            return None
        try:
            return self.read(plain)
        except Unfit as unfit:
            return unfit.bare()

    def shown(self, value: object) -> str:
        """The value for people to read, secrets masked."""
        return "none" if value is None else self.show(value)


def _revealed(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, list):
        return [_revealed(item) for item in value]
    if isinstance(value, dict):
        return {name: _revealed(item) for name, item in value.items()}
    return value


def read_key(value: object) -> KeySource:
    """A key or a key function; raises `Unfit` for what cannot be a key, without showing it."""
    if callable(value):
        return cast("KeySource", value)
    if not isinstance(value, str):
        raise Unfit(f"takes a key or a function that gives one; found {found(value)}")
    if not value.strip():
        raise Unfit("is empty or blank: copy the key from https://console.x.ai")
    if value[:7].lower() == "bearer ":
        raise Unfit("starts with 'Bearer': give the key alone")
    if value[0] in "'\"" or value[-1] in "'\"":
        raise Unfit("has a quotation mark at its end or start: give the key without quotes")
    if any(character.isspace() for character in value):
        raise Unfit("has a space or line break in it: copy the key again, without anything around it")
    if not value.isascii() or not value.isprintable():
        raise Unfit("has characters in it that no key has: copy the key again")
    return Secret(value)


def _read_word(value: object) -> str:
    if not isinstance(value, str) or not value or any(character.isspace() for character in value):
        raise Unfit(f"takes a name without spaces; found {found(value)}")
    return value


def _read_line(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isascii() or not value.isprintable():
        raise Unfit(f"takes one line of plain ASCII text; found {found(value)}")
    return value.strip()


def _read_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unfit(f"takes true or false; found {found(value)}")
    return value


def _read_count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise Unfit(f"takes a whole number above 0; found {found(value)}")
    return value


def _read_size(value: object) -> int:
    size = _size_from_text(value) if isinstance(value, str) else value
    if isinstance(size, bool) or not isinstance(size, int) or size <= 0:
        raise Unfit(f"takes a number of bytes above 0, or a text such as 16 MiB; found {found(value)}")
    return size


def _read_path(value: object) -> Path:
    if not isinstance(value, str | Path) or not str(value).strip() or "\0" in str(value):
        raise Unfit(f"takes the path of a file; found {found(value)}")
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise Unfit("starts with ~ and there is no home directory: write the whole path") from None


def _read_header(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or not value.isascii() or value != value.strip():
        raise Unfit(f"takes one line of plain ASCII text; found {found(value)}")
    return value


def _read_url(value: object, schemes: tuple[str, ...]) -> tuple[str, str, str, str]:
    from urllib.parse import urlsplit

    if not isinstance(value, str) or not value:
        raise Unfit(f"takes a URL; found {found(value)}")
    if not value.isprintable() or " " in value:
        raise Unfit("has a space or control character in it")
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        raise Unfit("is no valid URL: its host or port cannot be read") from None
    if url.scheme not in schemes:
        raise Unfit(f"starts with {' or '.join(f'{scheme}://' for scheme in schemes)}; found {found(value)}")
    if not url.hostname:
        raise Unfit(f"names no host; found {found(value)}")
    if url.query or url.fragment:
        raise Unfit("must have no ?query and no #fragment")
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    credentials = url.netloc.rpartition("@")[0]
    return url.scheme, credentials, host if port is None else f"{host}:{port}", url.path.rstrip("/")


def _read_base_url(value: object) -> str:
    scheme, credentials, host, path = _read_url(value, ("https", "http"))
    if credentials:
        raise Unfit("must have no user name or password in it: use api_key or headers")
    return f"{scheme}://{host}{path}"


def _read_proxy(value: object) -> SecretURL:
    scheme, credentials, host, path = _read_url(value, ("http", "https", "socks5", "socks5h"))
    if path:
        raise Unfit("must have no path: a proxy is a scheme, a host and a port")
    return SecretURL(f"{scheme}://{credentials}{'@' if credentials else ''}{host}")


def _read_state(value: object) -> object:
    return value if hasattr(value, "compare_and_set") else _read_place(value, "a store", "sqlite:///state.db")


def _read_sessions(value: object) -> object:
    is_store = hasattr(value, "for_tenant") and hasattr(value, "append")
    return value if is_store else _read_place(value, "a store of sessions", "sqlite:///chat.db")


def _read_sessions_key(value: object) -> Secret:
    if not isinstance(value, str | Secret):
        raise Unfit(f"takes a key, or several in one text, the newest first; found {found(value)}")
    text = Secret(value)
    if not text.reveal().strip():
        raise Unfit("is empty or blank: grokkit.sessions.new_key() makes a key")
    return text


def _read_place(value: object, store: str, example: str) -> SecretURL:
    if not isinstance(value, str | SecretURL):
        raise Unfit(f"takes memory, a URL, or {store}; found {found(value)}")
    text = value.reveal() if isinstance(value, SecretURL) else value
    if "://" not in text and text != "memory":
        raise Unfit(f"takes memory, or a URL such as {example} or redis://localhost:6379/0")
    return SecretURL(text)


def _flag_from_text(text: str) -> object:
    word = text.strip().lower()
    return word in _TRUE if word in _TRUE + _FALSE else text


def _count_from_text(text: str) -> object:
    return int(text) if re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", text) else text


def _size_from_text(text: str) -> object:
    match = _SIZE.fullmatch(text.strip())
    return int(match[1]) * _UNITS[(match[2] or "").lower()] if match else text


def seconds_from_text(text: str) -> object:
    """A number where the text is one, else the text."""
    try:
        return float(text)
    except ValueError:
        return text.strip().lower()


def _show_key(value: object) -> str:
    return str(value) if isinstance(value, Secret) else "a function"


def _show_size(value: object) -> str:
    size = cast("int", value)
    unit = next((unit for unit in ("GiB", "MiB", "KiB") if size % _UNITS[unit.lower()] == 0), "")
    return f"{size // _UNITS[unit.lower()]} {unit}".strip()


def show_seconds(value: object) -> str:
    """`auto`, or seconds without a needless fraction."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def header_name(name: str) -> str:
    """A header's name in lower case; raises `Unfit` for what can be none."""
    if not _HEADER_NAME.fullmatch(name):
        raise Unfit(f"has a header name with characters that no name has; found {found(name)}")
    return name.lower()


KEY = Kind("a key, or a function that gives one", read_key, show=_show_key)
WORD = Kind("a name", _read_word, show=lambda value: mask_keys(str(value)))
OPTIONAL_WORD = Kind("a name", _read_word, optional=True)
LINE = Kind("a line of text", _read_line, optional=True)
FLAG = Kind("true or false", _read_flag, _flag_from_text, lambda value: str(value).lower())
COUNT = Kind("a whole number", _read_count, _count_from_text, str)
SIZE = Kind("bytes, or a text such as `16 MiB`", _read_size, _size_from_text, _show_size)
BASE_URL = Kind("an `http://` or `https://` URL", _read_base_url, show=lambda value: mask_keys(str(value)))
PROXY = Kind("a URL", _read_proxy, show=str, optional=True)
STATE = Kind("`memory`, or a URL such as `redis://host:6379/0`", _read_state, show=str, optional=True)
SESSIONS = Kind("`memory`, or a URL such as `sqlite:///chat.db`", _read_sessions, show=str, optional=True)
SESSIONS_KEY = Kind("a key, or several with spaces between", _read_sessions_key, show=_show_key, optional=True)
PATH = Kind("the path of a file", _read_path, show=str, optional=True)
HEADER = Kind("a line of text", _read_header)
