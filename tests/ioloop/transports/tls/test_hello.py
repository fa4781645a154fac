"""Names in the ClientHello that would have Python write a traceback to the standard error."""

import ssl
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ioloop.transports.tls.test_machine import (
    VERSIONS,
    by_byte,
    client_of,
    server_of,
    shake_hands,
    whole,
)
from tests.tls_certs import Certificates
from tornadolike.ioloop.transports.tls.hello import ALERT, MAX_HELLO, HelloGuard
from tornadolike.ioloop.transports.tls.machine import TLSMachine

GOOD, BAD = b"localhost", b"local\xffost"


@pytest.fixture
def asked() -> list[str | None]:
    """The names that the callback of the server's context was asked for."""
    return []


@pytest.fixture
def server_context(certs: Certificates, asked: list[str | None]) -> ssl.SSLContext:
    context = certs.server_context()
    context.sni_callback = lambda connection, name, context: asked.append(name)
    return context


def bad_hello(certs: Certificates) -> bytes:
    client = client_of(certs.client_context())
    client.handshake()
    hello = client.output()
    assert GOOD in hello
    return hello.replace(GOOD, BAD)


def in_records(hello: bytes) -> bytes:
    """The same message, in records of 20 bytes."""
    pieces = [hello[i : i + 20] for i in range(5, len(hello), 20)]
    records = [b"\x16\x03\x01" + len(piece).to_bytes(2) + piece for piece in pieces]
    return b"".join(records)


def take(server: TLSMachine, pieces: Iterator[bytes]) -> None:
    for piece in pieces:
        server.feed(piece)
        server.handshake()


def refused(server: TLSMachine, data: bytes, how: Callable[..., Iterator[bytes]]) -> ssl.SSLError:
    with pytest.raises(ssl.SSLError) as caught:
        take(server, how(data))
    return caught.value


@pytest.mark.parametrize("how", [whole, by_byte])
@pytest.mark.parametrize("records", [bytes, in_records])
def test_a_name_that_is_not_ascii_is_refused(certs, server_context, asked, records, how):
    server = server_of(server_context)
    error = refused(server, records(bad_hello(certs)), how)
    assert error.__notes__ == [
        "we gave up: the client asks for a name (SNI) with bytes that are not ASCII"
    ]
    assert server.output() == ALERT
    assert asked == []


def test_where_nobody_asks_for_the_name_it_does_no_harm(certs):
    server = server_of(certs.server_context())
    server.feed(bad_hello(certs))
    assert server.handshake() is False
    assert server.output()


@pytest.mark.parametrize("how", [whole, by_byte])
@pytest.mark.parametrize("version", VERSIONS)
def test_others_do_not_notice(certs, server_context, asked, version, how):
    context = certs.client_context()
    context.maximum_version = version
    client, server = client_of(context), server_of(server_context)
    shake_hands(client, server, how)
    assert asked == ["localhost"]
    client.write(b"hello")
    server.feed(client.output())
    assert server.read() == b"hello"


def test_the_second_hello_is_looked_at_too(certs, server_context):
    """A server that wants another curve has the client say all again."""
    server_context.set_ecdh_curve("secp384r1")
    shake_hands(client_of(certs.client_context()), server_of(server_context), by_byte)
    client, server = client_of(certs.client_context()), server_of(server_context)
    client.handshake()
    server.feed(client.output())
    server.handshake()
    client.feed(server.output())
    client.handshake()
    second = client.output()
    assert GOOD in second
    refused(server, second.replace(GOOD, BAD), whole)


def test_little_is_kept_of_what_is_no_hello():
    for head in (b"\x02" + bytes(3), b"\x01" + (MAX_HELLO + 1).to_bytes(3)):
        guard = HelloGuard()
        for _ in range(10):
            guard.feed(b"\x16\x03\x01\x40\x00" + head + bytes(16380))
        assert not guard.refused
        assert not guard._records
        assert not guard._messages


def test_a_hello_that_is_cut_short_is_openssls_affair(certs):
    hello = bad_hello(certs)
    for end in range(9, hello.index(BAD)):
        body = hello[9:end]
        guard = HelloGuard()
        guard.feed(b"\x16\x03\x01" + (len(body) + 4).to_bytes(2) + b"\x01" + len(body).to_bytes(3))
        guard.feed(body)
        assert not guard.refused


def verdict(pieces: Iterator[bytes]) -> bool:
    guard = HelloGuard()
    for piece in pieces:
        guard.feed(piece)
        assert len(guard._records) + len(guard._messages) <= MAX_HELLO + 2 * 65540
    return guard.refused


def hello_with(extensions: list[tuple[int, bytes]], session: bytes) -> bytes:
    """A message as RFC 8446, section 4.1.2, has it, around any extensions."""
    listed = b"".join(kind.to_bytes(2) + len(body).to_bytes(2) + body for kind, body in extensions)
    body = b"\x03\x03" + bytes(32) + bytes([len(session)]) + session
    body += b"\x00\x02\x13\x01" + b"\x01\x00" + len(listed).to_bytes(2) + listed
    return b"\x01" + len(body).to_bytes(3) + body


def server_name(name: bytes) -> tuple[int, bytes]:
    entry = b"\x00" + len(name).to_bytes(2) + name
    return 0, len(entry).to_bytes(2) + entry


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    """``data`` in pieces of these sizes, in turns."""
    pieces = []
    while data:
        for size in sizes:
            pieces.append(data[:size])
            data = data[size:]
    return [piece for piece in pieces if piece]


OTHERS = st.lists(st.tuples(st.integers(1, 65535), st.binary(max_size=40)), max_size=4)
SIZES = st.lists(st.integers(1, 300), min_size=1, max_size=5)


@given(st.binary(min_size=1, max_size=80), OTHERS, OTHERS, st.binary(max_size=32), SIZES, SIZES)
def test_any_hello_however_it_is_cut(name, before, after, session, records, feeds):
    message = hello_with([*before, server_name(name), *after], session)
    data = b"".join(
        b"\x16\x03\x01" + len(piece).to_bytes(2) + piece for piece in cut(message, records)
    )
    assert verdict(iter(cut(data, feeds))) is (max(name) > 127)


@given(st.lists(st.binary(max_size=60), max_size=20), st.booleans())
def test_nothing_that_comes_can_break_it(pieces, begins_well):
    data = (b"\x16\x03\x01\x00\x30\x01\x00\x00\x2c" if begins_well else b"") + b"".join(pieces)
    assert verdict(iter([data])) == verdict(data[i : i + 1] for i in range(len(data)))
