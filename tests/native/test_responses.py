"""Heads of responses: what the native scanner takes is what the reference reads, and it takes nothing else."""

import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tornadolike._native import RUNNING
from tornadolike.http1.fields import parse_fields
from tornadolike.http1.response_heads import read_status_line, scan_head
from tornadolike.httputil import HTTPInputError
from tornadolike.httputil.headers import field_names

pytestmark = pytest.mark.skipif(not RUNNING, reason="it is native")

MOST = 5
USUAL = b"HTTP/1.1 200 OK\r\nserver: x/1\r\nContent-Length:  12 \t\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nEmpty:"
PARTS = st.sampled_from(
    [
        *(
            b"HTTP/1.1 200 OK",
            b"HTTP/1.1 404",
            b"HTTP/1.1 200 ",
            b"HTTP/1.0 200 OK",
            b"HTTP/1.1 099 X",
        ),
        *(
            b"HTTP/1.1 2000",
            b"HTTP/1.1 200\tOK",
            b"HTTP/1.1  200",
            b"http/1.1 200",
            b"HTTP/1.1 20a No",
        ),
        *(
            b"\r\n",
            b"\r\n",
            b"\r\n",
            b"\r",
            b"\n",
            b": ",
            b":",
            b" ",
            b"\t",
            b"A",
            b"a-b",
            b"Set-Cookie",
        ),
        *(b"value", b"\x00", b"\x7f", b"\x80", b"\xe4", b'"(),/', b"\x1f", b"Content-Length: 5"),
    ]
)


def read(raw):
    """As the reference does."""
    line, _, text = raw.partition(b"\r\n")
    start = read_status_line(line)
    return (*start, parse_fields(text.decode("latin1"), MOST))


def check(raw):
    found = scan_head(raw, MOST, field_names)
    if found is not None:
        assert found == read(raw)
        assert list(found[3]) == list(read(raw)[3])  # in their order, too
    return found


def test_the_usual_is_taken():
    assert check(USUAL) is not None
    assert check(b"HTTP/1.1 204 No Content") == ("HTTP/1.1", 204, "No Content", {})
    assert check(b"HTTP/1.1 200") == ("HTTP/1.1", 200, "", {})


@given(st.lists(PARTS, max_size=20).map(b"".join))
@example(USUAL + b"\r\nOne: more")
@example(USUAL + b"\r\n")
@example(USUAL + b"\r")
def test_anything(raw):
    check(raw)


@given(st.data())
def test_the_usual_with_something_wrong(data):
    at = data.draw(st.integers(0, len(USUAL)))
    byte = data.draw(st.binary(max_size=2))
    raw = USUAL[:at] + byte + USUAL[at + data.draw(st.integers(0, 2)) :]
    check(raw)
    check(USUAL[:at])


@pytest.mark.parametrize("size", range(len(USUAL)))
def test_malformed_is_left_to_the_reference(size):
    for byte in b"\x00\r\n\x7f\x80":
        raw = USUAL[:size] + bytes([byte]) + USUAL[size:]
        try:
            read(raw)
        except HTTPInputError:
            assert scan_head(raw, MOST, field_names) is None


def test_references_are_not_lost():
    names = dict.fromkeys(["a"], "A-name-of-its-own")
    before = sys.getrefcount(names["a"]), sys.getrefcount(names)
    for _ in range(10_000):
        scan_head(b"HTTP/1.1 200 OK\r\na: 1\r\na: 2\r\na: 3", MOST, names)
        scan_head(b"HTTP/1.1 200 OK\r\na: 1\r\nb: 2", MOST, names)
    assert (sys.getrefcount(names["a"]), sys.getrefcount(names)) == before
