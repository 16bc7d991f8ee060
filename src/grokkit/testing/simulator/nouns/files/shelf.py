"""The files a team has uploaded. They go on their day of expiry, by the simulator's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.refusal import not_found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grokkit.testing.simulator.visit import Visit


class StoredFile(msgspec.Struct, kw_only=True):
    """One uploaded file."""

    id: str
    number: int
    """How many files were uploaded before it."""
    filename: str
    content: bytes
    size: int
    """Bytes."""
    content_type: str
    created_at: float
    team_id: str
    expires_at: float | None = None
    deleted: bool = False
    public_url: str | None = None
    public_url_expires_at: float | None = None
    """`None` for an address that lives as long as the file."""

    @property
    def text(self) -> str:
        """What can be read of it: its text, or the printable characters of a binary one."""
        return readable(self.content)

    def is_there(self, now: float) -> bool:
        """Whether it is neither deleted nor expired."""
        return not self.deleted and (self.expires_at is None or now < self.expires_at)

    def is_public(self, now: float) -> bool:
        """Whether its public address works."""
        lives = self.public_url_expires_at is None or now < self.public_url_expires_at
        return self.public_url is not None and lives and self.is_there(now)

    def shown(self, now: float) -> dict[str, Any]:
        """The file as the API shows it."""
        public: dict[str, Any] = {}
        if self.is_public(now):
            public["public_url"] = self.public_url
            if self.public_url_expires_at is not None:
                public["public_url_expires_at"] = int(self.public_url_expires_at)
        return {
            "bytes": self.size,
            "created_at": int(self.created_at),
            "expires_at": None if self.expires_at is None else int(self.expires_at),
            "filename": self.filename,
            "id": self.id,
            "object": "file",
            **public,
            "purpose": "",
        }


class FileShelf:
    """Every file ever uploaded; deleted ones stay as places in a listing."""

    def __init__(self) -> None:
        self.files: dict[str, StoredFile] = {}

    def of_team(self, team_id: str, now: float) -> Iterator[StoredFile]:
        """The files of a team that are there now."""
        return (file for file in self.files.values() if file.team_id == team_id and file.is_there(now))

    def find(self, file_id: str, team_id: str, now: float) -> StoredFile | None:
        """The file of this id, if it is that team's and still there."""
        file = self.files.get(file_id)
        return file if file is not None and file.team_id == team_id and file.is_there(now) else None

    def find_public(self, url: str, now: float) -> StoredFile | None:
        """The file whose public address this is."""
        return next((file for file in self.files.values() if file.public_url == url and file.is_public(now)), None)

    def add(self, file: StoredFile) -> StoredFile:
        """Keep a file."""
        self.files[file.id] = file
        return file

    def delete(self, file: StoredFile) -> None:
        """Forget a file's content and address."""
        file.deleted, file.content, file.public_url = True, b"", None


def readable(content: bytes) -> str:
    """The text in some bytes, without what cannot be printed.

    >>> readable(b"Hi\\x00\\n")
    'Hi\\n'
    """
    decoded = content.decode("utf-8", "ignore")
    return "".join(character for character in decoded if character.isprintable() or character in "\n\r\t")


def team_of(visit: Visit) -> str:
    """The team of the caller; both hosts of a simulator serve one team."""
    return visit.key.team_id if visit.key is not None else visit.simulator.team_id


def file_of(visit: Visit, file_id: str) -> StoredFile:
    """The file that a request names, as attachment or in its path. Raises 404."""
    file = visit.simulator.state(FileShelf).find(file_id, team_of(visit), visit.now())
    if file is None:
        raise not_found(f"File {file_id} not found.")
    return file
