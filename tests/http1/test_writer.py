"""What the writers of both roles have in common: bodies and trailers."""

import pytest

from tornadolike.http1 import RequestWriter, ResponseWriter
from tornadolike.http1.writer import FORBIDDEN_TRAILERS, MessageWriter
from tornadolike.httputil import HTTPHeaders, HTTPOutputError


def writers(length: str | None = None) -> list[MessageWriter]:
    """A writer of each role, its head written: in chunks, or of a length."""
    fields = {} if length is None else {"Content-Length": length}
    request, response = RequestWriter(), ResponseWriter("GET", "HTTP/1.1", True)
    request.head("POST", "/", HTTPHeaders({"Host": "a", **fields}), with_body=True)
    response.head(200, "OK", HTTPHeaders(fields))
    return [request, response]


def test_chunks() -> None:
    for writer in writers():
        assert writer.data(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
        assert writer.data(b"") == b"", "an empty chunk would be the last"
        assert not writer.complete
        assert writer.end() == b"0\r\n\r\n"
        assert writer.complete


def test_a_length_is_exact() -> None:
    for writer in writers("5"):
        assert writer.data(b"hel") + writer.data(b"") + writer.data(b"lo") == b"hello"
        assert writer.end() == b""
    for writer in writers("0"):
        assert writer.end() == b""


def test_more_than_was_announced() -> None:
    for writer in writers("5"):
        assert writer.data(b"hell") == b"hell"
        with pytest.raises(HTTPOutputError, match="more data"):
            writer.data(b"o!")
        assert writer.data(b"o") == b"o"


def test_less_than_was_announced() -> None:
    for writer in writers("5"):
        writer.data(b"hell")
        with pytest.raises(HTTPOutputError, match="1 bytes fewer"):
            writer.end()
        assert not writer.complete
        assert writer.data(b"o") == b"o"
        assert writer.end() == b""


def test_nothing_behind_the_end() -> None:
    for writer in writers():
        writer.end()
        for attempt in (lambda writer=writer: writer.data(b"a"), writer.end):
            with pytest.raises(HTTPOutputError, match="Out of order"):
                attempt()


def test_trailers() -> None:
    trailers = HTTPHeaders({"A": "b"})
    trailers.add("A", "c")
    for writer in writers():
        writer.data(b"x")
        assert writer.end(trailers) == b"0\r\nA: b\r\nA: c\r\n\r\n"
    for writer in writers():
        assert writer.end(HTTPHeaders()) == b"0\r\n\r\n"


def test_trailers_have_a_place_behind_chunks_only() -> None:
    trailers = HTTPHeaders({"A": "b"})
    for writer in writers("1"):
        writer.data(b"x")
        assert writer.end(trailers) == b""
    for method, version in (("HEAD", "HTTP/1.1"), ("GET", "HTTP/1.0")):
        writer = ResponseWriter(method, version, True)
        writer.head(200, "OK", HTTPHeaders())
        assert writer.end(trailers) == b""


@pytest.mark.parametrize("name", sorted(FORBIDDEN_TRAILERS))
def test_forbidden_trailers(name: str) -> None:
    for writer in (*writers(), *writers("0")):
        for spelling in (name, name.lower(), name.upper()):
            with pytest.raises(HTTPOutputError, match=f"{name} cannot stand in trailers"):
                writer.end(HTTPHeaders({spelling: "x"}))
        assert writer.end() in (b"0\r\n\r\n", b"")


def test_forbidden_trailers_are_spelled_as_headers_keep_them() -> None:
    assert {*HTTPHeaders(dict.fromkeys(FORBIDDEN_TRAILERS, ""))} == FORBIDDEN_TRAILERS


def test_what_breaks_out_of_a_trailer() -> None:
    for value in ("a\r\nB: c", "a\n", "a\0", "\u20ac"):
        for writer in writers():
            with pytest.raises(HTTPOutputError):
                writer.end(HTTPHeaders({"A": value}))
            assert not writer.complete


def test_versions() -> None:
    for version in ("HTTP/2.0", "HTTP/1.2", "1.1", ""):
        for make in (RequestWriter, lambda version: ResponseWriter("GET", version, True)):
            with pytest.raises(ValueError, match=r"HTTP/1\.1"):
                make(version)
