"""Peers that take their time: that never read, or send a byte a second. (The clock jumps.)"""

import asyncio
import ssl
from typing import Any

import pytest

from tests.faults.makers import MAKERS, stream_and_machine, tls
from tests.faults.scripts import play
from tests.faults.sockets import pair
from tests.running import now, turns
from tests.tls_certs import Certificates
from tornadolike.ioloop.transports.tls.machine import TLSMachine
from tornadolike.iostream import IOStream, SSLIOStream, StreamBufferFullError, StreamClosedError

PIECE = bytes(50_000)

makers = pytest.mark.parametrize("make", MAKERS)


def held_by(stream: Any) -> int:
    """Bytes that wait to be sent, wherever they are."""
    return len(stream._write_buffer) + stream._transport.get_write_buffer_size()


@makers
@pytest.mark.parametrize("listens", [True, False])
def test_who_waits_for_his_writes_holds_little(
    make: Any, certs: Certificates, listens: bool
) -> None:
    """Neither end buffers what nobody reads."""

    async def main() -> None:
        ours, theirs = make(pair(), certs, {})
        await asyncio.gather(ours.write(b"a"), theirs.read_bytes(1))
        if listens:
            theirs.set_close_callback(lambda: None)
        taken = 0

        async def write() -> None:
            nonlocal taken
            while True:
                await ours.write(PIECE)
                taken += len(PIECE)

        writing = asyncio.ensure_future(write())
        await turns(500)
        assert held_by(ours) < 300_000
        assert taken < 1_000_000, "somebody holds it"
        ours.close()
        theirs.close()
        with pytest.raises(StreamClosedError):
            await writing

    play(main())


@makers
def test_who_does_not_wait_for_his_writes_is_stopped(make: Any, certs: Certificates) -> None:
    async def main() -> None:
        ours, theirs = make(pair(), certs, {"max_write_buffer_size": 1_000_000})
        await asyncio.gather(ours.write(b"a"), theirs.read_bytes(1))
        with pytest.raises(StreamBufferFullError):
            await asyncio.gather(*[ours.write(PIECE) for _ in range(100)])
        await turns(20)
        assert held_by(ours) < 1_500_000
        ours.close()
        theirs.close()

    play(main())


@makers
def test_a_byte_a_second(make: Any, certs: Certificates) -> None:
    async def main() -> None:
        ours, theirs = make(pair(), certs, {})
        await asyncio.gather(ours.write(b"a"), theirs.read_bytes(1))
        line = b"patience\r\n" * 20
        reading = ours.read_until(line)
        began = now()
        for number in line:
            await asyncio.sleep(1)
            assert not reading.done()
            await theirs.write(bytes([number]))
        assert await reading == line
        assert now() - began == len(line)
        ours.close()
        theirs.close()

    play(main())


def test_the_encrypted_bytes_of_a_record_a_byte_a_second(certs: Certificates) -> None:
    async def main() -> None:
        stream, theirs, client = await stream_and_machine(certs)
        reading = stream.read_bytes(5)
        client.write(b"hello")
        for number in client.output():
            assert not reading.done()
            await asyncio.sleep(1)
            theirs.send(bytes([number]))
        assert await reading == b"hello"
        stream.close()
        theirs.close()

    play(main())


def test_a_handshake_of_a_byte_a_second(certs: Certificates) -> None:
    async def main() -> None:
        sock, theirs = pair()
        stream = SSLIOStream(sock, ssl_options=certs.server_context(), server_side=True)
        client = TLSMachine(certs.client_context(), server_side=False, server_hostname="localhost")
        client.handshake()
        began = now()
        handshake = stream.wait_for_handshake()
        for number in client.output():
            await asyncio.sleep(1)
            if stream.closed():
                break
            theirs.send(bytes([number]))
        with pytest.raises(ConnectionAbortedError, match="60"):
            await handshake
        assert now() - began == 60
        theirs.close()

    play(main())


def test_a_closed_stream_whose_peer_does_not_read(certs: Certificates) -> None:
    """What it has taken it tries to send, but not for ever."""

    async def main() -> None:
        ours, theirs = tls(pair(), certs, {"ssl_shutdown_timeout": 10})
        await asyncio.gather(ours.write(b"a"), theirs.read_bytes(1))
        sock = ours._transport._lower._sock
        while not held_by(ours):
            ours.write(PIECE)
        await turns(20)
        assert held_by(ours)
        began = now()
        ours.close()
        await turns()
        assert sock.fileno() != -1
        while sock.fileno() != -1:
            await asyncio.sleep(1)
        assert now() - began == 10
        with pytest.raises((StreamClosedError, ssl.SSLError)):
            await theirs.read_bytes(10_000_000)
        assert theirs.truncated

    play(main())


def test_an_idle_stream_takes_a_chunk_and_no_more() -> None:
    async def main() -> None:
        sock, theirs = pair()
        stream = IOStream(sock, read_chunk_size=1000)
        stream.set_close_callback(lambda: None)
        taken = 0
        for _ in range(100):
            try:
                taken += theirs.send(PIECE)
            except BlockingIOError:
                await turns(1)
        assert len(stream._read_buffer) == 1000
        assert taken < 1_000_000
        stream.close()
        theirs.close()

    play(main())
