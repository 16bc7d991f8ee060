"""`/v1/files`."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.files.listing import page_of_files
from grokkit.testing.simulator.nouns.files.shelf import FileShelf, StoredFile, file_of, team_of
from grokkit.testing.simulator.nouns.files.upload import (
    MOST_BYTES,
    content_type_of,
    lifetime,
    seconds_to_live,
    the_file,
)
from grokkit.testing.simulator.refusal import Refusal, invalid

if TYPE_CHECKING:
    from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()

_MOST_PUBLIC = 1_000
_PUBLIC_KINDS = ("image/", "video/", "application/pdf")
_BYTES = "application/octet-stream"


@table.post("/v1/files", max_body=MOST_BYTES + 1024 * 1024)
def upload(visit: Visit) -> Outcome:
    """Keep a file."""
    parts = visit.form()
    life = seconds_to_live(parts)
    part = the_file(parts)
    shelf = visit.simulator.state(FileShelf)
    file = shelf.add(
        StoredFile(
            id=f"file_{visit.id}",
            number=len(shelf.files),
            filename=part.filename or "",
            content=part.data,
            size=len(part.data),
            content_type=content_type_of(part),
            created_at=visit.now(),
            team_id=team_of(visit),
            expires_at=None if life is None else visit.now() + life,
        )
    )
    return _answer(visit, file.shown(visit.now()))


@table.get("/v1/files")
def list_files(visit: Visit) -> Outcome:
    """A page of the team's files."""
    return _answer(visit, page_of_files(visit))


@table.get("/v1/files/{file_id}")
def get_file(visit: Visit) -> Outcome:
    """What is known of a file."""
    return _answer(visit, file_of(visit, visit.params["file_id"]).shown(visit.now()))


@table.delete("/v1/files/{file_id}")
def delete_file(visit: Visit) -> Outcome:
    """Forget a file."""
    file = file_of(visit, visit.params["file_id"])
    visit.simulator.state(FileShelf).delete(file)
    return _answer(visit, {"id": file.id, "deleted": True, "object": "file"})


@table.get("/v1/files/{file_id}/content")
def download(visit: Visit) -> Outcome:
    """The bytes of a file, all of them: ranges and conditions are not looked at."""
    file = file_of(visit, visit.params["file_id"])
    wanted = visit.query.get("format", "original")
    if wanted not in {"original", "text"}:
        raise invalid(f"Invalid format: unknown variant `{wanted}`, expected one of `original`, `text`")
    return visit.data(file.content if wanted == "original" else file.text.encode(), _BYTES, traceparent=_trace(visit))


@table.post("/v1/files/{file_id}/public-url")
def make_public(visit: Visit) -> Outcome:
    """An address under which anybody can read the file; the one it has, if it has one."""
    file = file_of(visit, visit.params["file_id"])
    now = visit.now()
    given = visit.json().get("expires_after") if visit.content else None
    until = None if given is None else now + lifetime(given)
    if until is not None and file.expires_at is not None and until > file.expires_at:
        raise invalid("Invalid `expires_after`: the public URL cannot outlive the file.")
    _check_publishable(file)
    if not file.is_public(now):
        _check_quota(visit)
        file.public_url, file.public_url_expires_at = _address(file), until
    ends = file.public_url_expires_at or file.expires_at
    expiry = {} if ends is None else {"expires_at": int(ends)}
    return _answer(visit, {"public_url": file.public_url, **expiry})


@table.post("/v1/files/{file_id}/public-url/revoke")
def make_private(visit: Visit) -> Outcome:
    """End a public address; again is no error."""
    file = file_of(visit, visit.params["file_id"])
    address = file.public_url if file.is_public(visit.now()) else None
    file.public_url = file.public_url_expires_at = None
    if address is None:
        return _answer(visit, {"id": file.id, "revoked": False})
    return _answer(visit, {"id": file.id, "revoked": True, "public_url": address})


def _check_publishable(file: StoredFile) -> None:
    if not file.content:
        raise invalid("The file is empty: it cannot have a public URL.")
    if not file.content_type.startswith(_PUBLIC_KINDS):
        raise invalid(
            f"Unsupported content type for a public URL: {file.content_type}. Use an image, a video or a PDF."
        )


def _check_quota(visit: Visit) -> None:
    files = visit.simulator.state(FileShelf).of_team(team_of(visit), visit.now())
    if sum(file.is_public(visit.now()) for file in files) >= _MOST_PUBLIC:
        text = f"Your team has reached the quota of {_MOST_PUBLIC} active public URLs. Revoke one to make another."
        raise Refusal.flat(429, "resource-exhausted", text)


def _address(file: StoredFile) -> str:
    word = hashlib.sha256(file.id.encode()).hexdigest()[:22]
    _, dot, extension = file.filename.rpartition(".")
    return f"https://files-cdn.x.ai/{word}/{file.id}{dot}{extension if dot else ''}"


def _answer(visit: Visit, value: dict[str, Any]) -> Outcome:
    return msgspec.structs.replace(visit.answer(value), headers={"traceparent": _trace(visit)})


def _trace(visit: Visit) -> str:
    draw = random.Random(visit.id)  # noqa: S311 - an id for reading, the same for the same seed
    return f"00-{draw.getrandbits(128):032x}-{draw.getrandbits(64):016x}-01"
