"""The form of an upload: which fields it may have, and in which order."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING

from grokkit.testing.simulator.refusal import Refusal, invalid

if TYPE_CHECKING:
    from grokkit.testing.simulator.form import Part

MOST_BYTES = 50 * 1024 * 1024
SHORTEST_LIFE, LONGEST_LIFE = 3_600, 2_592_000
_LONGEST_NAME = 255
_WHOLE, _ANCHOR, _SECONDS = "expires_after", "expires_after[anchor]", "expires_after[seconds]"
_EXPIRY = (_WHOLE, _ANCHOR, _SECONDS)


def the_file(parts: list[Part]) -> Part:
    """The file among the parts. Raises 400 for none and for a name that cannot be, 413 for too large a one."""
    part = next((part for part in parts if part.name == "file"), None)
    if part is None:
        raise invalid("Missing `file` part in the multipart body.")
    if part.filename is None:
        raise invalid("The `file` part must carry a filename.")
    _check_name(part.filename)
    if len(part.data) > MOST_BYTES:
        raise Refusal.flat(413, "invalid-argument", "File exceeds the maximum size of 50 MB. [WKE=file:too-large]")
    return part


def seconds_to_live(parts: list[Part]) -> int | None:
    """How long the file is kept; `None` for ever. Raises 400 for a bad time, or one that comes after the file."""
    names = [part.name for part in parts]
    at = names.index("file") if "file" in names else len(names)
    if late := next((name for name in names[at:] if name in _EXPIRY), None):
        raise invalid(f"`{late}` must come before the `file` part in the multipart body.")
    given = {part.name: part.text.strip() for part in parts[:at] if part.name in _EXPIRY}
    if not given:
        return None
    if given.get(_ANCHOR, "created_at") != "created_at":
        raise invalid(f"Invalid `{_ANCHOR}`: only `created_at` is supported.")
    name = _WHOLE if _WHOLE in given else _SECONDS
    return lifetime(given.get(name), name)


def lifetime(given: object, name: str = _WHOLE) -> int:
    """Seconds within what is allowed. Raises 400."""
    try:
        seconds = int(str(given))
    except ValueError:
        raise invalid(f"Invalid `{name}`: expected an integer number of seconds.") from None
    if not SHORTEST_LIFE <= seconds <= LONGEST_LIFE:
        raise invalid(f"Invalid `{name}`: must be between {SHORTEST_LIFE} and {LONGEST_LIFE} seconds.")
    return seconds


def content_type_of(part: Part) -> str:
    """What kind of file it is: by its name, else as the form says."""
    return mimetypes.guess_type(part.filename or "")[0] or part.content_type


def _check_name(name: str) -> None:
    if not name.strip() or name in {".", ".."}:
        raise invalid("Invalid filename: it is empty.")
    if len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        raise invalid(f"Invalid filename: longer than {_LONGEST_NAME} bytes.")
    if any(character in "/\\" or not character.isprintable() for character in name):
        raise invalid("Invalid filename: path separators and control characters are not allowed.")
