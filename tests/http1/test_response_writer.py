"""The writer of responses: what it frames is read back by another's client, and what would mislead one is
refused."""

import itertools
from dataclasses import dataclass

import h11
import pytest

from tornadolike.http1 import (
    SERVER,
    DefaultHeads,
    ResponseWriter,
    State,
    error_response,
)
from tornadolike.httputil import HTTPHeaders, HTTPOutputError

NEXT = b"HTTP/1.1 299 Next\r\nContent-Length: 4\r\n\r\nnext"
PIECES = [b"hello", b"", b" ", b"world" * 100]
BODY = b"".join(PIECES)


@dataclass(frozen=True)
class Read:
    """A response as h11's client reads it."""

    status: int
    headers: dict[str, str]
    body: bytes
    interim: tuple[int, ...]
    reusable: bool
    """Whether another response may follow on the connection."""


def client(method: str) -> h11.Connection:
    connection = h11.Connection(h11.CLIENT)
    target = "a:1" if method == "CONNECT" else "/"
    connection.send(h11.Request(method=method, target=target, headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    return connection


def read_back(method: str, data: bytes) -> Read:
    """Read one response, which must be all of ``data``, and NEXT if the connection may be used again."""
    connection = client(method)
    connection.receive_data(data)
    interim: list[int] = []
    body = b""
    response = None
    while True:
        event = connection.next_event()
        if isinstance(event, h11.InformationalResponse):
            interim.append(event.status_code)
        elif isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif event is h11.NEED_DATA:  # only the end of the connection ends it
            connection.receive_data(b"")
        else:
            assert event is h11.PAUSED or isinstance(event, h11.EndOfMessage)
            break
    assert response is not None
    assert connection.trailing_data == (b"", False) or connection.trailing_data == (b"", True)
    reusable = connection.their_state is h11.DONE
    if reusable:
        connection.start_next_cycle()
        assert connection.their_state is h11.IDLE or connection.their_state is h11.SEND_RESPONSE
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode(), raw_value.decode("latin1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Read(response.status_code, headers, body, tuple(interim), reusable)


def write(
    writer: ResponseWriter, status: int, fields: dict[str, str], pieces: list[bytes]
) -> bytes:
    head = writer.head(status, "Reason", HTTPHeaders(fields))
    return head + b"".join(map(writer.data, pieces)) + writer.end()


# The table of ResponseWriter, for every combination

METHODS = ["GET", "HEAD", "POST", "OPTIONS", "DELETE", "BREW", "CONNECT"]
STATUSES = [200, 201, 204, 206, 301, 304, 404, 500, 599, 999]
CONNECTIONS = [None, "close", "Keep-Alive", "Upgrade", "keep-alive, Close", "x-close", ""]


@pytest.mark.parametrize("method", METHODS)
def test_every_combination_is_read_back(method: str) -> None:
    for version, keep_alive, status, with_length, connection in itertools.product(
        ["HTTP/1.1", "HTTP/1.0"], [True, False], STATUSES, [True, False], CONNECTIONS
    ):
        combination = (version, keep_alive, status, with_length, connection)
        bodiless = status in (204, 304)
        tunnel = method == "CONNECT" and status < 300
        no_content = method == "HEAD" or bodiless or tunnel
        fields = {"X-A": "b"}
        if connection is not None:
            fields["Connection"] = connection
        if with_length:
            if status == 204 or tunnel:
                continue  # see test_what_has_no_length
            fields["Content-Length"] = str(len(BODY))
        writer = ResponseWriter(method, version, keep_alive)
        data = write(writer, status, fields, PIECES)
        found = read_back(method, data)
        until_close = not no_content and not with_length and version == "HTTP/1.0"
        asked_to_close = connection is not None and "close" in connection.lower().split(", ")
        kept = keep_alive and not (until_close or asked_to_close or method == "CONNECT")
        assert found.status == status, combination
        assert found.interim == ()
        assert found.body == (b"" if no_content else BODY), combination
        assert writer.keep_alive == kept, combination
        assert found.headers["x-a"] == "b"
        assert ("transfer-encoding" in found.headers) == (
            version == "HTTP/1.1" and not no_content and not with_length
        ), combination
        said = {option.strip().lower() for option in found.headers.get("connection", "").split(",")}
        assert ("close" in said) == (asked_to_close if tunnel else not kept), combination
        if version == "HTTP/1.0":
            assert ("keep-alive" in said) >= kept, combination
        if not (kept or asked_to_close or tunnel):
            assert "keep-alive" not in said, combination
        if not tunnel:  # of which h11 says that it is another protocol now
            assert found.reusable == kept, combination


@pytest.mark.parametrize("method", ["GET", "HEAD", "CONNECT"])
def test_what_has_no_length(method: str) -> None:
    coding, length = (
        HTTPHeaders({"Transfer-Encoding": "chunked"}),
        HTTPHeaders({"Content-Length": "5"}),
    )
    for status in (100, 101, 102, 103, 199, 200, 204, 299, 300, 304):
        writer = ResponseWriter(method, "HTTP/1.1", True)
        if status < 200 or status == 204 or (method == "CONNECT" and status < 300):
            with pytest.raises(HTTPOutputError, match="Transfer-Encoding"):
                writer.head(status, "", coding)
            with pytest.raises(HTTPOutputError, match="Content-Length"):
                writer.head(status, "", length)
        else:
            assert b"Content-Length: 5" in writer.head(status, "", length)


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", [200, 304])
def test_an_author_may_say_that_there_are_chunks(method: str, version: str, status: int) -> None:
    """It is as without: in chunks, unless there is no body or the client does not know them."""
    said, unsaid = (ResponseWriter(method, version, True) for _ in range(2))
    head = said.head(status, "", HTTPHeaders({"transfer-encoding": "Chunked", "X": "y"}))
    assert head == unsaid.head(status, "", HTTPHeaders({"X": "y"}))
    assert said.keep_alive is unsaid.keep_alive
    assert said.data(b"abc") == unsaid.data(b"abc")


@pytest.mark.parametrize(
    "fields",
    [
        {"Transfer-Encoding": "gzip, chunked"},
        {"Transfer-Encoding": "identity"},
        {"Transfer-Encoding": "chunked", "Content-Length": "5"},
    ],
)
def test_other_codings_are_not_the_authors_affair(fields: dict[str, str]) -> None:
    with pytest.raises(HTTPOutputError, match="Transfer-Encoding is the server's affair"):
        ResponseWriter("GET", "HTTP/1.1", True).head(200, "", HTTPHeaders(fields))


def test_two_responses_in_a_row() -> None:
    """What the writer calls whole is where the client expects the next."""
    for fields in ({}, {"Content-Length": str(len(BODY))}):
        data = write(ResponseWriter("GET", "HTTP/1.1", True), 200, fields, PIECES)
        connection = client("GET")
        connection.receive_data(data + NEXT)
        while not isinstance(connection.next_event(), h11.EndOfMessage):
            pass
        connection.start_next_cycle()
        connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
        connection.send(h11.EndOfMessage())
        response = connection.next_event()
        assert isinstance(response, h11.Response)
        assert response.status_code == 299


# Bodies


def test_head_tells_a_length_that_need_not_be_kept() -> None:
    writer = ResponseWriter("HEAD", "HTTP/1.1", True)
    assert b"Content-Length: 5\r\n" in writer.head(200, "OK", HTTPHeaders({"Content-Length": "5"}))
    assert writer.data(b"hello, world") == b""
    assert writer.end() == b""
    assert writer.keep_alive


NO_LENGTHS = ["", "-1", "+1", " 1", "1 ", "1,1", "0x1", "1_0", "\xb2", "\u0661", "1.0", "9" * 19]


def test_no_length_at_all() -> None:
    for length in NO_LENGTHS:
        headers = HTTPHeaders()
        headers["Content-Length"] = length
        with pytest.raises(HTTPOutputError, match="Content-Length"):
            ResponseWriter("GET", "HTTP/1.1", True).head(200, "OK", headers)


def test_two_lengths() -> None:
    headers = HTTPHeaders()
    headers.add("Content-Length", "5")
    headers.add("content-length", "5")
    with pytest.raises(HTTPOutputError, match="Content-Length"):
        ResponseWriter("GET", "HTTP/1.1", True).head(200, "OK", headers)


# Interim responses


def test_interim_responses_come_before_the_real_one() -> None:
    early = ResponseWriter("GET", "HTTP/1.1", False)
    data = early.head(103, "Early Hints", HTTPHeaders({"Link": "</a>"}))
    assert data == b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    for attempt in (lambda: early.data(b"hello"), early.end):
        with pytest.raises(HTTPOutputError, match="Out of order"):
            attempt()
    data += write(ResponseWriter("GET", "HTTP/1.1", False), 200, {}, PIECES)
    found = read_back("GET", data)
    assert found.interim == (103,)
    assert found.body == BODY


def test_http_1_0_knows_no_interim_responses() -> None:
    writer = ResponseWriter("GET", "HTTP/1.0", True)
    assert writer.head(103, "Early Hints", HTTPHeaders({"Link": "</a>"})) == b""


# Another protocol


def test_hand_over() -> None:
    for method, status in (("CONNECT", 200), ("GET", 101)):
        writer = ResponseWriter(method, "HTTP/1.1", True)
        assert writer.head(status, "Reason", HTTPHeaders({"A": "b"})).startswith(b"HTTP/1.1 ")
        assert writer.state is State.OTHER_PROTOCOL
        assert not writer.keep_alive
        assert writer.data(b"not HTTP's affair") == writer.end() == b""
    upgrade = ResponseWriter("GET", "HTTP/1.1", True)
    assert b"close" not in upgrade.head(101, "", HTTPHeaders({"Connection": "upgrade"}))


def test_http_1_0_knows_no_upgrade() -> None:
    with pytest.raises(HTTPOutputError, match="no Upgrade"):
        ResponseWriter("GET", "HTTP/1.0", True).head(101, "", HTTPHeaders())


# What it leaves as it was


def test_a_refused_head_leaves_room_for_another() -> None:
    writer = ResponseWriter("GET", "HTTP/1.0", True)
    for status, fields in (
        (200, {"Content-Length": "x"}),
        (200, {"Connection": "close", "A": "\u20ac"}),
        (20, {}),
        (103, {"A": "b\nc"}),
    ):
        headers = HTTPHeaders()
        for name, value in fields.items():
            headers[name] = value
        with pytest.raises(HTTPOutputError):
            writer.head(status, "", headers)
    head = writer.head(200, "OK", HTTPHeaders({"Content-Length": "5"}))
    assert b"Connection: Keep-Alive" in head
    assert writer.keep_alive


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        (["Keep-Alive"], "close"),
        (["keep-alive, A"], "close, a"),
        (["A", "keep-alive", "B"], "close, a, b"),
    ],
)
def test_what_a_handler_promises_in_vain(said: list[str], sent: str) -> None:
    headers = HTTPHeaders()
    for value in said:
        headers.add("Connection", value)
    head = ResponseWriter("GET", "HTTP/1.1", False).head(200, "OK", headers)
    found = [line for line in head.decode().split("\r\n") if line.startswith("Connection:")]
    assert found == [f"Connection: {sent}"]
    assert headers.get_list("Connection") == said


def test_headers_are_left_as_they_were() -> None:
    headers = HTTPHeaders({"A": "b"})
    ResponseWriter("GET", "HTTP/1.1", False).head(200, "OK", headers)
    assert list(headers.get_all()) == [("A", "b")]


# Responses that the server makes


def test_refusals() -> None:
    for status in (400, 408, 413, 414, 417, 431, 500, 501, 505, 599):
        found = read_back("GET", error_response(status))
        assert found.status == status
        assert found.body.startswith(str(status).encode())
        assert found.headers["content-length"] == str(len(found.body))
        assert found.headers["server"] == SERVER
        assert not found.reusable


def test_a_refusal_of_head() -> None:
    whole = error_response(400)
    assert error_response(400, method="GET") == whole
    head = error_response(400, method="HEAD")
    assert head.endswith(b"\r\n\r\n")
    assert whole.startswith(head)


def test_a_refusal_says_what_is_wrong_and_quotes_nothing() -> None:
    for detail, told in (
        ("", b""),
        ("Missing Host header", b"Missing Host header\n"),
        ("Invalid Host header 'a b'", b"Invalid Host header\n"),
        ("Malformed HTTP request line: b'secret'", b"Malformed HTTP request line\n"),
        ('Invalid header name "it\'s"', b"Invalid header name\n"),
        ("'secret'", b""),
        ("a\r\nb", rb"a\r\nb" + b"\n"),
        ("x" * 501, b"x" * 499 + "…".encode() + b"\n"),
    ):
        body = error_response(400, detail).partition(b"\r\n\r\n")[2]
        assert body == b"400: Bad Request\n" + told


def test_default_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 784111777.5
    monkeypatch.setattr("tornadolike.httputil.dates.time.time", lambda: now)
    heads = DefaultHeads()
    first = heads.get(200, "OK", "text/plain", 0.5)
    assert first == (
        b"HTTP/1.1 200 OK\r\nServer: tornadolike\r\nContent-Type: text/plain\r\n"
        b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    )
    assert heads.get(200, "OK", "text/plain", 0.5) is first
    assert b"text/html" in heads.get(200, "OK", "text/html", 0.5)
    assert heads.get(404, "OK", "text/plain", 0.5).startswith(b"HTTP/1.1 404 OK\r\n")
    now += 1
    assert b"08:49:38" in heads.get(200, "OK", "text/plain", 1.0)
    for number in range(1000):
        heads.get(200, "OK", f"text/{number}", 1.0)
        assert len(heads._heads) <= heads.MAX_ENTRIES + 1


# Pieces that go another way


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("length", [None, "2600"])
def test_a_frame_is_that_of_the_same_piece(method: str, version: str, length: str | None) -> None:
    headers = HTTPHeaders() if length is None else HTTPHeaders({"Content-Length": length})
    pieces = [b"a" * 1000, b"b" * 1600]
    written = []
    for framed in (False, True):
        writer = ResponseWriter(method, f"HTTP/{version}", True)
        data = writer.head(200, "OK", headers)
        for piece in pieces:
            if not framed:
                data += writer.data(piece)
            elif (frame := writer.frame(len(piece))) is not None:
                data += frame[0] + piece + frame[1]
            else:
                assert method == "HEAD"
        written.append(data + writer.end())
    assert written[0] == written[1]


def test_a_frame_that_is_too_much() -> None:
    writer = ResponseWriter("GET", "HTTP/1.1", True)
    with pytest.raises(HTTPOutputError, match="Out of order"):
        writer.frame(1)
    writer.head(200, "OK", HTTPHeaders({"Content-Length": "5"}))
    with pytest.raises(HTTPOutputError, match="more data than Content-Length"):
        writer.frame(6)
