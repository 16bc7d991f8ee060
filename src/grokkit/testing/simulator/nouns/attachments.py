"""Files that messages bring: by id, by address or as data, and what of them a model reads."""

from __future__ import annotations

import base64
import mimetypes
from typing import TYPE_CHECKING, Any, NamedTuple

from grokkit.testing.simulator.nouns.files.shelf import FileShelf, file_of, readable
from grokkit.testing.simulator.nouns.media.assets import content_at
from grokkit.testing.simulator.refusal import invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from grokkit.testing.simulator.visit import Visit


class Attachment(NamedTuple):
    """What a model gets to read or see of a file."""

    text: str = ""
    images: int = 0


def attachment(visit: Visit, source: Mapping[str, Any]) -> Attachment:
    """The file of a `file_id`, a `url` (or `file_url`), or `file_data` with its `filename`.

    What is behind other people's addresses is not fetched, and stays unread. Raises 404 for a file that is not there
    or not there any more, 400 for data that is none.
    """
    if isinstance(file_id := source.get("file_id"), str):
        file = file_of(visit, file_id)
        return _read(file.content, file.content_type)
    if isinstance(data := source.get("file_data"), str):
        name = str(source.get("filename") or "")
        return _read(_decoded(data), source.get("mime_type") or mimetypes.guess_type(name)[0] or "")
    return _behind(visit, str(source.get("url") or source.get("file_url") or ""))


def with_attachments(text: str, images: int, attachments: Iterable[Attachment]) -> Attachment:
    """A message with all that it brings: its own words first, each file as a paragraph of its own."""
    every = list(attachments)
    paragraphs = [text, *(one.text for one in every)]
    return Attachment("\n\n".join(part for part in paragraphs if part), images + sum(one.images for one in every))


def _behind(visit: Visit, url: str) -> Attachment:
    public = visit.simulator.state(FileShelf).find_public(url, visit.now())
    if public is not None:
        return _read(public.content, public.content_type)
    content = content_at(visit, url)
    return Attachment() if content is None else _read(content, mimetypes.guess_type(url)[0] or "")


def _read(content: bytes, content_type: str) -> Attachment:
    return Attachment(images=1) if content_type.startswith("image/") else Attachment(text=readable(content))


def _decoded(data: str) -> bytes:
    coded = data.partition(",")[2] if data.startswith("data:") else data
    try:
        return base64.b64decode(coded, validate=True)
    except ValueError:
        raise invalid("file_data is not base64.") from None
