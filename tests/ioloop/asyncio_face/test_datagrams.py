"""create_datagram_endpoint."""

import asyncio
import os
import socket

import pytest

from tests.ioloop.transports.test_datagram import Recorder
from tornadolike.ioloop.transports.datagram import DatagramTransport

UDP4 = (socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP, "")
UDP6 = (socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_UDP, "")


def run(loop, function):
    loop.run_sync(function, timeout=10)


async def end(*endpoints):
    for transport, protocol in endpoints:
        transport.abort()
        await protocol.hears("lost")


def resolving(loop, **names):
    """Have the loop resolve ``names``."""

    async def getaddrinfo(host, port, **kwargs):
        asked.append((host, port, kwargs))
        return [(*info, (address, port)) for info, address in names[host]]

    asked = []
    loop.getaddrinfo = getaddrinfo
    return asked


def test_two_endpoints_talk(loop):
    """Over each poller."""

    async def main():
        server = await loop.create_datagram_endpoint(Recorder, ("127.0.0.1", 0))
        address = server[0].get_extra_info("sockname")
        client = await loop.create_datagram_endpoint(Recorder, remote_addr=address)
        assert isinstance(client[0], DatagramTransport)
        assert client[0].get_extra_info("peername") == address
        assert client[1].heard == [("made",)]
        client[0].sendto(b"question")
        _, data, sender = await server[1].hears("data")
        assert (data, sender) == (b"question", client[0].get_extra_info("sockname"))
        server[0].sendto(b"answer", sender)
        assert await client[1].hears("data") == ("data", b"answer", address)
        with pytest.raises(ValueError, match="must be None or"):
            client[0].sendto(b"x", ("127.0.0.1", 1))
        await end(server, client)

    run(loop, main)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="the system has no IPv6")
def test_ipv6(io_loop):
    async def main():
        server = await io_loop.create_datagram_endpoint(Recorder, ("::1", 0))
        client = await io_loop.create_datagram_endpoint(
            Recorder, remote_addr=server[0].get_extra_info("sockname")[:2]
        )
        client[0].sendto(b"x")
        await server[1].hears("data")
        await end(server, client)

    run(io_loop, main)


def test_a_family_only(io_loop):
    async def main():
        endpoint = await io_loop.create_datagram_endpoint(Recorder, family=socket.AF_INET)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(("127.0.0.1", 0))
            endpoint[0].sendto(b"x", peer.getsockname())
            assert peer.recv(9) == b"x"
        await end(endpoint)
        with pytest.raises(ValueError, match="unexpected address family"):
            await io_loop.create_datagram_endpoint(Recorder)

    run(io_loop, main)


def test_names_are_resolved_and_tried_in_order(io_loop):
    async def main():
        asked = resolving(io_loop, local=[(UDP4, "192.0.2.1"), (UDP4, "127.0.0.1"), (UDP6, "::1")])
        # Of one family the last counts, as in asyncio.
        endpoint = await io_loop.create_datagram_endpoint(Recorder, ("local", 0), flags=7, proto=17)
        assert endpoint[0].get_extra_info("sockname")[0] == "127.0.0.1"
        assert asked == [
            ("local", 0, {"family": 0, "type": socket.SOCK_DGRAM, "proto": 17, "flags": 7})
        ]
        await end(endpoint)

        resolving(io_loop, local=[(UDP6, "2001:db8::1"), (UDP4, "127.0.0.1")])
        endpoint = await io_loop.create_datagram_endpoint(Recorder, ("local", 0))
        assert endpoint[0].get_extra_info("sockname")[0] == "127.0.0.1"
        await end(endpoint)

        resolving(io_loop, local=[(UDP6, "2001:db8::1"), (UDP4, "192.0.2.1")])
        with pytest.raises(OSError, match="assign requested address"):
            await io_loop.create_datagram_endpoint(Recorder, ("local", 0))

    run(io_loop, main)


def test_both_addresses_have_to_be_of_one_family(io_loop):
    async def main():
        resolving(
            io_loop,
            both=[(UDP6, "::1"), (UDP4, "127.0.0.1")],
            old=[(UDP4, "127.0.0.1")],
            new=[(UDP6, "::1")],
        )
        endpoint = await io_loop.create_datagram_endpoint(Recorder, ("both", 0), ("old", 9))
        assert endpoint[0].get_extra_info("sockname")[0] == "127.0.0.1"
        assert endpoint[0].get_extra_info("peername") == ("127.0.0.1", 9)
        await end(endpoint)
        with pytest.raises(ValueError, match="can not get address information"):
            await io_loop.create_datagram_endpoint(Recorder, ("new", 0), ("old", 9))

    run(io_loop, main)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", ("127.0.0.1",), ["127.0.0.1", 9], ("::1", 9, 0, 0)]
)
def test_what_is_no_address(io_loop, address):
    async def main():
        with pytest.raises(TypeError, match="2-tuple is expected"):
            await io_loop.create_datagram_endpoint(Recorder, address)
        with pytest.raises(TypeError, match="2-tuple is expected"):
            await io_loop.create_datagram_endpoint(Recorder, remote_addr=address)

    run(io_loop, main)


def test_a_port_that_is_taken(io_loop):
    async def main():
        first = await io_loop.create_datagram_endpoint(Recorder, ("127.0.0.1", 0), reuse_port=True)
        address = first[0].get_extra_info("sockname")
        with pytest.raises(OSError, match="in use"):
            await io_loop.create_datagram_endpoint(Recorder, address)
        second = await io_loop.create_datagram_endpoint(Recorder, address, reuse_port=True)
        await end(first, second)
        with pytest.raises(TypeError, match="reuse_address"):
            await io_loop.create_datagram_endpoint(Recorder, address, reuse_address=True)

    run(io_loop, main)


def test_a_system_that_cannot_share_ports(io_loop, monkeypatch):
    monkeypatch.delattr(socket, "SO_REUSEPORT")

    async def main():
        with pytest.raises(ValueError, match="reuse_port is not supported"):
            await io_loop.create_datagram_endpoint(Recorder, ("127.0.0.1", 0), reuse_port=True)

    run(io_loop, main)


def test_broadcasting_leaves_the_socket_unconnected(io_loop):
    """So that the answers, which come from other addresses, are heard."""

    async def main():
        for broadcast in (True, False):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
                peer.bind(("127.0.0.1", 0))
                transport, protocol = await io_loop.create_datagram_endpoint(
                    Recorder, remote_addr=peer.getsockname(), allow_broadcast=broadcast
                )
                sock = transport.get_extra_info("socket")
                assert bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST)) is broadcast
                assert (transport.get_extra_info("peername") is None) is broadcast
                transport.sendto(b"x")
                data, sender = peer.recvfrom(9)
                assert data == b"x"
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                    other.sendto(b"other", sender)
                peer.sendto(b"peer", sender)
                await protocol.until(lambda protocol=protocol: b"peer" in protocol.data)
                assert protocol.data == ([b"other", b"peer"] if broadcast else [b"peer"])
                await end((transport, protocol))

    run(io_loop, main)


# A socket that exists


def test_a_socket_that_exists(io_loop):
    async def main():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        transport, protocol = await io_loop.create_datagram_endpoint(Recorder, sock=sock)
        assert sock.gettimeout() == 0
        assert transport.get_extra_info("socket")._sock is sock
        await end((transport, protocol))
        await asyncio.sleep(0)
        assert sock.fileno() == -1

    run(io_loop, main)


def test_unix_sockets_that_are_a_pair(io_loop):
    """Their addresses are empty, and yet they are connected."""

    async def main():
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        with theirs:
            endpoint = await io_loop.create_datagram_endpoint(Recorder, sock=ours)
            endpoint[0].sendto(b"x")
            assert theirs.recv(9) == b"x"
            theirs.send(b"y")
            assert await endpoint[1].hears("data") == ("data", b"y", None)
            await end(endpoint)

    run(io_loop, main)


def test_a_socket_and_arguments_to_make_one(io_loop):
    async def main():
        with (
            socket.socket() as stream,
            pytest.raises(ValueError, match="A datagram socket was expected"),
        ):
            await io_loop.create_datagram_endpoint(Recorder, sock=stream)
        for name, value in {
            "local_addr": ("127.0.0.1", 0),
            "remote_addr": ("127.0.0.1", 9),
            "family": socket.AF_INET,
            "proto": 17,
            "flags": 1,
            "reuse_port": True,
            "allow_broadcast": True,
        }.items():
            with (
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
                pytest.raises(ValueError, match=rf"when sock is specified\. \({name}=.*\)"),
            ):
                await io_loop.create_datagram_endpoint(Recorder, sock=sock, **{name: value})

    run(io_loop, main)


def test_a_factory_that_fails(io_loop):
    """Our own socket is closed (the fixtures look), another stays the caller's."""

    def fail():
        raise KeyError("factory")

    async def main():
        with pytest.raises(KeyError):
            await io_loop.create_datagram_endpoint(fail, ("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            with pytest.raises(KeyError):
                await io_loop.create_datagram_endpoint(fail, sock=sock)
            assert sock.fileno() != -1

    run(io_loop, main)


def test_cancelled_while_it_connects(io_loop, monkeypatch):
    async def main():
        monkeypatch.setattr(
            "tornadolike.ioloop.asyncio_face.datagrams.connect", lambda *args: asyncio.sleep(100)
        )
        task = asyncio.create_task(
            io_loop.create_datagram_endpoint(Recorder, remote_addr=("127.0.0.1", 9))
        )
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(io_loop, main)


# Unix sockets


def test_unix_sockets(io_loop, tmp_path):
    path, other = str(tmp_path / "server"), str(tmp_path / "client")

    async def main():
        for _ in range(2):  # at the second time the file is there already
            server = await io_loop.create_datagram_endpoint(Recorder, path, family=socket.AF_UNIX)
            client = await io_loop.create_datagram_endpoint(
                Recorder, other, path, family=socket.AF_UNIX
            )
            client[0].sendto(b"x")
            assert await server[1].hears("data") == ("data", b"x", other)
            server[0].sendto(b"y", other)
            await client[1].hears("data")
            await end(server, client)

    run(io_loop, main)


def test_abstract_names(io_loop):
    async def main():
        name = f"\0tornadolike-test-{os.getpid()}"
        endpoint = await io_loop.create_datagram_endpoint(Recorder, name, family=socket.AF_UNIX)
        assert endpoint[0].get_extra_info("sockname") == name.encode()
        await end(endpoint)

    run(io_loop, main)


def test_what_is_no_path(io_loop, tmp_path):
    async def main():
        for address in (("127.0.0.1", 0), b"/path", 7):
            with pytest.raises(TypeError, match="string is expected"):
                await io_loop.create_datagram_endpoint(Recorder, address, family=socket.AF_UNIX)
            with pytest.raises(TypeError, match="string is expected"):
                await io_loop.create_datagram_endpoint(
                    Recorder, "/x", address, family=socket.AF_UNIX
                )

    run(io_loop, main)


def test_only_sockets_are_removed(io_loop, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("data")

    async def main():
        with pytest.raises(OSError, match="in use"):
            await io_loop.create_datagram_endpoint(Recorder, str(precious), family=socket.AF_UNIX)

    run(io_loop, main)
    assert precious.read_text() == "data"


def test_a_path_that_cannot_be_looked_at(io_loop, tmp_path, expect_log):
    (tmp_path / "file").write_text("")

    async def main():
        with pytest.raises(OSError, match="Not a directory"):
            await io_loop.create_datagram_endpoint(
                Recorder, str(tmp_path / "file" / "socket"), family=socket.AF_UNIX
            )

    with expect_log("asyncio", "Unable to check or remove stale UNIX socket"):
        run(io_loop, main)
