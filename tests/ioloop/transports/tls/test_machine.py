"""The machine: two of them talk to each other, with no socket between them."""

import ssl
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tls_certs import SUBJECT, Certificates
from tornadolike.ioloop.transports.tls.machine import RECORD, SLICE, TLSMachine

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def client_of(context: ssl.SSLContext, host: str | None = "localhost") -> TLSMachine:
    return TLSMachine(context, server_side=False, server_hostname=host)


def server_of(context: ssl.SSLContext) -> TLSMachine:
    return TLSMachine(context, server_side=True, server_hostname=None)


def whole(data: bytes) -> Iterator[bytes]:
    yield data


def by_byte(data: bytes) -> Iterator[bytes]:
    for i in range(len(data)):
        yield data[i : i + 1]


def in_sevens(data: bytes) -> Iterator[bytes]:
    for i in range(0, len(data), 7):
        yield data[i : i + 7]


def carry(sender: TLSMachine, receiver: TLSMachine, how: Callable[..., Iterator[bytes]]) -> bytes:
    """Move what the sender has for the receiver; what the receiver made of it."""
    received = b""
    for piece in how(sender.output()):
        receiver.feed(piece)
        received += receiver.read()
    return received


def shake_hands(
    client: TLSMachine, server: TLSMachine, how: Callable[..., Iterator[bytes]] = whole
) -> None:
    done = {client: client.handshake(), server: False}
    while not all(done.values()):
        for sender, receiver in ((client, server), (server, client)):
            for piece in how(sender.output()):
                receiver.feed(piece)
                done[receiver] = done[receiver] or receiver.handshake()
    client.read()  # session tickets


@pytest.fixture(params=VERSIONS, ids=lambda version: version.name)
def version(request: pytest.FixtureRequest) -> ssl.TLSVersion:
    version: ssl.TLSVersion = request.param
    return version


@pytest.fixture
def pair(certs: Certificates, version: ssl.TLSVersion) -> tuple[TLSMachine, TLSMachine]:
    """A client and a server that have shaken hands."""
    context = certs.client_context()
    context.maximum_version = version
    client, server = client_of(context), server_of(certs.server_context())
    shake_hands(client, server)
    assert client.ssl_object.version() == version.name.replace("_", ".")
    return client, server


@pytest.mark.parametrize("how", [whole, by_byte, in_sevens])
def test_handshake(
    certs: Certificates, version: ssl.TLSVersion, how: Callable[..., object]
) -> None:
    context = certs.client_context(certs.client)
    context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    server_context = certs.server_context(ask_client=True)
    server_context.set_alpn_protocols(["http/1.1"])
    client, server = client_of(context), server_of(server_context)
    shake_hands(client, server, how)  # type: ignore[arg-type]
    for machine in (client, server):
        assert machine.ssl_object.selected_alpn_protocol() == "http/1.1"
        assert machine.output() == b""
        assert not machine.has_input
        assert not machine.ended
    peer = server.ssl_object.getpeercert()
    assert peer is not None
    assert peer["subject"] == ((("commonName", SUBJECT),),)


@pytest.mark.parametrize("how", [whole, by_byte, in_sevens])
@pytest.mark.parametrize("size", [1, 1000, RECORD, RECORD + 1])
def test_data_both_ways(
    pair: tuple[TLSMachine, TLSMachine], how: Callable[..., Iterator[bytes]], size: int
) -> None:
    client, server = pair
    data = bytes(i % 251 for i in range(size))
    for sender, receiver in (pair, pair[::-1]):
        assert sender.write(data) == size
        assert carry(sender, receiver, how) == data
        assert receiver.read() == b""
    assert not client.ended
    assert not server.ended


def test_a_large_write_is_taken_whole(pair: tuple[TLSMachine, TLSMachine]) -> None:
    client, server = pair
    data = bytes(5 * RECORD + 17)
    assert client.write(memoryview(data)) == len(data)
    assert carry(client, server, whole) == data


def test_buffers_that_never_shrink_do_not_grow(pair: tuple[TLSMachine, TLSMachine]) -> None:
    """OpenSSL's hold about a record, whatever comes and goes through them."""
    client, server = pair
    sizes = []
    encrypt = client._write

    def write(data: Any) -> int:
        taken = encrypt(data)
        sizes.append(client._outgoing.pending)
        return taken

    client._write = write  # type: ignore[method-assign]
    data = bytes(i % 251 for i in range(1_000_000))
    assert client.write(b"before") == 6
    assert client.write(data) == len(data)
    assert client.write(b"behind") == 6
    assert len(sizes) > 60
    assert max(sizes) <= SLICE
    assert client.output_size > len(data)
    server.feed(client.output())
    server.feed(b"")
    received = b""
    buffer = memoryview(bytearray(10_000))
    while server.has_input:
        assert server._incoming.pending <= SLICE
        received += buffer[: server.read_into(buffer)]
    assert received == b"before" + data + b"behind"
    assert not server._fed.nbytes


def test_what_was_lent_can_be_kept(pair: tuple[TLSMachine, TLSMachine]) -> None:
    """Before the memory that it lies in is used for something else."""
    client, server = pair
    for take in (server.feed, server.lend):
        client.write(b"x" * 100_000)
        memory = bytearray(client.output())
        take(memory)
        server.keep()
        memory[:] = bytes(len(memory))
        assert server.read() == b"x" * 100_000
    client.write(b"y" * 100_000)
    memory = bytearray(client.output())
    server.lend(memory)
    assert server.read() == b"y" * 100_000
    memory.clear()  # nobody looks at it any more
    assert not server.ended


@given(
    sizes=st.lists(st.integers(1, 40_000), min_size=1, max_size=6),
    cuts=st.lists(st.integers(1, 50_000), max_size=8),
    room=st.integers(1, 70_000),
)
def test_cut_anywhere_and_read_into_any_buffer(
    certs: Certificates, sizes: list[int], cuts: list[int], room: int
) -> None:
    client, server = client_of(certs.client_context()), server_of(certs.server_context())
    shake_hands(client, server)
    data = b"".join(bytes([i + 1]) * size for i, size in enumerate(sizes))
    at = 0
    for size in sizes:
        client.write(memoryview(data)[at : at + size])
        at += size
    encrypted = client.output()
    received = bytearray()
    buffer = memoryview(bytearray(room))
    edges = sorted({0, len(encrypted), *(cut for cut in cuts if cut < len(encrypted))})
    for start, end in pairwise(edges):
        server.feed(encrypted[start:end])
        while count := server.read_into(buffer):
            received += buffer[:count]
    assert received == data
    assert not server.has_input


@given(st.data())
def test_damage_is_never_taken_for_data(certs: Certificates, data: st.DataObject) -> None:
    """Whatever is changed on the way, nothing is raised and nothing wrong comes out."""
    client, server = client_of(certs.client_context()), server_of(certs.server_context())
    shake_hands(client, server)
    for i in range(5):
        client.write(bytes([i]) * 100)
    stream = bytearray(client.output())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(stream) - 1))
        kind = data.draw(st.sampled_from(["change", "remove", "insert"]))
        if kind == "change":
            stream[at] ^= data.draw(st.integers(1, 255))
        else:
            stream[at : at + (kind == "remove")] = data.draw(st.binary(max_size=6))
    server.feed(stream)
    received = server.read() + server.read()
    assert b"".join(bytes([i]) * 100 for i in range(5)).startswith(received)
    server.output()
    server.say_goodbye()


def test_goodbye_and_its_answer(pair: tuple[TLSMachine, TLSMachine]) -> None:
    for first, second in (pair,):
        first.write(b"the last")
        first.say_goodbye()
        assert carry(first, second, whole) == b"the last"
        assert second.ended
        assert second.peer_closed
        assert second.failure is None
        assert second.write(b"still to say") == 12  # half-closed
        second.say_goodbye()
        assert not first.ended
        assert carry(second, first, whole) == b"still to say"
        assert first.ended
        assert first.peer_closed


def test_goodbyes_that_cross(pair: tuple[TLSMachine, TLSMachine]) -> None:
    client, server = pair
    for machine in pair:
        machine.say_goodbye()
        machine.say_goodbye()
    said = [machine.output() for machine in pair]
    client.feed(said[1])
    server.feed(said[0])
    for machine in pair:
        assert machine.read() == b""
        assert machine.peer_closed
        assert machine.output() == b""


def test_what_comes_behind_the_goodbye_is_not_kept(pair: tuple[TLSMachine, TLSMachine]) -> None:
    client, server = pair
    client.say_goodbye()
    carry(client, server, whole)
    assert server.ended
    for _ in range(100):
        server.feed(bytes(SLICE))
    assert not server.has_input
    assert server.read() == b""


def test_goodbye_drops_what_nobody_has_read(pair: tuple[TLSMachine, TLSMachine]) -> None:
    client, server = pair
    server.write(bytes(3 * RECORD))
    server.write(b"more")
    encrypted = server.output()
    client.feed(encrypted[:-5])
    client.say_goodbye()
    carry(client, server, whole)
    assert server.peer_closed
    client.feed(encrypted[-5:])
    assert client.read() == b"more"
    assert not client.ended


def test_goodbye_in_the_handshake_says_nothing(certs: Certificates) -> None:
    client = client_of(certs.client_context())
    client.handshake()
    client.output()
    client.say_goodbye()
    assert client.output() == b""


@pytest.mark.parametrize("into", [False, True], ids=["read", "read_into"])
def test_sound_records_before_a_broken_one_are_given_out(
    pair: tuple[TLSMachine, TLSMachine], into: bool
) -> None:
    client, server = pair
    client.write(b"sound ")
    client.write(b"and ")
    good = client.output()
    client.write(b"broken")
    bad = bytearray(client.output())
    bad[-1] ^= 1
    server.feed(good + bad + b"rubbish")
    if into:
        buffer = memoryview(bytearray(100))
        assert bytes(buffer[: server.read_into(buffer)]) == b"sound and "
        assert server.read_into(buffer) == 0
    else:
        assert server.read() == b"sound and "
        assert server.read() == b""
    assert server.ended
    assert not server.peer_closed
    assert "bad record mac" in str(server.failure)
    client.feed(server.output())
    assert client.read() == b""
    assert "alert" in str(client.failure).lower()
    with pytest.raises(ssl.SSLError):
        server.write(b"x")
    server.say_goodbye()  # there is nothing to say any more
    assert server.output() == b""


def test_rubbish_is_a_failure(pair: tuple[TLSMachine, TLSMachine]) -> None:
    client, _ = pair
    client.feed(b"GET / HTTP/1.1\r\n\r\n")
    assert client.read() == b""
    assert client.failure is not None


@pytest.mark.parametrize(
    ("certificate", "host", "reason"),
    [
        ("expired", "localhost", "certificate has expired"),
        ("wrong_host", "localhost", "Hostname mismatch"),
        ("server", "other.example", "Hostname mismatch"),
        ("stranger", "localhost", "unable to get local issuer certificate"),
    ],
)
def test_a_client_refuses_the_certificate(
    certs: Certificates, certificate: str, host: str, reason: str
) -> None:
    client = client_of(certs.client_context(), host)
    server = server_of(certs.server_context(getattr(certs, certificate)))
    with pytest.raises(ssl.SSLCertVerificationError, match=reason):
        shake_hands(client, server)
    server.feed(client.output())  # an alert
    with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
        server.handshake()


def test_no_version_in_common(certs: Certificates) -> None:
    old, new = certs.client_context(), certs.server_context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    new.minimum_version = ssl.TLSVersion.TLSv1_3
    client, server = client_of(old), server_of(new)
    with pytest.raises(ssl.SSLError, match=r"(?i)unsupported.protocol"):
        shake_hands(client, server)


def test_a_client_that_checks_needs_a_name(certs: Certificates) -> None:
    with pytest.raises(ValueError, match="server_hostname"):
        client_of(certs.client_context(), None)
    unchecked = client_of(certs.client_context(), "")
    shake_hands(unchecked, server_of(certs.server_context(certs.wrong_host)))


def test_a_write_that_has_to_wait_for_a_handshake_takes_nothing(
    pair: tuple[TLSMachine, TLSMachine], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, server = pair

    def refuse(data: object) -> int:
        raise ssl.SSLWantReadError

    usual = client._write
    client._write = refuse  # type: ignore[method-assign]
    assert client.write(b"later") == 0
    assert client.output() == b""
    client._write = usual  # type: ignore[method-assign]
    assert client.write(b"later") == 5
    assert carry(client, server, whole) == b"later"


def test_output_size(pair: tuple[TLSMachine, TLSMachine]) -> None:
    client, _ = pair
    assert client.output_size == 0
    client.write(b"x" * 100)
    assert client.output_size > 100
    assert len(client.output()) > 100
    assert client.output_size == 0
