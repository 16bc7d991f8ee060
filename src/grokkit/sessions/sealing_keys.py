"""The keys that sessions are sealed with: read from texts, known by fingerprints, made of passphrases where need be."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from grokkit.config.secret import Secret
from grokkit.errors import ConfigInvalid, ExtraMissing
from grokkit.sessions.sealing_form import KEY_SIZE, SealBroken, SessionSealed

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError as error:
    raise ExtraMissing("sealing sessions needs cryptography, which is not installed", extra="encryption") from error

if TYPE_CHECKING:
    from collections.abc import Sequence

    Keys = str | Secret | Sequence[str | Secret]

_NONCE, _SALT, _PRINT = 12, 16, 8
_NO_SALT = bytes(_SALT)
_FORM = b"\x01"
_HEAD = len(_FORM) + _PRINT + _SALT
_IN_WORDS = "passphrase:"
_SHORTEST = 12
_HARDNESS = {"n": 2**16, "r": 8, "p": 2, "maxmem": 2**27}
"""About a quarter of a second and 64 MiB for each guess."""


def read_keys(given: Keys) -> list[Secret]:
    """The keys in what was given, the newest first. In one text several stand in lines, or with spaces between.

    >>> read_keys(["passphrase:correct horse battery"])
    [Secret('...ry')]
    """
    texts = [given] if isinstance(given, str | Secret) else given
    lines = [line.strip() for text in texts for line in Secret(text).reveal().splitlines()]
    return [Secret(key) for line in lines for key in ([line] if line.startswith(_IN_WORDS) else line.split())]


class _Cipher(NamedTuple):
    head: bytes
    """What everything begins with that this key seals: the form, the key's fingerprint, and a passphrase's salt."""
    box: AESGCM


class Keyring:
    """Seals with the first of its keys and opens with any.

    A key is 32 random bytes in base64, or `passphrase:` and at least 12 letters, of which scrypt makes one, with a salt
    that is written down with all that it seals. Raises `ConfigInvalid` for a text that is neither, without the text.

    >>> import asyncio
    >>> from grokkit.sessions.sealing_form import new_key
    >>> async def there_and_back() -> bytes:
    ...     ring = Keyring([new_key()])
    ...     return await ring.open(await ring.seal(b"secret", ["here"]), ["here"])
    >>> asyncio.run(there_and_back())
    b'secret'
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = [_source(key, number) for number, key in enumerate(read_keys(keys), 1)]
        if not self._keys:
            raise ConfigInvalid("there is no key to seal sessions with", hint="new_key() makes one")
        self._ciphers: dict[tuple[int, bytes], _Cipher] = {}
        self._salt: bytes | None = None

    def __repr__(self) -> str:
        return f"<{len(self._keys)} keys>"

    @property
    def lacks_salt(self) -> bool:
        """Whether a passphrase seals, and no salt of it is known yet: each one that is used costs time ever after."""
        return self._salt is None and isinstance(self._keys[0], Secret)

    def take_salt(self, sealed: str) -> None:
        """From now on seal with the salt of this sealed text."""
        salt = _head_of(sealed, [])[-_SALT:]
        self._salt = self._salt or (None if salt == _NO_SALT else salt)

    async def seal(self, plain: bytes, place: Sequence[Any]) -> str:
        """A text that nobody can read or change without the key, and that opens at this place only."""
        if self.lacks_salt:
            self._salt = os.urandom(_SALT)
        cipher = await self._cipher(0, self._salt or _NO_SALT)
        nonce = os.urandom(_NONCE)
        box = cipher.box.encrypt(nonce, plain, cipher.head + msgspec.json.encode(place))
        return base64.b64encode(cipher.head + nonce + box).decode()

    async def open(self, sealed: str, place: Sequence[Any]) -> bytes:
        """What was sealed. Raises `SessionSealed` without its key, `SealBroken` when it was changed or moved here."""
        octets = _octets(sealed, place)
        head, nonce, box = octets[:_HEAD], octets[_HEAD : _HEAD + _NONCE], octets[_HEAD + _NONCE :]
        cipher = await self._that_wrote(head)
        if cipher is None:
            theirs = head[len(_FORM) : -_SALT].hex()
            raise SessionSealed(f"{_told(place)} is sealed with another key ({theirs}) than the ones given")
        try:
            return cipher.box.decrypt(nonce, box, head + msgspec.json.encode(place))
        except InvalidTag:
            raise SealBroken(f"{_told(place)} was changed since it was sealed, or belongs elsewhere") from None

    async def _that_wrote(self, head: bytes) -> _Cipher | None:
        salt = head[-_SALT:]
        for at, key in enumerate(self._keys):
            if isinstance(key, Secret) == (salt != _NO_SALT):
                cipher = await self._cipher(at, salt)
                if cipher.head == head:
                    self._salt = self._salt or (salt if at == 0 and salt != _NO_SALT else None)
                    return cipher
        return None

    async def _cipher(self, at: int, salt: bytes) -> _Cipher:
        known = self._ciphers.get((at, salt))
        if known is None:
            source = self._keys[at]
            key = await asyncio.to_thread(_stretched, source, salt) if isinstance(source, Secret) else source.key
            mark = hashlib.sha256(b"grokkit.sessions key " + key).digest()[:_PRINT]
            known = self._ciphers[at, salt] = _Cipher(_FORM + mark + salt, AESGCM(key))
        return known


class _Raw:
    """A key as it is; its repr shows nothing."""

    def __init__(self, key: bytes) -> None:
        self.key = key


def _source(text: Secret, number: int) -> _Raw | Secret:
    """A key, or the passphrase to make one of."""
    written = text.reveal()
    if written.startswith(_IN_WORDS):
        if len(passphrase := written.removeprefix(_IN_WORDS).strip()) < _SHORTEST:
            raise ConfigInvalid(f"key {number} is a passphrase of less than {_SHORTEST} letters", hint="five words do")
        return Secret(passphrase)
    if re.fullmatch(r"[\w+/-]{43}=?", written, re.ASCII):
        return _Raw(base64.urlsafe_b64decode(written.rstrip("=").replace("+", "-").replace("/", "_") + "="))
    raise ConfigInvalid(
        f"key {number} is not 32 bytes in base64",
        hint='`openssl rand -base64 32` makes one; a passphrase is written as "passphrase:several words"',
    )


def _stretched(passphrase: Secret, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.reveal().encode(), salt=salt, dklen=KEY_SIZE, **_HARDNESS)


def _octets(sealed: str, place: Sequence[Any]) -> bytes:
    try:
        octets = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        octets = b""
    if base64.b64encode(octets).decode() != sealed or octets[:1] != _FORM or len(octets) < _HEAD + _NONCE:
        raise SealBroken(f"{_told(place)} was changed since it was sealed: it is no sealed text any more")
    return octets


def _head_of(sealed: str, place: Sequence[Any]) -> bytes:
    return _octets(sealed, place)[:_HEAD]


def _told(place: Sequence[Any]) -> str:
    """Words for a place: its session and turn."""
    match place:
        case [_, _, name, int(version)]:
            return f"turn {version} of session {name!r}"
        case [_, _, name, what]:
            return f"the {what} of session {name!r}"
    return "what was sealed"
