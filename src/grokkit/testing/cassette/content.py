"""Bodies as readable content and back: JSON as JSON, text in lines, forms in parts, and base64 for the rest."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from grokkit.testing.cassette.interaction import Content
from grokkit.testing.cassette.scrub import HIDDEN, is_secret_name
from grokkit.testing.multipart import Part, is_multipart, read_parts

if TYPE_CHECKING:
    from grokkit.testing.cassette.scrub import Scrubber

_GZIP = b"\x1f\x8b"
_NO_TEXT = frozenset(map(chr, range(32))) - set("\t\n\r")


def content_of(body: bytes, content_type: str, scrubber: Scrubber) -> Content:
    """The body in readable form, without secrets.

    >>> from grokkit.testing.cassette.scrub import Scrubber
    >>> content_of(b'{"model":"grok-4.7"}', "application/json", Scrubber())
    Content(json={'model': 'grok-4.7'}, text=UNSET, base64=UNSET, multipart=UNSET)
    """
    body = _ungzipped(body)
    if is_multipart(content_type):
        try:
            return Content(multipart=[_part(part, scrubber) for part in read_parts(body, content_type)])
        except ValueError:
            pass
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return _binary(body, scrubber)
    if "json" in content_type or text.lstrip()[:1] in ("{", "["):
        try:
            return Content(json=scrubber.value(strict_json(text)))
        except (ValueError, RecursionError):
            pass
    if _NO_TEXT & set(text):
        return _binary(body, scrubber)
    lines = scrubber.text(text).splitlines(keepends=True)
    return Content(text=lines if len(lines) > 1 else "".join(lines))


def bytes_of(content: Content) -> bytes:
    """The body again. JSON comes in its most compact spelling."""
    if content.json is not UNSET:
        return compact(content.json).encode("utf-8", "backslashreplace")
    if isinstance(content.base64, str):
        return base64.b64decode(content.base64, validate=True)
    text = content.text if isinstance(content.text, str | list) else ""
    return "".join(text).encode("utf-8", "backslashreplace")


def strict_json(text: str) -> Any:
    """The value of a JSON text that can be written again without loss. Raises `ValueError` for any other."""
    value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    json.dumps(value, allow_nan=False)
    return value


def compact(value: object) -> str:
    """A value as JSON without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _part(part: Part, scrubber: Scrubber) -> dict[str, Any]:
    told: dict[str, Any] = {"name": scrubber.text(part.name)}
    if part.filename is not None:
        told["filename"] = scrubber.text(part.filename)
    if part.content_type is not None:
        told["content_type"] = scrubber.text(part.content_type)
    body: dict[str, Any] = msgspec.to_builtins(content_of(part.content, part.content_type or "", scrubber))
    return {**told, "text": HIDDEN} if is_secret_name(part.name) else {**told, **body}


def _binary(body: bytes, scrubber: Scrubber) -> Content:
    return Content(base64=base64.b64encode(scrubber.data(body)).decode())


def _ungzipped(body: bytes) -> bytes:
    if not body.startswith(_GZIP):
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        return body


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name occurs twice")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
