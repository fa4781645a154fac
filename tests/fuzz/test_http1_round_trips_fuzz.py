"""What a writer of ours writes, the reader on the other side reads as it was meant, or it is not written."""

import itertools
from dataclasses import dataclass

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.http1_inputs import BODY, SECONDS, TARGET, TOKEN, VALUE, cut, examples
from tornadolike.http1 import (
    EndOfMessage,
    Limits,
    RequestReader,
    RequestWriter,
    ResponseHead,
    ResponseReader,
    ResponseWriter,
    State,
    has_no_body,
)
from tornadolike.httputil import HTTPHeaders, HTTPOutputError, HTTPServerRequest
from tornadolike.httputil.headers import canonical_names

pytestmark = [pytest.mark.timeout(60 + 3 * SECONDS), pytest.mark.once]

EVIL = st.sampled_from(
    ["a\r\nB: c", "a\nb", "\r", "\0", "", "5", "close", "a\r\n\r\nGET / HTTP/1.1"]
)
ANY_TEXT = st.text(max_size=20) | EVIL | VALUE
MEANT = st.sampled_from(
    [
        *("Content-Length", "Transfer-Encoding", "Connection", "Host", "Expect", "Upgrade"),
        *("content-length", "Trailer", "X-A", "x-a"),
    ]
)
ANY_NAME = TOKEN | ANY_TEXT | MEANT
MEANT_VALUE = st.sampled_from(
    ["5", "0", "chunked", "close", "keep-alive", "100-continue", "a", "b:1"]
)
FIELDS = st.lists(st.tuples(MEANT, MEANT_VALUE) | st.tuples(ANY_NAME, ANY_TEXT), max_size=5)
PIECES = st.lists(BODY, max_size=3)


def headers_of(pairs: list[tuple[str, str]]) -> HTTPHeaders:
    """Headers past every check but the writer's."""
    headers = HTTPHeaders.from_fields({})
    for name, value in pairs:
        headers._append(canonical_names[name], value)
    return headers


def said(headers: HTTPHeaders) -> list[tuple[str, str]]:
    """What must arrive of the headers: a name's case is nothing, nor is space around a value."""
    pairs = [(name.lower(), value.strip(" \t")) for name, value in headers.get_all()]
    return sorted(pairs)


def added(written: HTTPHeaders, arrived: HTTPHeaders, *names: str) -> None:
    """What arrived is what was written, and of these names what the writer adds."""
    before, after = said(written), said(arrived)
    for name, value in before:
        if name == "connection" and "keep-alive" in value.lower():
            continue  # the writer says another thing where the connection closes
        after.remove((name, value))
    assert {name for name, _ in after} <= set(names)


# Requests


@dataclass(frozen=True)
class Sent:
    """A request as somebody would send it."""

    method: str
    target: str
    headers: HTTPHeaders
    with_body: bool
    pieces: list[bytes]
    trailers: HTTPHeaders

    def write(self, version: str) -> bytes:
        writer = RequestWriter(version)
        data = writer.head(self.method, self.target, self.headers, with_body=self.with_body)
        data += b"".join(map(writer.data, self.pieces))
        return data + writer.end(self.trailers)


REQUESTS = st.builds(
    Sent,
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "CONNECT"]) | TOKEN | ANY_TEXT,
    st.builds("/{}".format, TARGET) | st.sampled_from(["*", "a:1", "http://a/b", "/"]) | ANY_TEXT,
    st.builds(
        lambda pairs, host: headers_of([("Host", "a")] * host + pairs), FIELDS, st.integers(0, 1)
    ),
    st.booleans(),
    PIECES,
    st.builds(headers_of, FIELDS | st.just([])),
)


@examples(400)
@given(
    REQUESTS, st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]), st.lists(st.integers(0, 500))
)
def test_a_request_arrives_as_it_was_meant_or_is_refused(
    sent: Sent, version: str, places: list[int]
) -> None:
    try:
        data = sent.write(version)
    except HTTPOutputError:
        return
    reader = RequestReader(Limits())
    request: HTTPServerRequest | None = None
    body, trailers = b"", HTTPHeaders()
    for piece in cut(data, places):
        reader.feed(piece)
        while (event := reader.next_event()) is not None:
            if isinstance(event, HTTPServerRequest):
                assert request is None
                request, body = event, event.body
            elif isinstance(event, bytes):
                body += event
            else:
                trailers = event.trailers
    assert request is not None
    assert reader.complete
    assert reader.buffered == 0
    assert (request.method, request.version) == (sent.method, version)
    assert sent.target.endswith(request.uri or "") or request.uri == "/"
    assert body == b"".join(sent.pieces)
    chunked = "Transfer-Encoding" in request.headers
    assert said(trailers) == (said(sent.trailers) if chunked else [])
    if sent.target[:1] == "/" or sent.method == "CONNECT":
        added(sent.headers, request.headers, "transfer-encoding", "content-length")


# Responses


@dataclass(frozen=True)
class Answer:
    """A response as somebody would send it."""

    status: int
    reason: str
    headers: HTTPHeaders
    pieces: list[bytes]
    trailers: HTTPHeaders


ANSWERS = st.builds(
    Answer,
    st.sampled_from([200, 204, 304, 404, 500]) | st.integers(190, 610) | st.integers(0, 1100),
    ANY_TEXT,
    st.builds(headers_of, FIELDS),
    PIECES,
    st.builds(headers_of, FIELDS | st.just([])),
)


@examples(400)
@given(
    st.sampled_from(["GET", "HEAD", "POST", "CONNECT"]),
    st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]),
    st.booleans(),
    ANSWERS,
    st.lists(st.integers(0, 500)),
)
def test_a_response_arrives_as_it_was_meant_or_is_refused(
    method: str, version: str, keep_alive: bool, answer: Answer, places: list[int]
) -> None:
    writer = ResponseWriter(method, version, keep_alive)
    try:
        data = writer.head(answer.status, answer.reason, answer.headers)
        if writer.state is not State.HEAD:
            data += b"".join(map(writer.data, answer.pieces)) + writer.end(answer.trailers)
    except HTTPOutputError:
        return
    if not data:
        assert answer.status < 200
        assert version == "HTTP/1.0"
        return
    reader = ResponseReader(Limits())
    reader.expect(method)
    head: ResponseHead | None = None
    body, end = b"", None
    for piece in [*cut(data, places), None]:
        if piece is None:
            if writer.complete and not writer.keep_alive:
                reader.feed_eof()
        else:
            reader.feed(piece)
        while (event := reader.next_event()) is not None:
            if isinstance(event, ResponseHead):
                assert head is None
                head = event
            elif isinstance(event, bytes):
                body += event
            else:
                assert isinstance(event, EndOfMessage)
                end = event
    assert head is not None
    assert head.start_line == ("HTTP/1.1", answer.status, answer.reason)
    added(answer.headers, head.headers, "transfer-encoding", "connection")
    if head.interim:
        assert writer.state is reader.state is State.HEAD
        assert end is None
        return
    if reader.state is State.OTHER_PROTOCOL:
        assert method == "CONNECT" or answer.status == 101
        return
    assert end is not None
    without = method == "HEAD" or has_no_body(answer.status)
    assert body == (b"" if without else b"".join(answer.pieces))
    chunked = "Transfer-Encoding" in head.headers and not without
    assert said(end.trailers) == (said(answer.trailers) if chunked else [])
    assert reader.keep_alive == writer.keep_alive
    read_by_h11(method, data, body, writer.keep_alive)


def read_by_h11(method: str, data: bytes, body: bytes, keep_alive: bool) -> None:
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(data)
    assert isinstance(client.next_event(), h11.Response)
    found = b""
    while not isinstance(event := client.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            client.receive_data(b"")
        else:
            assert isinstance(event, h11.Data)
            found += bytes(event.data)
    assert found == body
    assert (client.their_state is h11.DONE) == keep_alive


# A conversation: what both sides say, cut anywhere, with several requests ahead


@examples(150)
@given(
    st.lists(
        st.tuples(st.sampled_from(["GET", "HEAD", "POST"]), st.sampled_from([200, 204, 304]), BODY),
        min_size=1,
        max_size=5,
    ),
    st.lists(st.integers(0, 2000), max_size=20),
)
def test_two_sides_understand_one_another(
    exchanges: list[tuple[str, int, bytes]], places: list[int]
) -> None:
    client, server = ResponseReader(Limits()), RequestReader(Limits())
    data = b""
    for method, _, body in exchanges:
        request = RequestWriter()
        data += request.head(method, "/", HTTPHeaders({"Host": "a"}), with_body=method == "POST")
        data += request.data(body if method == "POST" else b"") + request.end()
        client.expect(method, request)
    answers = b""
    due = iter(exchanges)
    received = b""
    for piece in cut(data, places):
        server.feed(piece)
        while (event := server.next_event()) is not None:
            if isinstance(event, HTTPServerRequest):
                received = event.body
            elif isinstance(event, bytes):
                received += event
            if server.complete:
                method, status, body = next(due)
                assert received == (body if method == "POST" else b"")
                response = ResponseWriter(method, "HTTP/1.1", True)
                answers += response.head(status, "OK", HTTPHeaders())
                answers += response.data(body) + response.end()
    assert next(due, None) is None
    bodies: list[bytes] = []
    for piece in cut(answers, places):
        client.feed(piece)
        while (answer := client.next_event()) is not None:
            if isinstance(answer, ResponseHead):
                bodies.append(b"")
            elif isinstance(answer, bytes):
                bodies[-1] += answer
    expected = [
        body if method != "HEAD" and status == 200 else b"" for method, status, body in exchanges
    ]
    assert bodies == expected
    assert client.keep_alive
    assert client.state is State.IDLE
    for side in (client, server):
        side.feed_eof()
        assert side.next_event() is None
        assert side.state is State.ENDED


def test_every_pair_of_a_method_and_a_status() -> None:
    """The client's idea of whether there is a body is the server's."""
    for method, status in itertools.product(["GET", "HEAD", "CONNECT"], range(200, 1000)):
        writer, reader = ResponseWriter(method, "HTTP/1.1", True), ResponseReader(Limits())
        reader.expect(method)
        reader.feed(writer.head(status, "", HTTPHeaders()) + writer.data(b"a") + writer.end())
        events = [reader.next_event() for _ in range(4)]
        tunnel = method == "CONNECT" and status < 300
        assert (b"a" in events) == (method != "HEAD" and status not in (204, 304) and not tunnel)
        assert reader.buffered == 0
