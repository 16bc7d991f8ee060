"""The parts of a `multipart/form-data` body, so that two bodies with different boundaries can be compared."""

from __future__ import annotations

import re
from email.message import Message

import msgspec

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a form."""

    name: str
    content: bytes
    filename: str | None = None
    content_type: str | None = None


def is_multipart(content_type: str) -> bool:
    """Whether a content type is that of a form in parts."""
    return content_type.lower().startswith("multipart/")


def read_parts(body: bytes, content_type: str) -> list[Part]:
    """The parts in their order.

    >>> body = b'--x\\r\\nContent-Disposition: form-data; name="purpose"\\r\\n\\r\\nassistants\\r\\n--x--\\r\\n'
    >>> read_parts(body, "multipart/form-data; boundary=x")[0].content
    b'assistants'

    Raises `ValueError` for a body that is none of the kind.
    """
    found = _BOUNDARY.search(content_type)
    if found is None or not is_multipart(content_type):
        raise ValueError(f"not a multipart body: its content type is {content_type or 'not given'!r}")
    pieces = (b"\r\n" + body).split(b"\r\n--" + found[1].encode())
    if not any(piece.startswith(b"--") for piece in pieces[1:]):
        raise ValueError("the multipart body does not end with its boundary")
    return [_part(piece.removeprefix(b"\r\n")) for piece in pieces[1:] if not piece.startswith(b"--")]


def _part(piece: bytes) -> Part:
    head, _, content = piece.partition(b"\r\n\r\n")
    fields = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        header, _, value = line.partition(":")
        fields[header] = value.strip()
    name = fields.get_param("name", "", "content-disposition")
    return Part(
        name=str(name or ""),
        content=content,
        filename=fields.get_filename(),
        content_type=fields.get("content-type"),
    )
