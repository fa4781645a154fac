"""Handshakes at random, both ways: each is answered as is documented, and by nothing else."""

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.websocket_inputs import SECONDS, generator, spoilt
from tests.running import LOOPS, run_on
from tests.websocket.client.answering import Answering, status, switching
from tests.websocket.helpers import TEXT, close, frame
from tornadolike.httpclient import HTTPError
from tornadolike.web import Application
from tornadolike.websocket import HandshakeError, WebSocketHandler, websocket_connect
from tornadolike.websocket.compression.deflate import CompressionOptions
from tornadolike.websocket.compression.extensions import (
    accept_offer,
    check_answer,
    make_offer,
    parse_extensions,
)

pytestmark = pytest.mark.once

PARAMETERS = ["server_max_window_bits", "client_max_window_bits"]
FLAGS = ["server_no_context_takeover", "client_no_context_takeover"]
DEFLATE = "permessage-deflate"

options = st.builds(
    CompressionOptions,
    server_max_window_bits=st.integers(9, 15),
    client_max_window_bits=st.integers(9, 15),
    server_no_context_takeover=st.booleans(),
    client_no_context_takeover=st.booleans(),
)


@given(options, options)
@settings(max_examples=50)
def test_whatever_both_want_they_agree(of_client, of_server):
    agreed, answer = accept_offer(make_offer(of_client), of_server)
    assert check_answer(answer, of_client) == agreed
    assert agreed.server_max_window_bits <= min(
        of_client.server_max_window_bits, of_server.server_max_window_bits
    )
    assert agreed.client_max_window_bits <= min(
        of_client.client_max_window_bits, of_server.client_max_window_bits
    )
    for flag in FLAGS:
        assert getattr(agreed, flag) == (getattr(of_client, flag) or getattr(of_server, flag))


words = st.sampled_from(
    [
        DEFLATE,
        *PARAMETERS,
        *FLAGS,
        "foo",
        "8",
        "15",
        "16",
        "09",
        ";",
        ";",
        ",",
        "=",
        "=",
        '"',
        "\\",
        " ",
        "\t",
    ]
)


@given(st.one_of(st.lists(words, max_size=14).map("".join), st.text(max_size=30)), options)
@settings(max_examples=100)
def test_extension_headers(header, wanted):
    """They are understood or refused; and the answer to what is accepted is one that fits."""
    try:
        offers = parse_extensions(header)
    except ValueError:
        offers = None
    try:
        agreed, answer = accept_offer(header, wanted)
    except ValueError:
        assert offers is None
    else:
        assert offers is not None
        assert (agreed is None) == (answer == "")
        if agreed is not None:
            assert parse_extensions(answer)[0][0] == DEFLATE
            assert any(name == DEFLATE for name, _ in offers)
    try:
        agreed = check_answer(header, wanted)
    except HandshakeError:
        return
    assert agreed is None if not header else offers is not None


tokens = st.text("ab-_!19", min_size=1, max_size=6)
parameters = st.lists(st.tuples(tokens, st.one_of(st.none(), tokens)), max_size=3)


@given(
    st.lists(st.tuples(tokens, parameters), min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from(["", " ", "\t "]),
)
@settings(max_examples=50)
def test_what_is_written_is_read(extensions, quoted, space):
    """Whatever space there is, and whether values stand in quotes or not."""
    mark = '"' if quoted else ""
    header = f"{space},{space}".join(
        f"{space};{space}".join(
            [name, *(p if v is None else f"{p}={mark}{v}{mark}" for p, v in parameters)]
        )
        for name, parameters in extensions
    )
    assert parse_extensions(header) == extensions


class Echo(WebSocketHandler):
    def on_message(self, message):
        self.write_message(message)

    def get_compression_options(self):
        return {}


REQUEST = b"""\
GET /echo HTTP/1.1\r
Host: 127.0.0.1\r
Upgrade: websocket\r
Connection: keep-alive, Upgrade\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
Sec-WebSocket-Protocol: chat, superchat\r
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, foo; x="1"\r
Origin: http://127.0.0.1\r
\r
"""
ANSWERS = {b"101", b"400", b"403", b"404", b"405", b"408", b"414", b"426", b"431", b"501", b"505"}


def test_requests(serve):
    """The client's fault is never the server's: 4xx and the like, or a WebSocket."""
    server = serve(Application([("/echo", Echo)]))

    def answer_to(request):
        """The status; None if it was left at half a request."""
        answer = server.exchange(request + frame(TEXT, b"hello") + close(1000))
        if not answer:
            return None
        start = answer.split(b"\r\n", 1)[0].split(b" ")
        assert start[0] == b"HTTP/1.1"
        assert start[1] in ANSWERS, (request, answer)
        return start[1]

    assert answer_to(REQUEST) == b"101"
    rng = generator()
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        answer_to(spoilt(rng, REQUEST))


ALLOWED = (HTTPError, HandshakeError, OSError)
"""What websocket_connect() may raise for what a server says: 101 that is wrong, other answers, no answer."""

GOOD = switching(behind=frame(TEXT, b"hello", mask=None) + close(1000, mask=None))
FULL = switching(
    "Sec-WebSocket-Protocol: a",
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10",
    "Set-Cookie: a=b",
    behind=frame(TEXT, b"hello", mask=None) + close(1000, mask=None),
)
REFUSALS = [status("403 Forbidden", body=b"no"), status("302 Found", "Location: /there")]


@pytest.mark.parametrize("compression", [None, {}])
def test_answers(compression):
    """Whatever a server answers: a connection that ends, or one of the errors that are documented."""
    rng = generator()
    server = Answering(ends=True)

    async def ask(url, answer):
        """What comes of it: an error, or the messages until the end."""
        server.answers = [answer]
        try:
            async with websocket_connect(
                url, subprotocols=["a", "b"], compression_options=compression
            ) as connection:
                return [message async for message in connection]
        except ALLOWED as error:
            return error

    async def main():
        deadline = time.monotonic() + SECONDS
        async with server.running() as (_, port), asyncio.timeout(20):
            url = f"ws://127.0.0.1:{port}/"
            assert await ask(url, GOOD) == ["hello"]
            assert await ask(url, FULL) == ["hello"] or compression is None
            assert isinstance(await ask(url, REFUSALS[0]), HTTPError)
            while time.monotonic() < deadline:
                outcome = await ask(url, spoilt(rng, rng.choice([GOOD, FULL, *REFUSALS])))
                assert isinstance(outcome, ALLOWED) or len(outcome) <= 2

    run_on(LOOPS["IOLoop"], main())
