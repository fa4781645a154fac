"""What proxies say, mutated: it is read the same however it comes, and what is wrong is refused by its name.

As a rule these tests do the same in every run; with ``TORNADOLIKE_FUZZ_SECONDS`` in the environment they look for
something new.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.http1_inputs import SECONDS, examples, generators, mutated
from tests.netutil.proxy_headers import BAD, GOOD
from tornadolike.httputil import HTTPHeaders, HTTPInputError
from tornadolike.httputil.authority import is_authority
from tornadolike.httputil.forwarded import parse_forwarded
from tornadolike.httputil.networks import parse_ip
from tornadolike.httputil.trust import TrustedProxies, XHeaders
from tornadolike.netutil.proxy_protocol import (
    ProxyHeader,
    ProxyProtocolError,
    parse_proxy_header,
)

pytestmark = [pytest.mark.timeout(60 + 3 * SECONDS), pytest.mark.once]


# The PROXY protocol

HEADERS = [data for data, _ in GOOD] + [data for data in BAD if len(data) < 1000]
PIECES = [
    *(b"\r\n", b"\r", b"\n", b" ", b"PROXY ", b"UNKNOWN", b"0", b"255", b"65535", b"::"),
    *(b"\0", b"\x03\0\x04", b"\x20\0\x05"),
]


def parse(data: bytes) -> tuple[ProxyHeader, int] | str | None:
    """What becomes of it: a header, a refusal, or nothing yet."""
    try:
        return parse_proxy_header(data, 1000)
    except ProxyProtocolError:
        return "refused"


def check_header(data: bytes) -> None:
    """It is nothing until it is something, and that it is for ever."""
    whole = parse(data)
    found: tuple[ProxyHeader, int] | str | None = None
    for size in range(len(data) + 1):
        found = parse(data[:size])
        if found is not None:
            break
    assert found == whole
    if isinstance(found, tuple):
        header, size = found
        assert size <= len(data)
        for address in (header.source, header.destination):
            if isinstance(address, tuple):
                assert parse_ip(address[0])
                assert 0 <= address[1] <= 0xFFFF
        assert header.local <= (header.source is None)
        if header.tls is not None:
            assert header.tls.verified <= header.tls.certificate


def test_headers_mutated() -> None:
    for rng in generators():
        check_header(mutated(rng, rng.choice(HEADERS), PIECES))


@examples(200)
@given(st.binary(max_size=120))
def test_any_bytes(data: bytes) -> None:
    check_header(data)
    check_header(b"PROXY " + data)
    check_header(b"PROXY TCP4 " + data + b"\r\n")
    check_header(b"\r\n\r\n\0\r\nQUIT\n" + data)
    check_header(b"\r\n\r\n\0\r\nQUIT\n\x21\0\0" + bytes([len(data)]) + data)


# Forwarded


def pairs_from_left(value: str) -> list[list[tuple[str, str]]] | None:
    """The elements of ``Forwarded`` as a reader finds them that goes from the left, letter by letter."""
    token = set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    elements: list[list[tuple[str, str]]] = [[]]
    place = 0

    def word() -> str:
        nonlocal place
        start = place
        while place < len(value) and value[place] in token:
            place += 1
        return value[start:place]

    def string() -> str | None:
        nonlocal place
        found = ""
        place += 1
        while place < len(value) and value[place] != '"':
            place += value[place] == "\\"
            if place == len(value) or not (value[place] == "\t" or value[place].isprintable()):
                return None
            found += value[place]
            place += 1
        place += 1
        return found if place <= len(value) else None

    while place < len(value):
        if value[place] in " \t":
            place += 1
        elif value[place] == ",":
            elements.append([])
            place += 1
        elif value[place] == ";":
            place += 1
        else:
            name = word()
            if not name or value[place : place + 1] != "=":
                return None
            place += 1
            said = string() if value[place : place + 1] == '"' else word() or None
            if said is None or value[place:].lstrip(" \t")[:1] not in ("", ",", ";"):
                return None
            elements[-1].append((name.lower(), said))
    return [element for element in elements if element]


WORDS = [
    "for=", "for", "host=a", "proto=http", "by=", "a", "=", ";", ",", " ", "\t", '"', '"', "\\", "[::1]",
    "192.0.2.1", ":80", "_x", "unknown", 'for="[2001:db8::1]:_p"', "for=192.0.2.1", "10.0.0.1", "\x01",
]  # fmt: skip


def sentences() -> list[str]:
    """Values of the header, more or less."""
    made = []
    for rng in generators():
        made.append("".join(rng.choices(WORDS, k=rng.randrange(14))))
        if len(made) == 20_000:
            break
    return made


def test_from_the_right_it_is_the_same_as_from_the_left() -> None:
    for value in sentences():
        expected = pairs_from_left(value)
        try:
            found = parse_forwarded(value)
        except HTTPInputError:
            continue  # also for what only looks right: no address, say
        assert expected is not None, value
        assert len(found) == len(expected), value
        for element, pairs in zip(found, expected, strict=True):
            said = dict(pairs)
            assert len(said) == len(pairs)
            assert element.host == said.pop("host", None)
            assert (element.proto or "") == said.pop("proto", "").lower()
            for node, text in (
                (element.for_, said.pop("for", None)),
                (element.by, said.pop("by", None)),
            ):
                assert (node is None) == (text is None)
                assert node is None or text is None or node.name in text.lower()
            assert element.extensions == said


def test_what_the_left_finds_good_is_refused_only_for_what_it_says() -> None:
    for value in sentences():
        pairs = pairs_from_left(value)
        names = {name for element in pairs or [] for name, _ in element}
        if pairs is not None and not names & {"for", "by", "host", "proto"}:
            repeated = any(len(dict(element)) < len(element) for element in pairs)
            try:
                parse_forwarded(value)
            except HTTPInputError:
                assert repeated, value


def test_whatever_the_headers_say_somebody_has_asked() -> None:
    forwarded = TrustedProxies("10.0.0.0/8", headers="Forwarded")
    others = TrustedProxies(
        "10.0.0.0/8",
        headers=["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port"],
    )
    names = [
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-Host",
        "X-Forwarded-Port",
        "Forwarded",
    ]
    for value in sentences():
        headers = HTTPHeaders.from_fields({"Host": "a", **dict.fromkeys(names, value)})
        for trust in (forwarded, others, XHeaders(["10.0.0.1"])):
            origin = trust.resolve(("10.0.0.9", 1), "http", headers)
            assert parse_ip(origin.remote_ip or "")
            assert origin.protocol in ("http", "https")
            assert origin.host is None or is_authority(origin.host)
