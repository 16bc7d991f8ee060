"""Addresses of the web are judged by their spelling: what may be asked, and what is told of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.errors import DownloadRefused, Misused
from grokkit.transport.addresses import is_public
from grokkit.transport.destinations import Destinations

if TYPE_CHECKING:
    from ipaddress import IPv4Address

ANY = Destinations()
REFUSED = {
    "http": "http://imgen.x.ai/a",
    "another scheme": "ftp://imgen.x.ai/a",
    "a file": "file:///etc/passwd",
    "no scheme": "imgen.x.ai/a",
    "no host": "https:///a",
    "nothing": "",
    "another port": "https://imgen.x.ai:8443/a",
    "port 0": "https://imgen.x.ai:0/a",
    "an impossible port": "https://imgen.x.ai:99999/a",
    "a user": "https://somebody@imgen.x.ai/a",
    "a password": "https://:secret@imgen.x.ai/a",
    "a host that looks like a user": "https://imgen.x.ai:443@127.0.0.1/a",
    "a backslash": "https://imgen.x.ai\\@127.0.0.1/a",
    "a line break": "https://imgen.x.ai/a\r\nhost: b",
    "a tab": "https://imgen\t.x.ai/a",
    "loopback": "https://127.0.0.1/a",
    "loopback, short": "https://127.1/a",
    "loopback in decimals": "https://2130706433/a",
    "loopback in hexadecimals": "https://0x7f000001/a",
    "loopback in octals": "https://0177.0.0.1/a",
    "loopback with a dot behind": "https://127.0.0.1./a",
    "loopback in wide digits": "https://\uff11\uff12\uff17.\uff10.\uff10.\uff11/a",
    "loopback with other dots": "https://127\u30020\u30020\u30021/a",
    "loopback percent-encoded": "https://127%2e0.0.1/a",
    "loopback of IPv6": "https://[::1]/a",
    "loopback, mapped": "https://[::ffff:7f00:1]/a",
    "a zone": "https://[fe80::1%25eth0]/a",
    "another version of IP": "https://[v1.a]/a",
    "metadata": "https://169.254.169.254/latest/meta-data",
    "metadata by name": "https://metadata.google.internal/computeMetadata",
    "this machine by name": "https://LOCALHOST/a",
    "this machine in other letters": "https://ⓛocalhost/a",
    "a name without a dot": "https://intranet/a",
    "a number that is no address": "https://256.256.256.256/a",
    "an empty label": "https://imgen..x.ai/a",
    "two dots behind": "https://imgen.x.ai../a",
}


@pytest.mark.parametrize("what", REFUSED)
def test_an_address_is_refused_for(what: str) -> None:
    with pytest.raises(DownloadRefused) as caught:
        ANY.admit(REFUSED[what])

    assert caught.value.hint
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://imgen.x.ai/a.jpeg", "https://imgen.x.ai/a.jpeg"),
        ("HTTPS://Imgen.X.AI./a.jpeg#top", "https://imgen.x.ai/a.jpeg"),
        ("https://imgen.x.ai:443", "https://imgen.x.ai/"),
        ("https://files-cdn.x.ai/a%2Fb?sig=a%2Bb%2F%3D&x=1", "https://files-cdn.x.ai/a%2Fb?sig=a%2Bb%2F%3D&x=1"),
        ("https://bücher.example.com/ä b", "https://xn--bcher-kva.example.com/%C3%A4%20b"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://0x8.8.2056/", "https://8.8.8.8/"),
        ("https://[2606:4700::1111]/a", "https://[2606:4700::1111]/a"),
        ("https://imgen.x.ai:80/a", "https://imgen.x.ai:80/a"),
    ],
)
def test_an_address_is_asked_with_its_host_in_one_spelling_and_the_rest_as_it_stands(url: str, asked: str) -> None:
    assert ANY.admit(url).url == asked


@given(st.ip_addresses(v=4), st.sampled_from(["{}", "{}.", "{:#x}", "{:d}", "[::ffff:{}]"]))
def test_an_address_by_number_is_asked_only_if_it_is_public(address: IPv4Address, form: str) -> None:
    host = form.format(int(address) if ":#x" in form or ":d" in form else address)

    try:
        ANY.admit(f"https://{host}/")
        admitted = True
    except DownloadRefused:
        admitted = False

    assert admitted == is_public(address)


@given(st.text(max_size=60) | st.text("htps:/@[]%.\\#?0x1a \u3002\uff11", max_size=40).map("https://{}".format))
def test_whatever_is_given_is_asked_or_refused(url: str) -> None:
    try:
        place = ANY.admit(url)
    except DownloadRefused:
        return

    assert (place.scheme, place.port in {80, 443}) == ("https", True)
    assert ANY.admit(place.url) == place


def test_only_the_hosts_that_are_named_are_asked_and_they_too_must_be_public() -> None:
    some = Destinations(["imgen.x.ai", "VIDGEN.x.ai.", "127.0.0.1"])

    assert some.admit("https://imgen.x.ai/a").host == "imgen.x.ai"
    assert some.admit("https://vidgen.x.ai/a").host == "vidgen.x.ai"
    for url in ["https://x.ai/a", "https://a.imgen.x.ai/", "http://imgen.x.ai/", "https://imgen.x.ai:8443/"]:
        with pytest.raises(DownloadRefused):
            some.admit(url)
    with pytest.raises(DownloadRefused, match="not a public host"):
        some.admit("https://127.0.0.1/")


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080/a"),
        ("127.0.0.1:8080", "http://2130706433:8080/a"),
        ("[::1]:8080", "http://[0:0::1]:8080/a"),
        ("localhost:443", "https://localhost/a"),
        ("bücher.internal:9", "https://xn--bcher-kva.internal:9/a"),
    ],
)
def test_a_host_named_with_its_port_is_asked_wherever_it_is(entry: str, url: str) -> None:
    assert Destinations([entry]).admit(url).is_named


def test_another_port_of_a_named_host_is_not_asked() -> None:
    with pytest.raises(DownloadRefused, match="none of the hosts"):
        Destinations(["127.0.0.1:8080"]).admit("http://127.0.0.1:8081/")


@pytest.mark.parametrize(
    "entry",
    ["", "https://imgen.x.ai", "imgen.x.ai/path", "a@imgen.x.ai", "*.x.ai", "::1", "imgen.x.ai:x", "a b", "256.1.1.1"],
)
def test_an_entry_that_is_no_host_is_a_mistake(entry: str) -> None:
    with pytest.raises(Misused, match="no host"):
        Destinations([entry])


def test_one_host_in_place_of_several_is_a_mistake() -> None:
    with pytest.raises(Misused) as caught:
        Destinations("imgen.x.ai")

    assert "hosts={'imgen.x.ai'}" in str(caught.value)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("b.png", "https://imgen.x.ai/dir/b.png"),
        ("/b.png?x=%2F", "https://imgen.x.ai/b.png?x=%2F"),
        ("//vidgen.x.ai/b", "https://vidgen.x.ai/b"),
        ("https://files-cdn.x.ai/b", "https://files-cdn.x.ai/b"),
    ],
)
def test_a_redirect_is_followed_from_where_it_was_met(location: str, url: str) -> None:
    assert ANY.follow(ANY.admit("https://imgen.x.ai/dir/a.png"), location).url == url


@pytest.mark.parametrize(
    "location",
    ["//127.0.0.1/", "http://imgen.x.ai/", "https://[::1]/", "https://[", "\udcff://a", "file:///etc/passwd"],
)
def test_a_redirect_is_judged_like_the_first_address(location: str) -> None:
    with pytest.raises(DownloadRefused):
        ANY.follow(ANY.admit("https://imgen.x.ai/a"), location)


def test_no_redirect_leads_from_https_to_http() -> None:
    both = Destinations(["a.internal:443", "a.internal:80"])

    assert both.follow(both.admit("http://a.internal/"), "https://a.internal/").scheme == "https"
    with pytest.raises(DownloadRefused, match="from https to http"):
        both.follow(both.admit("https://a.internal/"), "http://a.internal/")


def test_a_long_address_is_told_in_short_and_its_query_never() -> None:
    with pytest.raises(DownloadRefused) as caught:
        ANY.admit(f"https://127.0.0.1/{'a' * 5000}?signature=secret")

    assert len(str(caught.value)) < 500
    assert "secret" not in str(caught.value)
