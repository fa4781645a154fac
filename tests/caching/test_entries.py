"""Responses as bytes."""

import pytest

from tornadolike.caching.entries import Entry, names_from_bytes, names_to_bytes, value_of
from tornadolike.httputil import HTTPHeaders, HTTPServerRequest

ENTRY = Entry(
    status=200,
    reason="Fine",
    fields={"Content-Type": "text/html", "Link": ["<a>", "<b>"], "Server": [], "X": "\xe9"},
    made=1.5,
    fresh_seconds=60.0,
    may_be_stale=True,
    vary={"Accept": "a,b"},
    generation="1",
    tokens={"all": "2"},
    body=b"\x00R\xff",
)


def test_there_and_back():
    assert Entry.from_bytes(ENTRY.to_bytes()) == ENTRY
    assert names_from_bytes(names_to_bytes(["A", "B"])) == ["A", "B"]


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"R",
        b"V[]",
        b"R\x00\x00\x00\x02[]body",
        b"R\x00\x00\x00\x02{}body",
        b"R\x00\x00\x00\x01\xffbody",
        b"R\xff\xff\xff\xff[]",
        b"R\x00\x00\x00\x01",
        ENTRY.to_bytes()[:40],
    ],
)
def test_what_is_none_of_ours(kept):
    assert Entry.from_bytes(kept) is None


@pytest.mark.parametrize("kept", [b"", b"R", b"V", b"V{}", b"V[1]", b"V\xff"])
def test_what_are_no_names(kept):
    assert names_from_bytes(kept) is None


def test_values_of_headers_however_they_are_written():
    headers = HTTPHeaders()
    assert value_of(HTTPServerRequest(headers=headers), "Accept") == ""
    headers.add("Accept", "a ,\tb")
    headers.add("Accept", "c")
    request = HTTPServerRequest(headers=headers)
    assert value_of(request, "Accept") == "a,b,c"
    assert not ENTRY.suits(request)
    assert ENTRY.suits(HTTPServerRequest(headers=HTTPHeaders({"Accept": "a, b"})))
    # To handlers this is another value, for which they may have another page.
    assert not ENTRY.suits(HTTPServerRequest(headers=HTTPHeaders({"Accept": "a,\xa0b"})))
