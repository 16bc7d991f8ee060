"""One TLS context per process and setting: parsing a CA bundle costs 15 ms and a megabyte, so it is done once.

A forked child makes its own: a context holds session tickets and random state that two processes must not share.
"""

from __future__ import annotations

import functools
import os
import ssl
from pathlib import Path

from grokkit.errors import ConfigInvalid

_BUNDLE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def context(
    *,
    ca_file: str | None = None,
    client_cert: str | None = None,
    client_key: str | None = None,
    trust_env: bool = True,
) -> ssl.SSLContext:
    """The shared context for these files.

    `ca_file`, a PEM file or a directory of hashed ones, is trusted besides the system's authorities; without it
    `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE` or `CURL_CA_BUNDLE` may name one, unless `trust_env` is off. The client
    certificate's key is in `client_key`, or in the same file.

    Raises `ConfigInvalid` that names the file which cannot be used.

    >>> context() is context()
    True
    """
    bundle = ca_file or (_bundle_of_environment() if trust_env else None)
    return _context(bundle, client_cert, client_key)


@functools.cache
def _context(bundle: str | None, client_cert: str | None, client_key: str | None) -> ssl.SSLContext:
    made = ssl.create_default_context()
    made.set_alpn_protocols(["http/1.1"])
    if bundle is not None:
        try:
            made.load_verify_locations(
                cafile=None if Path(bundle).is_dir() else bundle,
                capath=bundle if Path(bundle).is_dir() else None,
            )
        except (OSError, ssl.SSLError) as error:
            raise _unusable("the CA bundle (ca_file, or SSL_CERT_FILE in the environment)", bundle, error) from error
    if client_cert is not None:
        try:
            made.load_cert_chain(client_cert, client_key, _no_password)
        except (OSError, ssl.SSLError) as error:
            raise _unusable("the client certificate (client_cert, client_key)", client_cert, error) from error
    return made


def _no_password() -> str:
    """Without this OpenSSL would ask at the terminal, and wait there."""
    raise OSError("the key is encrypted; give one that is not, readable by you alone")


os.register_at_fork(after_in_child=_context.cache_clear)


def _bundle_of_environment() -> str | None:
    return next((os.environ[name] for name in _BUNDLE_VARIABLES if os.environ.get(name)), None)


def _unusable(what: str, path: str, error: Exception) -> ConfigInvalid:
    return ConfigInvalid(
        f"{what} cannot be used: {path}: {error}",
        hint="name a readable PEM file; `grokkit doctor` shows what is in force",
    )
