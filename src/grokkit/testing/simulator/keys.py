"""The keys a simulated team has, and how a request's credential is checked on either host."""

from __future__ import annotations

import hashlib

import msgspec

from grokkit.testing.simulator.refusal import Refusal

_CONSOLE = "You can obtain an API key from https://console.x.ai."
_SHOWN = 2


class Key(msgspec.Struct, kw_only=True):
    """An API key and what is known of it. Blocking or disabling it takes effect with the next request."""

    secret: str
    id: str
    name: str = "simulator"
    team_id: str = ""
    user_id: str = ""
    acls: tuple[str, ...] = ("api-key:model:*", "api-key:endpoint:*")
    blocked: bool = False
    disabled: bool = False
    expires_at: float | None = None
    """Unix time; `None` for never."""
    qps: int | None = None
    qpm: int | None = None
    tpm: int | None = None

    def __repr__(self) -> str:
        return f"<Key {self.name} {masked(self.secret)}>"


class Keys:
    """The keys of one host, by secret."""

    def __init__(self, *, management: bool = False) -> None:
        self._management = management
        self.by_secret: dict[str, Key] = {}

    def add(self, key: Key) -> Key:
        """Let requests with this key in."""
        self.by_secret[key.secret] = key
        return key

    def check(self, authorization: str | None, now: float) -> Key:
        """The key of an `Authorization` header. Raises 401 for none, 400 for a wrong one, 403 for a blocked one."""
        scheme, _, secret = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise self._none()
        return self.check_secret(secret.strip(), now)

    def check_secret(self, secret: str, now: float) -> Key:
        """The key of this secret. Raises 400 for a wrong one, 403 for a blocked one."""
        key = self.by_secret.get(secret)
        if key is None or key.disabled or (key.expires_at is not None and key.expires_at <= now):
            raise self._wrong(secret)
        if key.blocked:
            raise Refusal.flat(403, "permission-denied", "The API key is blocked. [WKE=unauthorized:blocked-user]")
        return key

    def _none(self) -> Refusal:
        if self._management:
            return Refusal.gateway(401, 16, "No bearer token was provided in the Authorization header")
        return Refusal.flat(
            401,
            "unauthenticated",
            "No API key provided. Specify your API key in an Authorization header using Bearer auth "
            f"(i.e. Authorization: Bearer <API key>). {_CONSOLE}",
        )

    def _wrong(self, secret: str) -> Refusal:
        if self._management:
            text = "Invalid bearer token: use a management key, which is not an API key"
            return Refusal.gateway(401, 16, text)
        return Refusal.flat(400, "invalid-argument", f"Incorrect API key provided: {masked(secret)}. {_CONSOLE}")


def masked(secret: str) -> str:
    """A key as error texts show it: its first and last two characters.

    >>> masked("xai-secret")
    'xa***et'
    """
    return f"{secret[:_SHOWN]}***{secret[-_SHOWN:]}" if len(secret) > 2 * _SHOWN else "***"


def secret_of(word: str, seed: int) -> str:
    """A key that is the same for the same seed: `xai-` and 80 characters."""
    digest = hashlib.sha512(f"{word}:{seed}".encode()).hexdigest()
    return f"xai-{word}-{digest[: 80 - len(word)]}"
