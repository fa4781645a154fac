"""What a client sends is quoted in the log, but never much of it."""

from typing import Any

import pytest

from tests.wire.client import read_all
from tornadolike.web import Application, RequestHandler

LONG = b"\x9b" + b"y" * 20_000


class Form(RequestHandler):
    def post(self) -> None:
        self.get_body_argument("a")


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (b"417", b"Expect: " + LONG),
        (b"400", LONG + b": x"),
        (b"400", LONG),
        (b"400", b"Content-Length: " + LONG),
        (b"501", b"Transfer-Encoding: y%b, chunked" % LONG[1:]),
        (b"400", b"Host: " + LONG),
        (b"415", b"Content-Encoding: " + LONG),
        (b"400", b"Content-Type: multipart/form-data; boundary=" + LONG),
        (b"400", b"Content-Type: " + LONG),
    ],
    ids=lambda value: value[:15].decode("latin1"),
)
def test_a_line_of_the_log_is_short(serve: Any, caplog: Any, status: bytes, line: bytes) -> None:
    server = serve(Application([("/", Form)], log_function=lambda handler: None))
    caplog.set_level("INFO")
    form = b"Content-Type: application/x-www-form-urlencoded"
    lines = [b"POST / HTTP/1.1", b"Host: x", b"Connection: close", line]
    if b"Content-Length" not in line and b"Transfer" not in line:
        lines.append(b"Content-Length: 3")
    if b"Content-Type" not in line:
        lines.append(form)
    with server.connect() as sock:
        sock.sendall(b"\r\n".join(lines) + b"\r\n\r\nb=1")
        assert read_all(sock).startswith(b"HTTP/1.1 " + status)
    texts = [record.getMessage() for record in caplog.records]
    assert texts
    assert max(map(len, texts)) < 1000
    assert all(text.isprintable() for text in texts)
