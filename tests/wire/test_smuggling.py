"""Smuggling (see :mod:`tests.wire.attacks`): refused, and what is behind it never reaches the application."""

import socket
from typing import Any

import pytest

from tests.wire.attacks import CHUNK_OF_POISON, FAMILIES, POISON, Attack, Family, length, post
from tests.wire.client import PLAIN_AND_TLS, error, expect, expect_end, get, ok, read_all, receive
from tests.wire.site import Conversation, answer
from tornadolike.httputil import (
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
)
from tornadolike.web import (
    Application,
    HTTPError,
    RedirectHandler,
    RequestHandler,
    StaticFileHandler,
)


class Recorder:
    """Answers as the site does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.served: list[str] = []

    def __call__(self, request: HTTPServerRequest) -> None:
        body = f" [{request.body.decode('latin1')}]" if request.body else ""
        self.served.append(f"{request.method} {request.uri}{body}")
        answer(request)


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def in_pieces(attack: Attack) -> list[bytes]:
    """Byte by byte; but a body that may be asked for (100 Continue) begins with its head, before it is."""
    data = attack.data
    if attack.status is not None or b"Expect:" not in data:
        return byte_by_byte(data)
    begun = data.index(b"\r\n\r\n") + 5
    return [data[:begun], *byte_by_byte(data[begun:])]


def play(sock: socket.socket, pieces: list[bytes], attack: Attack) -> None:
    """What comes back is what is due, to the byte."""
    answers = [
        ok("", length=len(text.encode())) if text.startswith("HEAD") else ok(text)
        for text in attack.served
    ]
    for piece in pieces:
        sock.sendall(piece)
    if attack.status is not None:
        head_only = attack.data.startswith(b"HEAD")
        expect_end(sock, b"".join([*answers, error(attack.status, head_only=head_only)]))
    else:
        if b"HTTP/1.0" in attack.data:
            answers = [
                text.replace(b"\r\n\r\n", b"\r\nConnection: Keep-Alive\r\n\r\n", 1)
                for text in answers
            ]
        expect(sock, b"".join(answers))
        sock.sendall(get("/next", "Connection: close"))
        expect_end(sock, ok("GET /next", "Connection: close"))


def attacked(server: Any, recorder: Recorder, attack: Attack, pieces: list[bytes]) -> str:
    """What went wrong, or nothing."""
    recorder.served.clear()
    with server.connect() as sock:
        try:
            play(sock, pieces, attack)
        except (AssertionError, OSError) as problem:
            return f"{attack.name}, {len(pieces)} pieces: {problem}"
    expected = [*attack.served, *(["GET /next"] if attack.status is None else [])]
    if recorder.served != expected:
        return f"{attack.name}, {len(pieces)} pieces: served {recorder.served}"
    return ""


@PLAIN_AND_TLS
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_family(serve: Any, family: Family, wire: str) -> None:
    recorder = Recorder()
    wrong = []
    # Each connection over TLS costs a handshake, and what comes out of it goes the same way.
    attacks = family.attacks if wire == "plain" else family.attacks[::4]
    for site in (recorder, Conversation(recorder, patient=True)):
        server = serve(site)
        for attack in attacks:
            wrong.append(attacked(server, recorder, attack, [attack.data]))
            if site is not recorder and len(attack.data) < 1000:
                wrong.append(attacked(server, recorder, attack, in_pieces(attack)))
    assert not any(wrong), "\n".join(filter(None, wrong))


# Answers that come before the body, or without looking at it: where it ends must still be known


class Reader(RequestHandler):
    def post(self) -> None:
        self.write("read")


class Poisoned(RequestHandler):
    def get(self) -> None:
        raise AssertionError("the poison was served")


class Broken(RequestHandler):
    def prepare(self) -> None:
        raise HTTPError(409)


@pytest.fixture
def site(tmp_path: Any) -> Application:
    (tmp_path / "file").write_text("content")
    return Application(
        [
            ("/poison", Poisoned),
            ("/read", Reader),
            ("/broken", Broken),
            ("/redirect", RedirectHandler, {"url": "/elsewhere"}),
            (r"/static/(.*)", StaticFileHandler, {"path": str(tmp_path)}),
        ]
    )


BODIES = {
    "by length": (length(POISON), POISON),
    "in chunks": (b"Transfer-Encoding: chunked", CHUNK_OF_POISON),
}


@PLAIN_AND_TLS
@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_handlers_that_expect_no_body(serve: Any, site: Application, pieces: int) -> None:
    """CL.0: whatever a handler makes of a request, its body is over where it says."""
    server = serve(site)
    for path in ("read", "broken", "redirect", "static/file", "static/none", "none", "static/../x"):
        for method in ("GET", "POST", "HEAD", "OPTIONS", "BREW"):
            for line, body in BODIES.values():
                data = post(line, body=body, line=f"{method} /{path} HTTP/1.1".encode())
                step = len(data) // pieces + 1
                with server.connect() as sock:
                    for at in range(0, len(data), step):
                        sock.sendall(data[at : at + step])
                    sock.sendall(get("/read", "Connection: close", method="POST"))
                    received = read_all(sock)
                assert received.endswith(b"\r\n\r\nread"), (method, path, received)
                assert received.count(b"HTTP/1.1 ") == 2, (method, path, received)


class AnswersAtOnce(HTTPServerConnectionDelegate):
    """Answers when the head is there, and waits for no body."""

    def __init__(self) -> None:
        self.served = 0

    def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
        self.served += 1
        site = self

        class Answers(HTTPMessageDelegate):
            def headers_received(self, start_line: Any, headers: Any) -> None:
                assert site.served == 1, "the poison was served"
                request_conn.respond(200, "OK", "text/plain", None, b"", b"early")

        return Answers()


@PLAIN_AND_TLS
@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("expect_line", [[], [b"Expect: 100-continue"]])
def test_an_answer_before_the_body(serve: Any, kind: str, expect_line: list[bytes]) -> None:
    """What comes behind it is of nobody's interest any more, wherever it is cut."""
    line, body = BODIES[kind]
    head = post(line, *expect_line)
    for cut in (0, 1, len(body) - 1):
        server = serve(AnswersAtOnce())
        with server.connect() as sock:
            sock.sendall(head + body[:cut])
            early = receive(sock, ok("early", "Connection: close"))
            assert early == ok("early", "Connection: close")
            sock.sendall(body[cut:] + POISON)
            expect_end(sock)


@PLAIN_AND_TLS
@pytest.mark.slow
def test_a_pause_in_the_body(serve: Any) -> None:
    """Pause-based desync: who was answered by a time-out is not listened to again."""
    recorder = Recorder()
    server = serve(Conversation(recorder, patient=False), body_stall_timeout=0.1)
    with server.connect() as sock:
        sock.sendall(post(length(POISON), body=POISON[:1]))
        assert receive(sock, error(408) + b"Timeout reading body\n") == error(408)
        sock.sendall(POISON[1:] + POISON)
        expect_end(sock)
    assert not recorder.served


@PLAIN_AND_TLS
@pytest.mark.parametrize(
    "head",
    [
        post(b"Connection: close"),
        post(b"Connection: keep-alive, Close"),
        post(b"Connection: keep-alive", b"Connection: close"),
        post(line=b"POST /first HTTP/1.0"),
        post(b"Connection: close, keep-alive", line=b"POST /first HTTP/1.0"),
        post(b"Content-Length: 2", b"Connection: close", body=b"hi"),
    ],
)
def test_nothing_is_served_behind_the_last(serve: Any, head: bytes) -> None:
    recorder = Recorder()
    server = serve(recorder)
    with server.connect() as sock:
        sock.sendall(head + POISON)
        received = read_all(sock)
    assert received.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in received
    assert len(recorder.served) == 1


@PLAIN_AND_TLS
@pytest.mark.parametrize("site", [Recorder(), Application()], ids=["accepted", "refused"])
def test_nothing_is_served_behind_connect(serve: Any, site: Any) -> None:
    """Whoever asks for a tunnel takes what follows for its inside, whatever we make of that."""
    server = serve(site)
    with server.connect() as sock:
        sock.sendall(b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n" + POISON)
        received = read_all(sock)
    assert received.count(b"HTTP/1.1 ") == 1
    if isinstance(site, Recorder):
        assert site.served == ["CONNECT x:443"]
        site.served.clear()
