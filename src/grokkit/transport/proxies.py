"""Which proxy a call goes through: the one given, else the environment's, else none. Loopback is never proxied."""

from __future__ import annotations

import ipaddress
import urllib.request
from urllib.parse import urlsplit


def proxy_for(url: str, *, given: str | None = None, trust_env: bool = True) -> str | None:
    """The proxy's address for this URL, or `None` for a direct connection.

    `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` count when `trust_env` is on, in capitals or not.
    `NO_PROXY` lists hosts, whole domains (`.example.com`), addresses and networks (`10.0.0.0/8`), or `*`.

    >>> proxy_for("https://api.x.ai/v1", given="http://proxy:3128")
    'http://proxy:3128'
    >>> proxy_for("http://127.0.0.1:8080/v1", given="http://proxy:3128") is None
    True
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_loopback(host):
        return None
    if given is not None:
        return given
    if not trust_env:
        return None
    proxies = urllib.request.getproxies()
    if urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]) or _in_networks(host, proxies.get("no", "")):
        return None
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _in_networks(host: str, exempt: str) -> bool:
    address = _address(host)
    return address is not None and any(address in network for network in _networks(exempt))


def _networks(exempt: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    found = []
    for entry in exempt.split(","):
        try:
            found.append(ipaddress.ip_network(entry.strip(), strict=False))
        except ValueError:
            continue
    return found


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
