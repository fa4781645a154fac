"""Handshakes: done, refused, late, cut off, given up; and what is known after them."""

import asyncio
import socket
import ssl
import struct
from typing import Any

import pytest

from tests.ioloop.transports.bench import run
from tests.ioloop.transports.tls.scene import Scene, TLSRecorder
from tests.tls_certs import SUBJECT
from tornadolike.ioloop.transports.tls import SSLTransport, TLSProtocol, make_client_context

BOTH_SIDES = pytest.mark.parametrize("server_side", [True, False], ids=["server", "client"])


@BOTH_SIDES
def test_a_conversation(scene: Scene, server_side: bool) -> None:
    async def main() -> None:
        transport, protocol, peer, waiter = scene.start(server_side=server_side)
        assert protocol.heard == []
        assert transport.get_extra_info("cipher") is None
        await peer.shake_hands()
        await waiter
        assert protocol.heard == [("made",)]
        assert protocol.tls is transport
        await peer.send(b"question")
        await protocol.has_data(b"question")
        transport.write(b"answer")
        await peer.has(b"answer")
        transport.close()
        assert await peer.receive() == b""
        assert peer.machine.peer_closed
        await peer.goodbye()
        assert await protocol.hears("lost") == ("lost", None)
        assert protocol.names == ["made", "data", "lost"]
        assert await peer.sees_end() is True

    run(scene.bench, main)


def test_what_came_with_the_handshake_is_delivered_after_it(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer, waiter = scene.start()
        peer.machine.handshake()
        await peer.flush()
        while not peer.machine.handshake():
            await peer.step()
        peer.machine.write(b"early")  # in one piece with the end of the handshake
        await peer.flush()
        await waiter
        assert protocol.heard == [("made",), ("data", b"early")]
        transport.abort()
        await protocol.hears("lost")

    run(scene.bench, main)


def test_what_is_written_before_the_end_of_the_handshake_waits(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer, waiter = scene.start()
        data = bytearray(b"x" * 100)
        transport.write(data)
        transport.writelines([b"y" * 20_000])
        data[:] = b"z" * 100
        assert transport.get_write_buffer_size() == 20_100
        await peer.shake_hands()
        await waiter
        await peer.has(b"x" * 100 + b"y" * 20_000)
        transport.abort()
        await protocol.hears("lost")

    run(scene.bench, main)


@BOTH_SIDES
def test_what_is_known(scene: Scene, server_side: bool) -> None:
    async def main() -> None:
        client = scene.certs.client_context(scene.certs.client)
        server = scene.certs.server_context(ask_client=True)
        for context in (client, server):
            context.set_alpn_protocols(["http/1.1"])
        context, peer_context = (server, client) if server_side else (client, server)
        transport, protocol, peer, waiter = scene.start(
            server_side=server_side, context=context, peer_context=peer_context
        )
        assert transport.get_extra_info("sslcontext") is context
        for name in ("ssl_object", "peercert", "cipher", "compression"):
            assert transport.get_extra_info(name, "unknown") == "unknown"
        await peer.shake_hands()
        await waiter
        ssl_object = transport.get_extra_info("ssl_object")
        assert ssl_object.selected_alpn_protocol() == "http/1.1"
        assert transport.get_extra_info("cipher") == ssl_object.cipher()
        assert transport.get_extra_info("compression") is None
        name = SUBJECT if server_side else "localhost"
        assert transport.get_extra_info("peercert")["subject"] == ((("commonName", name),),)
        assert transport.get_extra_info("peername") == peer.sock.getsockname()
        assert transport.get_extra_info("sockname") == peer.sock.getpeername()
        assert transport.get_extra_info("socket").fileno() > 0
        assert transport.get_extra_info("nothing", 7) == 7
        assert "open" in repr(transport)
        assert transport.get_protocol() is protocol
        assert transport.peer_state() == "open"
        transport.abort()
        await protocol.hears("lost")
        await scene.bench.turns()
        assert "lost" in repr(transport)
        assert transport.get_extra_info("socket", "gone") == "gone"
        assert transport.get_extra_info("cipher") is not None
        assert transport.get_protocol() is None

    run(scene.bench, main)


REFUSED = [
    ("expired", "localhost", "has expired"),
    ("wrong_host", "localhost", "Hostname mismatch"),
    ("stranger", "localhost", "unable to get local issuer"),
]


@pytest.mark.parametrize(("certificate", "host", "reason"), REFUSED)
def test_a_certificate_that_a_client_refuses(
    scene: Scene, certificate: str, host: str, reason: str
) -> None:
    """The waiter is told why, the peer by an alert, the application nothing, and no log."""

    async def main() -> None:
        server = scene.certs.server_context(getattr(scene.certs, certificate))
        transport, protocol, peer, waiter = scene.start(
            server_side=False, peer_context=server, hostname=host
        )
        with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
            await peer.shake_hands()
        with pytest.raises(ssl.SSLCertVerificationError, match=reason):
            await waiter
        await peer.sees_end()
        assert protocol.heard == []
        assert transport.is_closing()

    run(scene.bench, main)


@pytest.mark.parametrize("debug", [False, True])
def test_a_client_that_goes_away_from_a_server_is_no_news(
    scene: Scene, debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        client = scene.certs.client_context()
        _, protocol, peer, waiter = scene.start(peer_context=client, hostname="other.example")
        with pytest.raises(ssl.SSLCertVerificationError):
            await peer.shake_hands()
        await peer.flush()
        with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
            await waiter
        assert protocol.heard == []

    scene.loop.set_debug(debug)
    caplog.set_level("DEBUG", "asyncio")
    run(scene.bench, main)
    assert ("alert" in caplog.text.lower()) == debug


def test_a_client_without_tls(scene: Scene) -> None:
    async def main() -> None:
        _, protocol, peer, waiter = scene.start()
        peer.sock.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with pytest.raises(ssl.SSLError, match=r"(?i)http.request"):
            await waiter
        await peer.sees_end()
        assert protocol.heard == []

    run(scene.bench, main)


def test_a_client_that_shows_no_certificate(scene: Scene) -> None:
    """In TLS 1.3 the client thinks that all is well, and learns it with its first reading."""

    async def main() -> None:
        server = scene.certs.server_context(ask_client=True)
        transport, protocol, peer, waiter = scene.start(server_side=False, peer_context=server)
        with pytest.raises(ssl.SSLError, match=r"(?i)certificate"):
            await peer.shake_hands()
        await waiter
        await peer.flush()
        _, error = await protocol.hears("lost")
        assert isinstance(error, ssl.SSLError)
        assert "alert" in str(error).lower()
        assert protocol.names == ["made", "lost"]
        assert transport.is_closing()

    run(scene.bench, main)


def test_a_late_handshake(scene: Scene) -> None:
    async def main() -> None:
        _, protocol, peer, waiter = scene.start(ssl_handshake_timeout=0.05)
        text = "SSL handshake is taking longer than 0.05 seconds: aborting the connection"
        with pytest.raises(ConnectionAbortedError, match=text):
            await waiter
        await peer.sees_end()
        assert protocol.heard == []

    run(scene.bench, main)


def test_no_time_out_after_the_handshake(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open(ssl_handshake_timeout=0.05)
        await asyncio.sleep(0.1)
        await peer.send(b"still there")
        await protocol.has_data(b"still there")
        transport.abort()
        await protocol.hears("lost")

    run(scene.bench, main)


@BOTH_SIDES
def test_a_peer_that_ends_in_the_handshake(scene: Scene, server_side: bool) -> None:
    async def main() -> None:
        _, protocol, peer, waiter = scene.start(server_side=server_side)
        peer.sock.shutdown(socket.SHUT_WR)
        with pytest.raises(ConnectionResetError, match="handshake"):
            await waiter
        await peer.sees_end()
        assert protocol.heard == []

    run(scene.bench, main)


def test_a_peer_that_resets_in_the_handshake(scene: Scene) -> None:
    async def main() -> None:
        _, protocol, peer, waiter = scene.start()
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.sock.close()
        with pytest.raises(ConnectionResetError):
            await waiter
        assert protocol.heard == []

    run(scene.bench, main)


@pytest.mark.parametrize("end", [SSLTransport.close, SSLTransport.abort, SSLTransport.reset])
def test_given_up_in_the_handshake(scene: Scene, end: Any) -> None:
    async def main() -> None:
        transport, protocol, peer, waiter = scene.start()
        end(transport)
        assert transport.is_closing()
        end(transport)
        with pytest.raises(ConnectionAbortedError, match="handshake"):
            await waiter
        await peer.sees_end()
        assert protocol.heard == []

    run(scene.bench, main)


def test_a_waiter_that_was_cancelled(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer, waiter = scene.start()
        waiter.cancel()
        await peer.shake_hands()
        await protocol.hears("made")
        transport.abort()
        await protocol.hears("lost")
        _, late, peer, waiter = scene.start(ssl_handshake_timeout=0.01)
        waiter.cancel()
        await peer.sees_end()
        assert late.heard == []

    run(scene.bench, main)


def test_a_connection_made_that_fails(scene: Scene, expect_log: Any) -> None:
    async def main() -> None:
        protocol = TLSRecorder()
        protocol.actions["made"] = lambda: 1 / 0
        _, _, peer, waiter = scene.start(protocol=protocol)
        await peer.shake_hands()
        with pytest.raises(ZeroDivisionError):
            await waiter
        assert isinstance((await protocol.hears("lost"))[1], ZeroDivisionError)
        await peer.sees_end()

    with expect_log("asyncio", r"raised an exception in connection_made\(\)", count=1):
        run(scene.bench, main)


def test_a_protocol_that_closes_at_once(scene: Scene) -> None:
    async def main() -> None:
        protocol = TLSRecorder()
        protocol.actions["made"] = lambda: (protocol.tls.write(b"go away"), protocol.tls.close())
        _, _, peer, waiter = scene.start(protocol=protocol)
        await peer.shake_hands()
        await waiter
        assert await peer.receive() == b"go away"
        assert peer.machine.peer_closed
        await peer.goodbye()
        await protocol.hears("lost")
        assert protocol.names == ["made", "lost"]

    run(scene.bench, main)


def test_a_name_chooses_the_certificate(scene: Scene) -> None:
    """A callback of the server's context may put another one in its place."""
    seen = []

    async def main() -> None:
        front, behind = (
            scene.certs.server_context(scene.certs.wrong_host),
            scene.certs.server_context(),
        )

        def choose(ssl_object: Any, name: str | None, context: ssl.SSLContext) -> None:
            seen.append(name)
            ssl_object.context = behind

        front.sni_callback = choose
        transport, protocol, peer = await scene.open(context=front)
        transport.abort()
        await protocol.hears("lost")
        assert peer.machine.ssl_object.getpeercert()["subject"] == ((("commonName", "localhost"),),)

    run(scene.bench, main)
    assert seen == ["localhost"]


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_session_is_taken_up_again(scene: Scene, version: str) -> None:
    async def main() -> None:
        server, client = scene.certs.server_context(), scene.certs.client_context()
        client.maximum_version = ssl.TLSVersion[version]
        session = None
        for reused in (False, True):
            transport, protocol, peer, waiter = scene.start(context=server, peer_context=client)
            if session is not None:
                peer.machine.ssl_object.session = session
            await peer.shake_hands()
            await waiter
            transport.write(b"and tickets")
            await peer.has(b"and tickets")
            session = peer.machine.ssl_object.session
            assert peer.machine.ssl_object.session_reused == reused
            transport.abort()
            await protocol.hears("lost")

    run(scene.bench, main)


@pytest.mark.parametrize("option", ["ssl_handshake_timeout", "ssl_shutdown_timeout"])
@pytest.mark.parametrize("seconds", [0, -1])
def test_time_outs_are_positive(scene: Scene, option: str, seconds: int) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match=f"{option} should be a positive number, got"):
            scene.start(**{option: seconds})

    run(scene.bench, main)


def test_the_context_that_a_client_means() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert make_client_context(context, check_hostname=False) is context
    assert context.check_hostname
    made = make_client_context(True)
    assert made.check_hostname
    assert made.verify_mode is ssl.CERT_REQUIRED
    assert not make_client_context(True, check_hostname=False).check_hostname


def test_a_name_is_asked_for(scene: Scene) -> None:
    with pytest.raises(ValueError, match="server_hostname is needed"):
        TLSProtocol(scene.loop, TLSRecorder(), scene.certs.client_context(), None)


def test_given_up_before_there_is_a_transport_below(scene: Scene) -> None:
    async def main() -> None:
        waiter = scene.loop.create_future()
        tls = TLSProtocol(
            scene.loop, TLSRecorder(), scene.certs.server_context(), waiter, server_side=True
        )
        tls.transport.close()
        from tornadolike.ioloop.transports import SocketTransport

        ours, _ = scene.bench.pair()
        SocketTransport(scene.loop, ours, tls)
        with pytest.raises(ConnectionAbortedError):
            await waiter

    run(scene.bench, main)
