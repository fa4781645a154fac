"""Those who keep count of streams, and the end that they wait for."""

import socket
import tempfile

import pytest

from tests.running import turns
from tornadolike.iostream import IOStream, SSLIOStream, StreamClosedError, memory_stream_pair


class Keeper:
    """Notes what it is told."""

    def __init__(self, stream):
        self.told = []
        stream.keeper = self

    def stream_closed(self, stream):
        self.told.append(("closed", stream))

    def stream_rests(self, stream):
        """See :class:`Resting`."""

    def stream_replaced(self, stream):
        self.told.append(("replaced", stream))
        stream.keeper = self


def streams():
    ours, theirs = socket.socketpair()
    return IOStream(ours), IOStream(theirs)


def test_a_keeper_is_told_once(run):
    async def main():
        for end in (IOStream.close, IOStream.abort):
            stream, other = streams()
            keeper = Keeper(stream)
            end(stream)
            assert keeper.told == [("closed", stream)]
            stream.close()
            stream.abort()
            assert len(keeper.told) == 1
            other.close()

    run(main)


def test_a_keeper_is_told_of_the_others_end(run):
    async def main():
        stream, other = streams()
        keeper = Keeper(stream)
        other.close()
        with pytest.raises(StreamClosedError):
            await stream.read_bytes(1)
        assert keeper.told == [("closed", stream)]

    run(main)


def test_who_detaches_keeps_it_himself(run):
    async def main():
        stream, other = streams()
        keeper = Keeper(stream)
        transport = stream.detach()
        assert keeper.told == [("closed", stream)]
        transport.abort()
        other.close()

    run(main)


class Resting(Keeper):
    """Notes that, too."""

    def stream_rests(self, stream):
        self.told.append(("rests", stream.reading(), stream.writing()))


def test_a_keeper_knows_when_nothing_waits_any_more(run):
    async def main():
        stream, other = streams()
        keeper = Resting(stream)
        reading = stream.read_bytes(1)
        await other.write(b"x")
        await reading
        assert keeper.told == [("rests", False, False)]
        stream.write(b"x" * 3_000_000)
        with tempfile.TemporaryFile() as file:
            file.write(b"file")
            file.flush()
            stream.send_file(file)
            writing = stream.write(b"tail")
            await other.read_bytes(3_000_000 + 4 + 4)
            await writing
        assert keeper.told == [("rests", False, False)] * 2
        stream.close()
        other.close()

    run(main)


def test_a_keeper_knows_when_a_handshake_is_done(run, certs):
    async def main():
        ours, theirs = socket.socketpair()
        server = SSLIOStream(ours, ssl_options=certs.server_context(), server_side=True)
        keeper = Resting(server)
        client = await IOStream(theirs).start_tls(False, certs.client_context(), "localhost")
        await server.wait_for_handshake()
        assert keeper.told == [("rests", False, False)]
        server.close()
        client.close()

    run(main)


def test_a_keeper_follows_a_stream_to_tls(run, certs):
    async def main():
        stream, other = streams()
        keeper = Keeper(stream)
        accepting = stream.start_tls(True, certs.server_context())
        calling = other.start_tls(False, certs.client_context(), "localhost")
        tls, client = await accepting, await calling
        assert keeper.told == [("replaced", tls)]
        client.close()
        with pytest.raises(StreamClosedError):
            await tls.read_bytes(1)
        await turns()
        assert keeper.told == [("replaced", tls), ("closed", tls)]

    run(main)


@pytest.mark.parametrize("end", ["close", "abort"])
def test_what_is_on_its_way_is_waited_for_or_dropped(run, certs, end):
    """The stream is closed already when its last bytes leave; its keeper hears of it then."""

    async def main():
        ours, theirs = socket.socketpair()
        for sock in (ours, theirs):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        server = SSLIOStream(ours, ssl_options=certs.server_context(), server_side=True)
        other = IOStream(theirs)
        client = await other.start_tls(False, certs.client_context(), "localhost")
        await server.wait_for_handshake()
        keeper = Keeper(server)
        server.write(b"x" * 10_000_000)
        server.close()
        assert server.closed()
        assert keeper.told == []
        if end == "abort":
            server.abort()
            assert keeper.told == [("closed", server)]
        received = bytearray(await client.read_until_close())
        assert bool(received) == (end == "close")  # not even one record of TLS was through
        await turns()
        assert keeper.told == [("closed", server)]
        assert client.truncated == (end == "abort")

    run(main)


def test_a_pair_in_memory(run):
    async def main():
        stream, other = memory_stream_pair()
        keeper = Keeper(stream)
        stream.close()
        await turns()
        assert keeper.told == [("closed", stream)]
        other.abort()

    run(main)
