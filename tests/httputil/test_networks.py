"""Addresses in text, and sets of them."""

import ipaddress
from typing import Any

import pytest

from tornadolike.httputil.networks import Networks, ip_of, parse_ip


@pytest.mark.parametrize(
    ("text", "ip"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("0000:0000:0000:0000:0000:ffff:255.255.255.255", "255.255.255.255"),
        ("", None),
        ("192.0.2", None),
        ("127.1", None),
        ("0x7f.0.0.1", None),
        ("192.0.2.01", None),
        ("192.0.2.1 ", None),
        ("192.0.2.1\n", None),
        ("192.0.2.1/32", None),
        ("١٩٢.0.2.1", None),
        ("fe80::1%eth0", None),
        ("[::1]", None),
        ("3221225985", None),
        ("1" * 10_000, None),
    ],
)
def test_parse_ip(text: str, ip: str | None) -> None:
    assert parse_ip(text) == (None if ip is None else ipaddress.ip_address(ip))


PEER = ("192.0.2.1", 80)


@pytest.mark.parametrize(
    ("entries", "address", "inside"),
    [
        ("192.0.2.0/24", PEER, True),
        (["192.0.2.1"], PEER, True),
        (["192.0.2.2", "::/0"], PEER, False),
        (["192.0.2.0/24"], ("::ffff:192.0.2.9", 1, 0, 0), True),
        (["::ffff:192.0.2.0/120"], PEER, True),
        (["::ffff:192.0.2.1"], PEER, True),
        (["2001:db8::/32"], ("2001:db8::1", 1, 0, 0), True),
        (["fe80::/10"], ("fe80::1%eth0", 1, 0, 2), True),
        (["0.0.0.0/0"], ("::1", 1, 0, 0), False),
        (ipaddress.ip_network("192.0.2.0/24"), PEER, True),
        (ipaddress.ip_address("192.0.2.1"), PEER, True),
        ([], PEER, False),
        (["unix"], PEER, False),
        (["unix"], "", True),
        (["unix"], "/tmp/a.sock", True),
        ("unix", b"\0abstract", True),
        (["unix"], None, False),
        (["0.0.0.0/0", "::/0"], "", False),
        (["0.0.0.0/0"], ("", 1), False),
    ],
)
def test_peers(entries: Any, address: Any, inside: bool) -> None:
    assert Networks(entries).has_peer(address) == inside


@pytest.mark.parametrize(
    "entry", ["", "localhost", "192.0.2.1/24", "192.0.2.0/33", "*", 1, b"\x7f\0\0\1", None, "Unix"]
)
def test_what_is_no_network_is_refused_with_an_example(entry: Any) -> None:
    with pytest.raises(ValueError, match=r"is no network: give it like '10\.0\.0\.0/8'"):
        Networks([entry])


def test_it_can_be_read() -> None:
    assert repr(Networks(["10.0.0.0/8", "::1", "unix"])) == (
        "Networks(['10.0.0.0/8', '::1/128', 'unix'])"
    )


def test_the_ip_of_an_address() -> None:
    assert ip_of(PEER) == "192.0.2.1"
    assert ip_of("/tmp/a.sock") == ip_of("") == ip_of(None) == "0.0.0.0"
