"""Pictures, videos and sounds that a request brings: an address, a data URL, or the id of an uploaded file."""

import base64
from collections.abc import Sequence

import msgspec

from grokkit.testing.simulator.nouns.files.shelf import file_of
from grokkit.testing.simulator.nouns.media.assets import content_at
from grokkit.testing.simulator.nouns.media.clip import seconds_of
from grokkit.testing.simulator.refusal import Refusal, invalid
from grokkit.testing.simulator.visit import Visit

_MOST_IMAGE_BYTES = 20 * 1024 * 1024
_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_WEBP = (b"RIFF", b"WEBP")


class MediaInput(msgspec.Struct, kw_only=True):
    """An image or a video in a request. `image_url` is another name for `url`."""

    url: str | None = None
    image_url: str | None = None
    file_id: str | None = None


class AudioInput(msgspec.Struct, kw_only=True):
    """A voice in a request for a video."""

    url: str | None = None
    voice_id: str | None = None


def read_image(visit: Visit, given: MediaInput, name: str) -> bytes | None:
    """The bytes of an image, `None` where they are behind an address on the net, which is not visited.

    Raises 400 for what is no JPEG, PNG or WebP, 404 for a file that is not there.
    """
    content = _content(visit, given, name)
    if content is None:
        return None
    if not (content.startswith(_STARTS) or (content[:4], content[8:12]) == _WEBP):
        raise Refusal.flat(400, "invalid_image", f"{name}: unsupported image format. Use JPEG, PNG or WebP.")
    if len(content) > _MOST_IMAGE_BYTES:
        raise Refusal.flat(400, "invalid_image", f"{name}: the image is larger than 20 MiB.")
    return content


def read_video(visit: Visit, given: MediaInput, name: str = "video") -> float | None:
    """How many seconds a video lasts, `None` where that is not known. Raises as `read_image` does."""
    content = _content(visit, given, name)
    if content is None:
        return None
    if b"ftyp" not in content[:16]:
        raise invalid(f"{name}: unsupported video format. Use MP4.")
    return seconds_of(content)


def check_audios(given: Sequence[AudioInput], name: str) -> None:
    """Raise 400 for a voice that is named in no way or in two."""
    for index, audio in enumerate(given):
        if bool(audio.url) == bool(audio.voice_id):
            raise invalid(f"{name}[{index}]: exactly one of url and voice_id must be set.")


def _content(visit: Visit, given: MediaInput, name: str) -> bytes | None:
    url = given.url or given.image_url
    if bool(url) == bool(given.file_id):
        raise invalid(f"{name}: exactly one of url and file_id must be set.")
    if given.file_id:
        return file_of(visit, given.file_id).content
    return _behind(visit, url or "", name)


def _behind(visit: Visit, url: str, name: str) -> bytes | None:
    if url.startswith("data:"):
        head, comma, coded = url.partition(",")
        if not comma or not head.endswith(";base64"):
            raise invalid(f"{name}: the data URL is not base64.")
        try:
            return base64.b64decode(coded, validate=True)
        except ValueError:
            raise invalid(f"{name}: the data URL is not base64.") from None
    if not url.startswith(("http://", "https://")):
        raise invalid(f"{name}: invalid URL: {url[:80]}")
    return content_at(visit, url)
