"""Public addresses are told from others, however they are spelled."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.transport.addresses import is_local_name, is_public, spelled_address

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]
NOT_PUBLIC = {
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fdff::1", "fec0::1"],
    "carrier-grade NAT": ["100.64.0.1", "100.127.255.255"],
    "link-local": ["169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1"],
    "metadata": ["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192"],
    "metadata of IPv6": ["fd00:ec2::254", "fd20:ce::254", "fd00:42::42"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "192.0.0.1", "192.88.99.1", "100::1", "4000::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmarks": ["198.18.0.1", "198.19.255.255", "2001:2::1"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"],
    "compatible": ["::127.0.0.1", "::8.8.8.8"],
    "6to4": ["2002:7f00:1::1", "2002:a00:1::1", "2002:808:808::1"],
    "NAT64": ["64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::8.8.8.8"],
    "Teredo": ["2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
}
STRICTER = [IPv4Network(network) for network in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24")]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("kind", "address"), [(kind, address) for kind, addresses in NOT_PUBLIC.items() for address in addresses]
)
def test_any_other_address_is_not(kind: str, address: str) -> None:
    assert not is_public(address), kind


@given(st.ip_addresses(v=4))
def test_addresses_of_ipv4_are_judged_as_python_judges_them(address: IPv4Address) -> None:
    stricter = any(address in network for network in STRICTER)

    assert is_public(address) == (address.is_global and not address.is_multicast and not stricter)


@given(st.ip_addresses(v=6))
def test_no_address_of_ipv6_is_public_that_python_holds_for_another(address: IPv6Address) -> None:
    python = address.ipv4_mapped or address

    assert not is_public(address) or (python.is_global and not python.is_multicast)


@given(st.integers(0x20 << 120, (0x40 << 120) - 1).map(IPv6Address))
def test_what_is_given_out_of_ipv6_is_public_unless_kept_for_something(address: IPv6Address) -> None:
    kept = any(address in IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))

    assert is_public(address) is not kept


@st.composite
def _spelled(draw: st.DrawFn) -> tuple[IPv4Address, str]:
    """An address, and one of the ways that the system reads it."""
    telling = st.sampled_from(["127.0.0.1", "10.1.2.3", "169.254.169.254"])
    address = draw((st.integers(0, 2**32 - 1) | telling).map(IPv4Address))
    count = draw(st.integers(1, 4))
    numbers = [*address.packed[: count - 1], int.from_bytes(address.packed[count - 1 :])]
    forms = st.sampled_from(["{:d}", "0{:o}", "000{:o}", "0x{:x}", "0X{:X}", "0x00{:x}"])
    return address, ".".join(draw(forms).format(number) for number in numbers)


@given(_spelled())
def test_an_address_is_found_however_it_is_spelled(spelled: tuple[IPv4Address, str]) -> None:
    address, spelling = spelled

    found = spelled_address(spelling)

    assert found == address
    assert found is not None
    assert is_public(found) == is_public(ip_address(str(address)))
    assert socket.inet_aton(spelling) == address.packed


@given(st.ip_addresses(v=6))
def test_an_address_of_ipv6_is_found_in_full_and_in_short(address: IPv6Address) -> None:
    assert spelled_address(address.compressed) == address
    assert spelled_address(address.exploded.upper()) == address


@given(st.text("0123456789abxX.", min_size=1, max_size=20))
def test_whatever_the_system_reads_as_an_address_is_none_to_us_only_when_it_is_refused(host: str) -> None:
    try:
        ours = spelled_address(host)
    except ValueError:
        return
    try:
        theirs = socket.inet_aton(host)
    except OSError:
        theirs = None

    assert (None if ours is None else ours.packed) == theirs


@pytest.mark.parametrize(
    "host",
    ["256.1.1.1", "1.2.3.4.5", "08.8.8.8", "0x", "1.2.3.0x", "1..2", "1.2.3.256", "fe80::1%eth0", "::g", "99999999999"],
)
def test_what_can_only_be_meant_as_an_address_and_is_none_is_an_error(host: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        spelled_address(host)


@pytest.mark.parametrize("host", ["example.com", "1.example.com", "1e100.net", "a", "0xg.example", ""])
def test_a_name_is_no_address(host: str) -> None:
    assert spelled_address(host) is None


@pytest.mark.parametrize(
    ("name", "is_local"),
    [
        ("localhost", True),
        ("printer", True),
        ("a.localhost", True),
        ("nas.local", True),
        ("metadata.google.internal", True),
        ("router.home.arpa", True),
        ("imgen.x.ai", False),
        ("localhost.example.com", False),
    ],
)
def test_local_names_are_told_from_those_of_the_web(name: str, is_local: bool) -> None:
    assert is_local_name(name) is is_local
