"""Which addresses are public: those that anybody may run a server on, and nobody's own network is behind.

What is not certain to be public is not. IPv6 addresses that stand for IPv4 ones are judged by these, or, where the
mechanism is dead (6to4, Teredo), refused.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host, this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; the metadata service of one cloud
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # the host's own service in one cloud, though the address is a public one
        "169.254.0.0/16",  # link-local; the metadata services of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; the metadata service of one cloud
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")
"""All of IPv6 that is given out for unicast: loopback, link-local, private and multicast lie outside."""
_NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")

_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]+")
_LOOKS_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_MOST_PARTS = 4
_LOCAL_DOMAINS = (".localhost", ".local", ".internal", ".home.arpa")


def is_public(address: Address | str) -> bool:
    """Whether an address is a public unicast one. A string is an address in its usual form.

    >>> [is_public(address) for address in ("8.8.8.8", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1")]
    [True, False, False, False]
    """
    if isinstance(address, str):
        address = ip_address(address)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    inner = _embedded(address)
    if inner is not None:
        return is_public(inner)
    return address in _GLOBAL_6 and not any(address in network for network in _NOT_PUBLIC_6)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a mapped or translated one (DNS64) leads to."""
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped


def spelled_address(host: str) -> Address | None:
    """The address that the host of a URL spells, without brackets; `None` when it is a name.

    Knows what the system knows: octal, hexadecimal and decimal numbers, and fewer than four of them. Raises
    `ValueError` for what can only be meant as an address and is none, and for IPv6 zones.

    >>> [str(spelled_address(host)) for host in ("0x7f.1", "2130706433", "0177.0.0.1", "::1", "example.com")]
    ['127.0.0.1', '127.0.0.1', '127.0.0.1', '::1', 'None']
    """
    if ":" in host:
        address = IPv6Address(host)
        if address.scope_id is not None:
            raise ValueError("an IPv6 zone means something on one machine only")
        return address
    parts = host.split(".")
    if not _LOOKS_NUMERIC.fullmatch(parts[-1]):
        return None
    return IPv4Address(_value(parts))


def _value(parts: list[str]) -> int:
    """One number a byte, the last for all bytes that are left."""
    if len(parts) > _MOST_PARTS:
        raise ValueError("more than four numbers")
    *bytes_, rest = map(_number, parts)
    room = 8 * (_MOST_PARTS - len(bytes_))
    if rest >> room or any(byte >> 8 for byte in bytes_):
        raise ValueError("a number is too large")
    return sum(byte << 8 * (3 - place) for place, byte in enumerate(bytes_)) + rest


def _number(part: str) -> int:
    if not _NUMBER.fullmatch(part):
        raise ValueError(f"{part!r} is no number")
    if part[:2] in {"0x", "0X"}:
        return int(part, 16)
    return int(part, 8 if part.startswith("0") else 10)


def is_local_name(name: str) -> bool:
    """Whether a name can only be one of this machine or of its own network: it has no dot, or a domain kept for that.

    >>> [is_local_name(name) for name in ("localhost", "metadata.google.internal", "imgen.x.ai")]
    [True, True, False]
    """
    return "." not in name or name.endswith(_LOCAL_DOMAINS)
