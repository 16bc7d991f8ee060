"""Small JPEGs made from words: bands of colour, the same for the same words. Any decoder opens them."""

from __future__ import annotations

import hashlib
import math
import struct

_BLOCK = 8
_BANDS = 8
_QUANTUM = 16
_DC_CODES = ("00", "010", "011", "100", "101", "110", "1110", "11110", "111110", "1111110", "11111110", "111111110")
_DC_COUNTS = (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)
_END_OF_BLOCK = "0"
_UNCHANGED = (_DC_CODES[0] + _END_OF_BLOCK) * 3
_SIDES = {"1k": 1024, "1.5k": 1536, "2k": 2048}
_LONGEST = 4.0
"""The longest side, in shortest sides."""
_FRAME_HEADER = 9
_SIZED_FRAMES = (0xC0, 0xC1, 0xC2)


def picture(words: str, width: int, height: int) -> bytes:
    """A JPEG of this size.

    >>> size_of(picture("a cat", 64, 48))
    (64, 48)
    """
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            _segment(0xDB, b"\0" + bytes([_QUANTUM]) * 64),
            _segment(0xC0, struct.pack(">BHHB", 8, height, width, 3) + b"\x01\x11\0\x02\x11\0\x03\x11\0"),
            _segment(0xC4, b"\0" + bytes(_DC_COUNTS) + bytes(range(12))),
            _segment(0xC4, b"\x10" + bytes([1]) + bytes(15) + b"\0"),
            _segment(0xDA, b"\x03\x01\0\x02\0\x03\0\0\x3f\0"),
            _scan(words, math.ceil(width / _BLOCK), math.ceil(height / _BLOCK)),
            b"\xff\xd9",
        )
    )


def dimensions(resolution: str, ratio: str) -> tuple[int, int]:
    """Width and height of an image: the area that the resolution says, in the ratio.

    >>> dimensions("1k", "1:1"), dimensions("2k", "16:9")
    ((1024, 1024), (2728, 1536))
    """
    across, _, down = ratio.partition(":")
    stretch = math.sqrt(min(max(float(across) / max(float(down), 1.0), 1 / _LONGEST), _LONGEST))
    side = _SIDES[resolution]
    return _whole_blocks(side * stretch), _whole_blocks(side / stretch)


def size_of(content: bytes) -> tuple[int, int] | None:
    """Width and height of a JPEG or PNG, `None` for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:  # noqa: PLR2004 - up to the end of the size
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    at = 2
    while content[:2] == b"\xff\xd8" and at + _FRAME_HEADER <= len(content) and content[at] == 0xFF:  # noqa: PLR2004
        if content[at + 1] in _SIZED_FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None


def _whole_blocks(length: float) -> int:
    return max(_BLOCK, round(length / _BLOCK) * _BLOCK)


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def _scan(words: str, columns: int, rows: int) -> bytes:
    shades = hashlib.sha512(words.encode("utf-8", "replace")).digest()
    bits, before = [], [0, 0, 0]
    for band in range(_BANDS):
        blocks = columns * (rows * (band + 1) // _BANDS - rows * band // _BANDS)
        if not blocks:
            continue
        colour = [(shade - 128) * 8 // _QUANTUM for shade in shades[3 * band : 3 * band + 3]]
        first = "".join(_difference(now - then) for now, then in zip(colour, before, strict=True))
        bits.append(first + _UNCHANGED * (blocks - 1))
        before = colour
    coded = "".join(bits)
    coded += "1" * (-len(coded) % 8)
    return int(coded, 2).to_bytes(len(coded) // 8, "big").replace(b"\xff", b"\xff\0")


def _difference(value: int) -> str:
    """A block of one colour: how it differs from the one before it."""
    size = abs(value).bit_length()
    written = value if value > 0 else value + (1 << size) - 1
    return _DC_CODES[size] + (f"{written:0{size}b}" if size else "") + _END_OF_BLOCK
