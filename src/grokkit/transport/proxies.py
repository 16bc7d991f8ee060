"""Which proxy a call goes through: the one given, else the environment's, else none. Loopback is never proxied."""

from __future__ import annotations

import ipaddress
import urllib.request
from urllib.parse import urlsplit


def proxy_for(url: str, *, given: str | None = None, trust_env: bool = True) -> str | None:
    """The proxy's address for this URL, or `None` for a direct connection.

    `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` count when `trust_env` is on.

    >>> proxy_for("http://127.0.0.1:8080/v1", given="http://proxy:3128") is None
    True
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_loopback(host):
        return None
    if given is not None:
        return given
    if not trust_env or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
