"""Forwarded (RFC 7239) from text to parts."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tornadolike.httputil import HTTPInputError
from tornadolike.httputil.forwarded import (
    ForwardedElement,
    ForwardedNode,
    elements_from_right,
    parse_forwarded,
    parse_loose_node,
    parse_node,
)

Element = ForwardedElement
Node = ForwardedNode

A = Node("192.0.2.43")


@pytest.mark.parametrize(
    ("value", "elements"),
    [
        # Section 4
        ('for="_gazonk"', [Element(Node("_gazonk"))]),
        ('For="[2001:db8:cafe::17]:4711"', [Element(Node("2001:db8:cafe::17", 4711))]),
        (
            "for=192.0.2.43;proto=http;by=203.0.113.43",
            [Element(A, by=Node("203.0.113.43"), proto="http")],
        ),
        ("for=192.0.2.43, for=198.51.100.17", [Element(A), Element(Node("198.51.100.17"))]),
        # Section 6
        ("for=unknown", [Element(Node("unknown"))]),
        ("for=UnKnown", [Element(Node("unknown"))]),
        ('for="192.0.2.43:47011"', [Element(Node("192.0.2.43", 47011))]),
        ('for="192.0.2.43:_p"', [Element(Node("192.0.2.43", "_p"))]),
        ('for="unknown:1",for="_a.b-c_:0"', [Element(Node("unknown", 1)), Element(Node("_a.b-c_", 0))]),
        # Hosts, schemes, other parameters
        ('host="a.example:8080";PROTO=HTTPS', [Element(host="a.example:8080", proto="https")]),
        ("host=a.example", [Element(host="a.example")]),
        ("Secret=a;for=192.0.2.43", [Element(A, extensions={"secret": "a"})]),
        # Quoting
        (r'for="192\.0.2.43"', [Element(A)]),
        (r'a="b\"c\\d, e;f=\g"', [Element(extensions={"a": r'b"c\d, e;f=g'})]),
        ('a=""', [Element(extensions={"a": ""})]),
        ('a="\t\x80\xff"', [Element(extensions={"a": "\t\x80\xff"})]),
        ('a="for=1,",for=192.0.2.43', [Element(extensions={"a": "for=1,"}), Element(A)]),
        # White space and emptiness, as lists have them
        ("for=192.0.2.43\t ,\t for=192.0.2.43", [Element(A), Element(A)]),
        ("for=192.0.2.43 ; proto=http", [Element(A, proto="http")]),
        (",, for=192.0.2.43, ,", [Element(A)]),
        (";for=192.0.2.43;;", [Element(A)]),
        ("", []),
        (" ", []),
        (";", []),
    ],
)  # fmt: skip
def test_what_is_good(value: str, elements: list[ForwardedElement]) -> None:
    assert parse_forwarded(value) == elements


BAD = [
    "for",
    "for=",
    "=a",
    "for =192.0.2.43",
    "for= 192.0.2.43",
    "for=192.0.2.43 proto=http",
    "for=192.0.2.43;for=192.0.2.43",
    "for=192.0.2.43;FOR=192.0.2.44",
    "for=[2001:db8::17]",
    'for="2001:db8::17"',
    'for="[2001:db8::17"',
    'for="[192.0.2.43]"',
    'for="[2001:db8::17%eth0]"',
    'for="[::1]:"',
    'for="192.0.2.43:"',
    'for="192.0.2.43:65536"',
    'for="192.0.2.43:123456"',
    'for="192.0.2.43:-1"',
    'for="192.0.2.43 "',
    'for="192.0.2.43\t"',
    "for=192.0.2.256",
    "for=192.0.02.43",
    "for=192.0.2",
    "for=a.example",
    "for=_",
    "for=_a:b",
    'for="_a b"',
    'for=""',
    "by=a.example",
    'host="a b"',
    'host=""',
    'host="a/b"',
    'host="[::1"',
    "proto=1http",
    'proto="http "',
    'proto=""',
    'for="192.0.2.43',
    'for="192.0.2.43\\"',
    'for=192.0.2.43"',
    'a="b"c',
    'a="b\x00"',
    'a="b\r\n"',
    'a="\u0100"',
    "a=b\xff",
    "for=192.0.2.43, for",
    "for, for=192.0.2.43",
    "for=192.0.2.43\n",
]


@pytest.mark.parametrize("value", BAD)
def test_what_is_bad(value: str) -> None:
    with pytest.raises(HTTPInputError) as caught:
        parse_forwarded(value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("before", [*BAD, '"', 'for="', "\\", 'a="\\', '",', "for=a b"])
def test_what_the_last_proxy_says_is_read_whatever_stands_before(before: str) -> None:
    said = iter(elements_from_right(f"{before}, for=192.0.2.43;proto=https"))
    assert next(said) == Element(A, proto="https")
    said = iter(elements_from_right(f'{before}, for=192.0.2.43;a="b,for=192.0.2.44"'))
    assert next(said) == Element(A, extensions={"a": "b,for=192.0.2.44"})


@pytest.mark.parametrize(
    "value",
    [
        'a="' + "," * 60_000,
        ',a="' * 15_001,
        ',a="\\"' * 10_000,
        ',a=";a="' * 8_000 + "!",
        " " * 60_000 + "!",
        ", ;" * 20_000 + "!",
        ";" * 60_000 + "!",
        'a="' + "\\" * 60_001,
        "for=192.0.2.43," * 4_000 + "!",
        '"' * 60_000,
    ],
    ids=lambda value: value[:20],
)
def test_long_nonsense_takes_no_time(value: str) -> None:
    start = time.process_time()
    with pytest.raises(HTTPInputError):
        parse_forwarded(value)
    assert time.process_time() - start < 0.5


def test_an_element_with_many_commas_is_refused() -> None:
    assert parse_forwarded(f'a="{"," * 100}"') == [Element(extensions={"a": "," * 100})]
    with pytest.raises(HTTPInputError):
        parse_forwarded(f'a="{"," * 101}"')


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("192.0.2.43", A),
        (" 192.0.2.43\t", A),
        ("192.0.2.43:80", Node("192.0.2.43", 80)),
        ("2001:db8::17", Node("2001:db8::17")),
        ("[2001:db8::17]", Node("2001:db8::17")),
        ("[2001:db8::17]:80", Node("2001:db8::17", 80)),
        ("unknown", Node("unknown")),
        ("unix:", Node("unknown")),
    ],
)
def test_loose_nodes(text: str, node: ForwardedNode) -> None:
    assert parse_loose_node(text) == node


@pytest.mark.parametrize(
    "text", ["", "a.example", "unix", '"192.0.2.43"', "2001:db8::17:x", "1,1", "<script>"]
)
def test_loose_nodes_are_not_that_loose(text: str) -> None:
    with pytest.raises(HTTPInputError):
        parse_loose_node(text)


def test_what_a_node_knows_of_its_address() -> None:
    assert str(parse_node("192.0.2.43:1").ip) == "192.0.2.43"
    assert str(parse_node("[::ffff:192.0.2.43]").ip) == "192.0.2.43"
    assert parse_node("unknown").ip is None
    assert parse_node("_a").ip is None


# What a proxy may write is read as it was meant

TOKEN = st.text("!#$%&'*+-.^_`|~09azAZ", min_size=1, max_size=8)
TEXT = st.text(['"', "\\", ",", ";", "=", " ", "\t", "a", "\xe9"], max_size=12)
HIDDEN = st.from_regex(r"_[A-Za-z0-9._-]{1,8}", fullmatch=True)
PORTS = st.none() | st.integers(0, 65535) | HIDDEN
NODES = st.builds(
    Node,
    st.ip_addresses().map(str) | HIDDEN | st.just("unknown"),
    PORTS,
)
ELEMENTS = st.builds(
    Element,
    st.none() | NODES,
    st.none() | NODES,
    st.none() | st.sampled_from(["a.example", "a:80", "[::1]:80"]),
    st.none() | st.sampled_from(["http", "https", "x-a+b"]),
    st.dictionaries(
        TOKEN.map(str.lower).filter(lambda name: name not in ("for", "by", "host", "proto")),
        TEXT,
        max_size=2,
    ),
).filter(lambda element: element != Element())


def node_text(node: ForwardedNode) -> str:
    name = f"[{node.name}]" if ":" in node.name else node.name
    return name if node.port is None else f"{name}:{node.port}"


def quoted(value: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'


def element_text(element: ForwardedElement) -> str:
    said = dict(element.extensions)
    for name, node in (("for", element.for_), ("by", element.by)):
        if node is not None:
            said[name] = node_text(node)
    names = (("host", element.host), ("proto", element.proto))
    said |= {name: value for name, value in names if value is not None}
    return ";".join(f"{name}={quoted(value)}" for name, value in said.items())


@settings(max_examples=150, derandomize=True, database=None)
@given(st.lists(ELEMENTS, max_size=5), st.sampled_from([",", ", ", " ,\t", ",,"]))
def test_what_was_written_is_read(elements: list[ForwardedElement], comma: str) -> None:
    assert parse_forwarded(comma.join(map(element_text, elements))) == elements


ANYTHING = st.lists(
    st.sampled_from(['"', "\\", ",", ";", "=", " ", "a", "for=", "[::1]", ":", "192.0.2.44"])
).map("".join)


@settings(max_examples=300, derandomize=True, database=None)
@given(ANYTHING, ELEMENTS)
def test_nothing_that_a_client_sends_changes_what_its_proxy_adds(
    sent: str, element: ForwardedElement
) -> None:
    assert next(elements_from_right(f"{sent}, {element_text(element)}")) == element
