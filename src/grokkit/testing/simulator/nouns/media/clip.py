"""Small MP4 files: one picture, shown for as long as the video lasts. Players open them; their length can be read."""

from __future__ import annotations

import struct

_SCALE = 1000
_UNITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_WIDE_TIMES = b"\x01"


def clip(picture: bytes, width: int, height: int, seconds: float) -> bytes:
    """An MP4 that shows a JPEG.

    >>> seconds_of(clip(b"", 64, 48, 2.5))
    2.5
    """
    kind = _box("ftyp", b"isom\0\0\x02\0isommp41")
    length = round(seconds * _SCALE)
    movie = _movie(len(picture), width, height, length, 0)
    return kind + _movie(len(picture), width, height, length, len(kind) + len(movie) + 8) + _box("mdat", picture)


def seconds_of(content: bytes) -> float | None:
    """How long an MP4 lasts; `None` for what is none."""
    at = content.find(b"mvhd")
    if at < 0 or b"ftyp" not in content[:16]:
        return None
    layout, start = (">IQ", at + 24) if content[at + 4 : at + 5] == _WIDE_TIMES else (">II", at + 16)
    try:
        scale, length = struct.unpack_from(layout, content, start)
    except struct.error:
        return None
    return length / scale if scale else None


def _movie(size: int, width: int, height: int, length: int, offset: int) -> bytes:
    times = struct.pack(">4I", 0, 0, _SCALE, length)
    header = _full("mvhd", times + struct.pack(">IHH8x", 0x10000, 0x100, 0) + _UNITY + bytes(24) + struct.pack(">I", 2))
    track = struct.pack(">5I8x4H", 0, 0, 1, 0, length, 0, 0, 0, 0) + _UNITY
    track_header = _full("tkhd", track + struct.pack(">II", width << 16, height << 16), flags=3)
    media = _box(
        "mdia", _full("mdhd", times + b"\x55\xc4\0\0") + _HANDLER + _information(size, width, height, length, offset)
    )
    return _box("moov", header + _box("trak", track_header + media))


def _information(size: int, width: int, height: int, length: int, offset: int) -> bytes:
    source = _box("dinf", _full("dref", struct.pack(">I", 1) + _full("url ", b"", flags=1)))
    entry = struct.pack(">6xH16xHHIIIH32xHh", 1, width, height, 0x480000, 0x480000, 0, 1, 24, -1) + _STREAM
    table = _box(
        "stbl",
        _full("stsd", struct.pack(">I", 1) + _box("mp4v", entry))
        + _full("stts", struct.pack(">3I", 1, 1, length))
        + _full("stsc", struct.pack(">4I", 1, 1, 1, 1))
        + _full("stsz", struct.pack(">3I", 0, 1, size))
        + _full("stco", struct.pack(">2I", 1, offset)),
    )
    return _box("minf", _full("vmhd", bytes(8), flags=1) + source + table)


def _box(name: str, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload) + 8) + name.encode() + payload


def _full(name: str, payload: bytes, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", flags) + payload)


_HANDLER = _full("hdlr", b"\0\0\0\0vide" + bytes(12) + b"\0")
_JPEG_FRAMES = 0x6C
_STREAM = _full("esds", b"\x03\x15\0\x01\0\x04\x0d" + bytes([_JPEG_FRAMES, 0x11]) + bytes(11) + b"\x06\x01\x02")
"""That the frames are JPEGs."""
