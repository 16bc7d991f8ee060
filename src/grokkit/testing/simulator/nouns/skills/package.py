"""A skill as it is uploaded: a zip, or the files of a directory, with a SKILL.md that says what it is."""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from typing import TYPE_CHECKING

import msgspec

from grokkit.testing.simulator.refusal import Refusal, invalid

if TYPE_CHECKING:
    from grokkit.testing.simulator.form import Part

_CARD = "SKILL.md"
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_NAME, _LONGEST_DESCRIPTION = 64, 1024
_BROKEN = (
    IndexError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
_MOST_BYTES = 30 * 1024 * 1024
_ALWAYS = (1980, 1, 1, 0, 0, 0)
_FRONT = re.compile(r"\A---\r?\n(.*?)\r?\n---(?:\r?\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^(\w[\w-]*):[ \t]*(.*(?:\n[ \t]+.*)*)", re.MULTILINE)


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """What a skill is made of."""

    name: str
    description: str
    archive: bytes


def read_package(parts: list[Part]) -> Package:
    """The skill of an upload. Raises 400, and 413 for too much."""
    files = [part for part in parts if part.name in {"files", "files[]"}]
    if not files:
        raise invalid("Invalid skill upload: missing `files` part.")
    if any(part.filename is None for part in files):
        raise invalid("Invalid skill upload: each `files` part must carry a filename.")
    is_zip = len(files) == 1 and zipfile.is_zipfile(io.BytesIO(files[0].data))
    held = _unzipped(files[0].data) if is_zip else {part.filename or "": part.data for part in files}
    _check_size(sum(map(len, held.values())))
    fields = front_matter(_card(held))
    return Package(
        name=_name(fields), description=_description(fields), archive=files[0].data if is_zip else _zipped(held)
    )


def front_matter(text: str) -> dict[str, str]:
    """The fields at the head of a SKILL.md; a value goes on in lines that are indented.

    >>> front_matter("---\\nname: charts\\ndescription: >\\n  Draws\\n  charts.\\n---\\n# Charts")
    {'name': 'charts', 'description': 'Draws charts.'}
    """
    found = _FRONT.match(text)
    if found is None:
        return {}
    return {name: " ".join(value.split()).lstrip(">|- ").strip("\"'") for name, value in _FIELD.findall(found[1])}


def _card(held: dict[str, bytes]) -> str:
    paths = [path for path in held if path.rpartition("/")[2] == _CARD and path.count("/") <= 1]
    if len(paths) != 1:
        raise invalid(f"Invalid skill upload: expected one {_CARD} at the top, found {len(paths)}.")
    return held[paths[0]].decode("utf-8", "replace")


def _name(fields: dict[str, str]) -> str:
    name = fields.get("name", "")
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise invalid(f"Invalid skill upload: `name` in {_CARD} must be lower-case letters, digits and hyphens.")
    return name


def _description(fields: dict[str, str]) -> str:
    description = fields.get("description", "")
    if not 0 < len(description) <= _LONGEST_DESCRIPTION:
        raise invalid(
            f"Invalid skill upload: `description` in {_CARD} must have 1 to {_LONGEST_DESCRIPTION} characters."
        )
    return description


def _unzipped(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_size(sum(entry.file_size for entry in entries))
            return {entry.filename: archive.read(entry) for entry in entries}
    except _BROKEN as error:
        raise invalid(f"Invalid skill upload: {error}.") from error


def _zipped(held: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in held.items():
            archive.writestr(zipfile.ZipInfo(path, _ALWAYS), data)
    return buffer.getvalue()


def _check_size(size: int) -> None:
    if size > _MOST_BYTES:
        raise Refusal.flat(413, "invalid-argument", "The skill is too large. [WKE=file:too-large]")
