"""`storage_options`: what was made is kept as a file, with a public address if that is asked for."""

from typing import Any

import msgspec

from grokkit.testing.simulator.nouns.files.shelf import FileShelf, StoredFile, team_of
from grokkit.testing.simulator.refusal import invalid
from grokkit.testing.simulator.visit import Visit

_HOUR, _MONTH = 3600, 30 * 24 * 3600


class PublicUrl(msgspec.Struct, kw_only=True):
    """How long a public address is to work, in seconds."""

    expires_after: int | None = None


class StorageOptions(msgspec.Struct, kw_only=True):
    """Where to keep what is made."""

    filename: str
    expires_after: int | None = None
    public_url: bool | PublicUrl | None = None


def check_storage(options: StorageOptions | None) -> None:
    """Raise 400 for lifetimes that cannot be."""
    if options is None:
        return
    if not options.filename:
        raise invalid("storage_options.filename must not be empty.")
    if options.expires_after is not None and not 0 < options.expires_after <= _MONTH:
        raise invalid(f"storage_options.expires_after must be between 1 and {_MONTH} seconds.")
    address = options.public_url
    if isinstance(address, PublicUrl) and not _HOUR <= (address.expires_after or _HOUR) <= _MONTH:
        raise invalid(f"storage_options.public_url.expires_after must be between {_HOUR} and {_MONTH} seconds.")


async def stored(visit: Visit, content: bytes, media_type: str, options: StorageOptions) -> dict[str, Any]:
    """Keep this as a file of the team; the `file_output` that tells of it."""
    shelf = visit.simulator.state(FileShelf)
    file = shelf.add(
        StoredFile(
            id=f"file_{visit.simulator.new_id()}",
            number=len(shelf.files),
            filename=options.filename,
            content=content,
            size=len(content),
            content_type=media_type,
            created_at=visit.now(),
            team_id=team_of(visit),
            expires_at=None if options.expires_after is None else visit.now() + options.expires_after,
        )
    )
    shown: dict[str, Any] = {"file_id": file.id, "filename": file.filename}
    if file.expires_at is not None:
        shown["expires_at"] = int(file.expires_at)
    return shown | (await _publication(visit, file.id, options) if options.public_url else {})


async def _publication(visit: Visit, file_id: str, options: StorageOptions) -> dict[str, Any]:
    life = options.public_url.expires_after if isinstance(options.public_url, PublicUrl) else None
    body = None if life is None else {"expires_after": life}
    outcome = await visit.simulator.app.answer(visit.inner("POST", f"/v1/files/{file_id}/public-url", body))
    said = msgspec.json.decode(outcome.body)
    if "public_url" not in said:
        return {"public_url_error": said["error"]}
    ends = {"public_url_expires_at": said["expires_at"]} if "expires_at" in said else {}
    return {"public_url": said["public_url"], **ends}
