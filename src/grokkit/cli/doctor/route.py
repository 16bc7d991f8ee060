"""Where a call goes first, and where in the end."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, kw_only=True)
class Route:
    """The server of a base URL, and the proxy before it, if any.

    >>> Route.of("https://api.x.ai/v1", "http://me:secret@proxy:3128").first_hop
    ('proxy', 3128)
    """

    secure: bool
    host: str
    port: int
    path: str
    proxy: tuple[str, int] | None = None
    proxy_is_secure: bool = False
    proxy_credentials: str | None = None

    @classmethod
    def of(cls, base_url: str, proxy: str | None) -> Self:
        """The route to a base URL."""
        parts = urlsplit(base_url)
        via = urlsplit(proxy) if proxy else None
        return cls(
            secure=parts.scheme == "https",
            host=parts.hostname or "",
            port=parts.port or PORTS.get(parts.scheme, 80),
            path=parts.path,
            proxy=(via.hostname, via.port or PORTS.get(via.scheme, 80)) if via and via.hostname else None,
            proxy_is_secure=via is not None and via.scheme == "https",
            proxy_credentials=_basic(via.username, via.password) if via and via.username else None,
        )

    @property
    def first_hop(self) -> tuple[str, int]:
        """Where the connection is made to."""
        return self.proxy or (self.host, self.port)

    @property
    def shown_proxy(self) -> str:
        """The proxy, its credentials left out."""
        return (
            ""
            if self.proxy is None
            else f"{'https' if self.proxy_is_secure else 'http'}://{self.proxy[0]}:{self.proxy[1]}"
        )


def _basic(user: str, password: str | None) -> str:
    pair = f"{unquote(user)}:{unquote(password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
