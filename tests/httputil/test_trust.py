"""Who is believed about a request, and what of what he says."""

import logging
from typing import Any

import pytest

from tornadolike.httputil import HTTPHeaders
from tornadolike.httputil.trust import Origin, TrustedProxies, XHeaders

PROXY = ("10.0.0.1", 50_000)
CLIENT = "192.0.2.43"

Fields = list[tuple[str, str]]


def headers(*fields: tuple[str, str]) -> HTTPHeaders:
    made = HTTPHeaders({"Host": "inner:8080"})
    for name, value in fields:
        made._append(name, value)
    return made


def fields_of(text: str) -> Fields:
    """``A: b | C: d`` as pairs."""
    pairs = (line.partition(":") for line in text.split("|") if line)
    return [(name.strip(), value.strip()) for name, _, value in pairs]


# Trusted proxies: the address


@pytest.mark.parametrize(
    ("value", "ip"),
    [
        ("192.0.2.43", CLIENT),
        ("192.0.2.43:8080", CLIENT),
        ("::ffff:192.0.2.43", CLIENT),
        ("[2001:DB8::17]:80", "2001:db8::17"),
        ("2001:db8::17", "2001:db8::17"),
        # From the right, past our own
        ("198.51.100.1, 192.0.2.43", CLIENT),
        ("192.0.2.43, 10.0.0.2,10.0.0.3", CLIENT),
        ("198.51.100.1,192.0.2.43,10.0.0.2", CLIENT),
        ("192.0.2.43, ::ffff:10.0.0.2", CLIENT),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        # What a client invents is never reached
        ("<script>, 192.0.2.43", CLIENT),
        (",,,192.0.2.43", CLIENT),
        ('", 192.0.2.43', CLIENT),
        # A proxy that hides the client is the last that is known
        ("unknown", "10.0.0.1"),
        ("198.51.100.1, unknown, 10.0.0.2", "10.0.0.2"),
        ("_hidden", "10.0.0.1"),
        ("192.0.2.43, unix:, 10.0.0.2", "10.0.0.2"),
    ],
)
def test_x_forwarded_for(value: str, ip: str) -> None:
    trust = TrustedProxies("10.0.0.0/8", headers="X-Forwarded-For")
    assert trust.resolve(PROXY, "http", headers(("X-Forwarded-For", value))) == Origin(ip, "http")


@pytest.mark.parametrize(
    ("value", "ip"),
    [
        ("", "10.0.0.1"),
        ("192.0.2.43,", "10.0.0.1"),
        ("192.0.2.43, , 10.0.0.2", "10.0.0.2"),
        ("198.51.100.1, a.example, 10.0.0.2", "10.0.0.2"),
        ("192.0.2.256", "10.0.0.1"),
        ("192.0.2.43:99999", "10.0.0.1"),
    ],
)
def test_what_is_wrong_is_as_far_as_one_goes(value: str, ip: str, expect_log: Any) -> None:
    trust = TrustedProxies("10.0.0.0/8", headers="X-Forwarded-For")
    with expect_log(
        "tornadolike.general", r"^Ignored in X-Forwarded-For from 10\.0\.0\.1: ", logging.INFO, 1
    ) as log:
        origin = trust.resolve(PROXY, "http", headers(("X-Forwarded-For", value)))
    assert origin == Origin(ip, "http")
    assert log.matched[0].levelno == logging.INFO


def test_several_fields_are_one_list() -> None:
    trust = TrustedProxies("10.0.0.0/8", headers="x-forwarded-for")
    fields = fields_of(
        "X-Forwarded-For: 198.51.100.1 | X-Forwarded-For: 192.0.2.43, 10.0.0.3 | X-Forwarded-For: 10.0.0.2"
    )
    assert trust.resolve(PROXY, "http", headers(*fields)).remote_ip == CLIENT


def test_no_more_proxies_than_the_limit(expect_log: Any) -> None:
    def resolve(hops: int) -> str | None:
        value = ",".join(["192.0.2.43", *(f"10.1.{hop >> 8}.{hop & 255}" for hop in range(hops))])
        return trust.resolve(PROXY, "http", headers(("X-Forwarded-For", value))).remote_ip

    trust = TrustedProxies("10.0.0.0/8", headers="X-Forwarded-For")
    assert resolve(31) == CLIENT
    with expect_log("tornadolike.general", "More than 32 proxies"):
        assert resolve(32) == "10.1.0.0"
    trust = TrustedProxies("10.0.0.0/8", headers="X-Forwarded-For", max_hops=2)
    assert resolve(1) == CLIENT
    with expect_log("tornadolike.general", "More than 2 proxies"):
        assert resolve(9999) == "10.1.39.13"


# Trusted proxies: who counts

ALL = "X-Forwarded-For: 192.0.2.43 | X-Forwarded-Proto: https | X-Forwarded-Host: a | X-Real-Ip: 192.0.2.44"


@pytest.mark.parametrize(
    ("networks", "address", "believed"),
    [
        ("10.0.0.0/8", PROXY, True),
        ("10.0.0.0/8", ("::ffff:10.0.0.1", 1, 0, 0), True),
        ("10.0.0.0/8", ("192.0.2.1", 1), False),
        ("10.0.0.0/8", "", False),
        ("unix", "", True),
        ("unix", PROXY, False),
        (["::1", "unix"], ("::1", 1, 0, 0), True),
        ([], PROXY, False),
    ],
)
def test_only_peers_in_the_networks_are_believed(
    networks: Any, address: Any, believed: bool
) -> None:
    names = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"]
    origin = TrustedProxies(networks, headers=names).resolve(
        address, "http", headers(*fields_of(ALL))
    )
    assert (origin == Origin(CLIENT, "https", "a")) == believed
    assert (origin.host is None) != believed


@pytest.mark.parametrize(
    ("names", "origin"),
    [
        ("X-Forwarded-Proto", Origin("10.0.0.1", "https")),
        ("X-Forwarded-Host", Origin("10.0.0.1", "http", "a")),
        ("X-Real-Ip", Origin("192.0.2.44", "http")),
        ("Forwarded", Origin("10.0.0.1", "http")),
        (["X-REAL-IP", "x-forwarded-proto"], Origin("192.0.2.44", "https")),
    ],
)
def test_only_the_named_headers_count(names: Any, origin: Origin) -> None:
    trust = TrustedProxies("10.0.0.0/8", headers=names)
    assert trust.resolve(PROXY, "http", headers(*fields_of(ALL))) == origin


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], r"should name what your proxies set.*got none"),
        (["X-Forwarded"], r"should name .*X-Forwarded-For, .*got X-Forwarded$"),
        (["Forwarded", "X-Forwarded-For"], "Forwarded and X-Forwarded-For both tell the address"),
        (["Forwarded", "X-Forwarded-Port"], "both tell the port"),
        (["X-Real-Ip", "X-Forwarded-For"], "both tell the address"),
        (["X-Scheme", "X-Forwarded-Proto"], "both tell the protocol"),
    ],
)
def test_headers_that_contradict_each_other_are_refused(names: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrustedProxies("10.0.0.0/8", headers=names)


# Trusted proxies: protocol, host and port

NAMES = ["X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port"]


@pytest.mark.parametrize(
    ("fields", "protocol", "host"),
    [
        ("X-Forwarded-Proto: https", "https", None),
        ("X-Forwarded-Proto: HTTPS", "https", None),
        ("X-Forwarded-Proto: http, https", "https", None),
        ("X-Forwarded-Proto: https | X-Forwarded-Proto: http", "http", None),
        ("X-Forwarded-Host: a.example", "http", "a.example"),
        ("X-Forwarded-Host: evil, a.example:81", "http", "a.example:81"),
        ("X-Forwarded-Host: evil | X-Forwarded-Host: a.example", "http", "a.example"),
        ("X-Forwarded-Host: [::1]:81", "http", "[::1]:81"),
        ("X-Forwarded-Port: 80", "http", "inner"),
        ("X-Forwarded-Port: 81", "http", "inner:81"),
        ("X-Forwarded-Port: 443", "http", "inner:443"),
        ("X-Forwarded-Port: 443 | X-Forwarded-Proto: https", "https", "inner"),
        ("X-Forwarded-Port: 1,8443 | X-Forwarded-Proto: https", "https", "inner:8443"),
        ("X-Forwarded-Host: a | X-Forwarded-Port: 81", "http", "a:81"),
        ("X-Forwarded-Host: a | X-Forwarded-Port: 80", "http", "a"),
        ("X-Forwarded-Host: a: | X-Forwarded-Port: 81", "http", "a:81"),
        ("X-Forwarded-Host: a:82 | X-Forwarded-Port: 81", "http", "a:82"),
        ("X-Forwarded-Host: [::1] | X-Forwarded-Port: 81", "http", "[::1]:81"),
    ],
)
def test_protocol_host_and_port(fields: str, protocol: str, host: str | None) -> None:
    trust = TrustedProxies("10.0.0.0/8", headers=NAMES)
    origin = trust.resolve(PROXY, "http", headers(*fields_of(fields)))
    assert origin == Origin("10.0.0.1", protocol, host)


@pytest.mark.parametrize(
    "field",
    [
        "X-Forwarded-Proto: ",
        "X-Forwarded-Proto: wss",
        "X-Forwarded-Proto: https, ",
        "X-Forwarded-Proto: https;a",
        "X-Forwarded-Host: ",
        "X-Forwarded-Host: a b",
        "X-Forwarded-Host: a/b",
        "X-Forwarded-Host: user@a",
        "X-Forwarded-Host: a.example, ",
        "X-Forwarded-Port: 0",
        "X-Forwarded-Port: 65536",
        "X-Forwarded-Port: +80",
        "X-Forwarded-Port: \xb2",
        "X-Forwarded-Port: 000080",
        "X-Real-Ip: 192.0.2.43, 192.0.2.44",
        "X-Real-Ip: a.example",
        "X-Real-Ip: ",
        "Forwarded: for=192.0.2.256",
        "Forwarded: for=192.0.2.43;proto=https;proto=http",
    ],
)
def test_malformed_ones_are_ignored_and_the_log_says_so(field: str, expect_log: Any) -> None:
    name = field.partition(":")[0]
    trust = TrustedProxies("10.0.0.0/8", headers=name)
    with expect_log("tornadolike.general", f"^Ignored in {name} from 10", logging.INFO, 1):
        origin = trust.resolve(PROXY, "http", headers(*fields_of(field)))
    assert origin == Origin("10.0.0.1", "http")


def test_a_wrong_header_does_not_cost_the_others(expect_log: Any) -> None:
    trust = TrustedProxies("10.0.0.0/8", headers=["X-Real-Ip", "X-Forwarded-Proto"])
    fields = fields_of("X-Real-Ip: a | X-Forwarded-Proto: https")
    with expect_log("tornadolike.general", "X-Real-Ip"):
        assert trust.resolve(PROXY, "http", headers(*fields)) == Origin("10.0.0.1", "https")


# Forwarded


@pytest.mark.parametrize(
    ("fields", "origin"),
    [
        ("Forwarded: for=192.0.2.43", Origin(CLIENT, "http")),
        (
            'Forwarded: for=192.0.2.43;proto=https;host="a:81";by=10.0.0.1',
            Origin(CLIENT, "https", "a:81"),
        ),
        # What the outer proxy says is nearer to the client
        (
            "Forwarded: for=192.0.2.43;proto=https;host=a, for=10.0.0.2;proto=http;host=inner",
            Origin(CLIENT, "https", "a"),
        ),
        ("Forwarded: for=192.0.2.43, for=10.0.0.2;proto=https", Origin(CLIENT, "https")),
        (
            "Forwarded: for=198.51.100.1;proto=http;host=evil, for=192.0.2.43;proto=https",
            Origin(CLIENT, "https"),
        ),
        ('Forwarded: for="x | Forwarded: for=192.0.2.43', Origin(CLIENT, "http")),
        ("Forwarded: for=192.0.2.43 | Forwarded: for=10.0.0.2", Origin(CLIENT, "http")),
        ("Forwarded: for=192.0.2.43, for=unknown;proto=https", Origin("10.0.0.1", "https")),
        ("Forwarded: for=192.0.2.43, proto=https", Origin("10.0.0.1", "https")),
        ("Forwarded: for=192.0.2.43, ,", Origin("10.0.0.1", "http")),
        ("Forwarded: for=192.0.2.43;proto=ws", Origin(CLIENT, "http")),
        ('Forwarded: for="[::ffff:10.0.0.2]:1"', Origin("10.0.0.2", "http")),
    ],
)
def test_forwarded(fields: str, origin: Origin) -> None:
    trust = TrustedProxies("10.0.0.0/8", headers="Forwarded")
    assert trust.resolve(PROXY, "http", headers(*fields_of(fields))) == origin


def test_nothing_said_is_nothing_changed() -> None:
    trust = TrustedProxies("10.0.0.0/8", headers="Forwarded")
    assert trust.resolve(PROXY, "https", headers()) == Origin("10.0.0.1", "https")
    assert trust.resolve("/tmp/a.sock", "http", headers()) == Origin("0.0.0.0", "http")


# Tornado's


@pytest.mark.parametrize(
    ("fields", "ip", "protocol"),
    [
        ("", "127.0.0.1", "http"),
        ("X-Real-Ip: 4.4.4.4", "4.4.4.4", "http"),
        ("X-Forwarded-For: 127.0.0.1, 4.4.4.4", "4.4.4.4", "http"),
        ("X-Forwarded-For: 4.4.4.4, 5.5.5.5, 6.6.6.6", "4.4.4.4", "http"),
        ("X-Forwarded-For: 5.5.5.5, 5.5.5.5", "5.5.5.5", "http"),
        ("X-Forwarded-For: 4.4.4.4 | X-Forwarded-For: 5.5.5.5", "4.4.4.4", "http"),
        ("X-Forwarded-For: ::1, 2620:0:1cfe:face:b00c::3", "2620:0:1cfe:face:b00c::3", "http"),
        ("X-Forwarded-For: 4.4.4.4, 5.5.5.5<script>", "127.0.0.1", "http"),
        ("X-Forwarded-For: 4.4.4.4,", "127.0.0.1", "http"),
        ("X-Forwarded-For: 3.3.3.3 | X-Real-Ip: 4.4.4.4", "4.4.4.4", "http"),
        ("X-Forwarded-For: 3.3.3.3 | X-Real-Ip:", "127.0.0.1", "http"),
        ("X-Real-Ip: a.example", "127.0.0.1", "http"),
        ("X-Scheme: https", "127.0.0.1", "https"),
        ("X-Forwarded-Proto: https", "127.0.0.1", "https"),
        ("X-Forwarded-Proto: https , http", "127.0.0.1", "http"),
        ("X-Scheme: http | X-Forwarded-Proto: https", "127.0.0.1", "http"),
        ("X-Forwarded-Proto: unknown", "127.0.0.1", "http"),
        ("X-Forwarded-Proto:", "127.0.0.1", "http"),
        ("X-Forwarded-Host: a", "127.0.0.1", "http"),
    ],
)
def test_xheaders(fields: str, ip: str, protocol: str) -> None:
    trust = XHeaders(["5.5.5.5", "6.6.6.0/24"])
    origin = trust.resolve(("127.0.0.1", 1), "http", headers(*fields_of(fields)))
    assert origin == Origin(ip, protocol)
