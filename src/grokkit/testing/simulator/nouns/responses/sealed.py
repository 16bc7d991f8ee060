"""Content that only the server can read: reasoning and compactions, made unreadable and tamper-proof with a seed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from typing import Any

import msgspec

_MARK = 16


class Undecodable(Exception):
    """A text that was changed, or sealed by another server."""


def seal(value: Any, secret: str) -> str:
    """A JSON value as opaque text; the same value and secret give the same text.

    >>> unseal(seal({"summary": "Hi"}, "s"), "s")
    {'summary': 'Hi'}
    """
    plain = zlib.compress(msgspec.json.encode(value))
    mark = _mark(plain, secret)
    return base64.b64encode(mark + _veiled(plain, mark, secret)).decode()


def unseal(text: str, secret: str) -> Any:
    """The value again. Raises `Undecodable`."""
    try:
        blob = base64.b64decode(text, validate=True)
        plain = _veiled(blob[_MARK:], blob[:_MARK], secret)
        if not hmac.compare_digest(_mark(plain, secret), blob[:_MARK]):
            raise Undecodable
        return msgspec.json.decode(zlib.decompress(plain))
    except (ValueError, zlib.error) as error:
        raise Undecodable from error


def _mark(plain: bytes, secret: str) -> bytes:
    return hashlib.blake2b(plain, key=_key(secret), digest_size=_MARK).digest()


def _veiled(content: bytes, mark: bytes, secret: str) -> bytes:
    stream = hashlib.shake_256(_key(secret) + mark).digest(len(content)) if content else b""
    return bytes(one ^ other for one, other in zip(content, stream, strict=True))


def _key(secret: str) -> bytes:
    return hashlib.blake2b(secret.encode(), digest_size=32).digest()
