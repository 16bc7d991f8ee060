"""Certificates made for one test session, with the `openssl` command."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HOST = "api.grok.invalid"


@dataclass(frozen=True)
class Certificates:
    """A certificate authority and what it signed; each file holds a key and its certificate."""

    authority: Path
    good: Path
    other_host: Path
    expired: Path
    client: Path
    stranger: Path

    def server(self, own: Path, *, ask_client: bool = False) -> ssl.SSLContext:
        """The TLS context of a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own)
        if ask_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.authority)
        return context


def make(folder: Path) -> Certificates:
    """Make them all."""
    authority = _authority(folder / "authority")
    names = f"subjectAltName=DNS:{HOST},DNS:localhost,IP:127.0.0.1"
    return Certificates(
        authority=authority,
        good=_signed(folder / "good", authority, names),
        other_host=_signed(folder / "other", authority, "subjectAltName=DNS:somebody.else.invalid"),
        expired=_signed(folder / "expired", authority, names, expired=True),
        client=_signed(folder / "client", authority, "extendedKeyUsage=clientAuth"),
        stranger=_authority(folder / "stranger"),
    )


def _authority(stem: Path) -> Path:
    made = ("-out", stem.with_suffix(".crt"), *_SUBJECT, "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    _openssl("req", "-x509", *_NEW_KEY, stem.with_suffix(".key"), *made)
    return _joined(stem)


def _signed(stem: Path, authority: Path, extension: str, *, expired: bool = False) -> Path:
    request, extensions = stem.with_suffix(".csr"), stem.with_suffix(".ext")
    extensions.write_text(f"{extension}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
    _openssl("req", *_NEW_KEY, stem.with_suffix(".key"), "-out", request, *_SUBJECT)
    signing = ("x509", "-req", "-in", request, "-CA", authority, "-CAkey", authority, "-CAcreateserial")
    written = ("-extfile", extensions, "-out", stem.with_suffix(".crt"))
    if not expired:
        _openssl(*signing, *written, "-days", "2")
        return _joined(stem)
    try:
        _openssl(*signing, *written, "-days", "-1")
    except subprocess.CalledProcessError:  # newer ones take dates instead
        _openssl(*signing, *written, "-not_before", "20200101000000Z", "-not_after", "20200102000000Z")
    return _joined(stem)


def _joined(stem: Path) -> Path:
    both = stem.with_suffix(".pem")
    both.write_text(stem.with_suffix(".key").read_text() + stem.with_suffix(".crt").read_text())
    return both


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout")
_SUBJECT = ("-subj", "/CN=grokkit tests")


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
