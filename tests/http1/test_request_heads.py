"""Fields of requests that are remembered: what goes out is the same as for the first of them."""

import pytest

from tornadolike.http1 import RequestWriter
from tornadolike.http1.request_heads import EncodedFields, EncodedFieldsCache, encoded_fields
from tornadolike.httputil import HTTPHeaders, HTTPOutputError

FIELDS = {"Host": "remembered.test", "Accept": "text/plain"}


@pytest.fixture(autouse=True)
def nothing_known():
    encoded_fields.clear()


def head(method="GET", target="/", fields=FIELDS, version="HTTP/1.1", **announced):
    writer = RequestWriter(version)
    written = writer.head(method, target, HTTPHeaders(fields), **announced)
    return written, writer


@pytest.mark.parametrize(
    "more", [{}, {"Connection": "close"}, {"Connection": "upgrade", "Upgrade": "x"}]
)
def test_the_second_head_is_the_first(more):
    first, wrote = head(fields=FIELDS | more)
    assert len(encoded_fields) == 1
    second, wrote_again = head("DELETE", "/b?c", fields=FIELDS | more)
    assert second == first.replace(b"GET / ", b"DELETE /b?c ")
    for attribute in ("keep_alive", "upgrades", "expects_continue", "state"):
        assert getattr(wrote, attribute) == getattr(wrote_again, attribute)
    assert wrote_again.end() == b"" == wrote.end()
    assert wrote_again.complete
    assert len(encoded_fields) == 1


def test_what_has_a_body_is_framed_each_time():
    bare, _ = head()
    for _ in range(2):
        assert b"Content-Length: 0\r\n" in head("POST")[0]
        assert b"chunked" in head("GET", with_body=True)[0]
        assert head(fields=FIELDS | {"Content-Length": "3"})[1].data(b"abc") == b"abc"
        assert not head(version="HTTP/1.0")[1].keep_alive
        assert head()[0] == bare
    with pytest.raises(HTTPOutputError):
        head()[1].data(b"x")


def test_what_is_wrong_is_refused_each_time():
    head()
    for _ in range(2):
        for wrong in ({"Host": "a b"}, {"X": "a\r\nb"}, {"X y": "1"}, {"Expect": "100-continue"}):
            with pytest.raises(HTTPOutputError):
                head(fields=FIELDS | wrong)
        with pytest.raises(HTTPOutputError):
            head(target="/a b")
        with pytest.raises(HTTPOutputError):
            head("G T")
        with pytest.raises(HTTPOutputError):
            head(fields={})
    assert len(encoded_fields) == 1


def test_order_counts():
    other = dict(reversed(FIELDS.items()))
    assert head()[0] != head(fields=other)[0]
    assert head(fields=other)[0].index(b"Accept") < head(fields=other)[0].index(b"Host")


def test_what_is_not_remembered():
    several = HTTPHeaders(FIELDS)
    several.add("X", "1")
    several.add("X", "2")
    for fields in (
        several,
        *(FIELDS | {name: "secret"} for name in ("Authorization", "cookie", "Proxy-Authorization")),
        FIELDS | {"X": "y" * EncodedFieldsCache.MAX_BYTES},
        FIELDS | {"X": 1},
    ):
        assert head(fields=fields)[0] == head(fields=fields)[0]
    assert not encoded_fields
    head(fields=FIELDS | {"X": "1"})
    assert b"X: True" in head(fields=FIELDS | {"X": True})[0]


def test_it_is_bounded():
    known = EncodedFieldsCache()
    for number in range(known.MAX_ENTRIES):
        known.remember({"X": str(number)}, EncodedFields(b"", True, False))
    assert len(known) == known.MAX_ENTRIES
    known.remember({"Y": "1"}, EncodedFields(b"", True, False))
    assert list(known) == [(("Y", "1"),)]
