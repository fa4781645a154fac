"""Host names and IP addresses as certificates have them."""

import ipaddress

import pytest
from cryptography import x509

from tornadolike.tls.names import general_name, is_permitted, subtree


@pytest.mark.parametrize(
    ("name", "known_as"),
    [
        ("localhost", x509.DNSName("localhost")),
        ("WWW.Example.test", x509.DNSName("www.example.test")),
        ("bücher.example", x509.DNSName("xn--bcher-kva.example")),
        ("*.example.test", x509.DNSName("*.example.test")),
        ("_dmarc.example", x509.DNSName("_dmarc.example")),
        ("127.0.0.1", x509.IPAddress(ipaddress.ip_address("127.0.0.1"))),
        ("::1", x509.IPAddress(ipaddress.ip_address("::1"))),
    ],
)
def test_names(name, known_as):
    assert general_name(name) == known_as


@pytest.mark.parametrize(
    "name", ["", "a b", "a..b", "*", "a.*.b", "-a", "a-", "https://a", "a:80", "[::1]", "a" * 64]
)
def test_what_is_no_name(name):
    with pytest.raises(ValueError, match="neither a host name nor an IP address"):
        general_name(name)


@pytest.mark.parametrize(
    ("name", "tree", "is_below"),
    [
        ("a.test", "test", True),
        ("test", "test", True),
        ("contest", "test", False),
        ("*.shop.test", "*.shop.test", True),
        ("a.shop.test", "shop.test", True),
        ("shop.test", "a.shop.test", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::1", "::1", True),
        ("::1", "192.0.2.1", False),
        ("a.test", "192.0.2.1", False),
    ],
)
def test_whom_an_authority_may_sign_for(name, tree, is_below):
    assert is_permitted(general_name(name), [subtree(general_name(tree))]) == is_below
