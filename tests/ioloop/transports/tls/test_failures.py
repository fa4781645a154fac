"""Which side gave up, and why."""

import asyncio
import functools
import logging
import ssl
from typing import Any

import pytest

from tests import tls_certs
from tests.ioloop.transports.bench import run
from tests.ioloop.transports.tls.scene import Scene
from tests.tls_certs import Certificates
from tornadolike.ioloop.transports.tls.failures import explain, logging_waiter
from tornadolike.ioloop.transports.tls.machine import TLSMachine

TLSv1_2, TLSv1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def meet(
    server: ssl.SSLContext, client: ssl.SSLContext, host: str = "localhost"
) -> dict[str, ssl.SSLError | None]:
    """What ends the conversation of two machines, on both sides."""
    machines = {
        "client": TLSMachine(client, server_side=False, server_hostname=host),
        "server": TLSMachine(server, server_side=True, server_hostname=None),
    }
    errors: dict[str, ssl.SSLError | None] = {}
    for _ in range(4):
        for side, other in (("client", "server"), ("server", "client")):
            machine = machines[side]
            if side not in errors:
                try:
                    if machine.handshake():
                        machine.read()
                except ssl.SSLError as error:
                    errors[side] = error
                if machine.failure is not None:
                    errors[side] = machine.failure
            machines[other].feed(machine.output())
    return errors


def notes(errors: dict[str, ssl.SSLError | None]) -> dict[str, str]:
    found = {}
    for side, error in errors.items():
        assert error is not None
        (found[side],) = error.__notes__
    return found


@pytest.fixture(params=[TLSv1_2, TLSv1_3])
def only(request: pytest.FixtureRequest) -> Any:
    return functools.partial(tls_certs.only, version=request.param)


def test_a_certificate_of_a_stranger(certs: Certificates, only: Any) -> None:
    context = only(certs.server_context(certs.stranger))
    assert notes(meet(context, certs.client_context())) == {
        "client": "we refused the server's certificate: unable to get local issuer certificate (our "
        "context trusts no authority that signed it: see load_verify_locations)",
        "server": "the client gave up: it does not trust the authority that signed our certificate",
    }


def test_a_certificate_that_has_expired(certs: Certificates, only: Any) -> None:
    context = only(certs.server_context(certs.expired))
    assert notes(meet(context, certs.client_context())) == {
        "client": "we refused the server's certificate: certificate has expired",
        "server": "the client gave up: it refused our certificate: by its clock it has expired",
    }


def test_a_certificate_for_another_name(certs: Certificates, only: Any) -> None:
    found = notes(meet(only(certs.server_context()), certs.client_context(), "other.example"))
    assert found == {
        "client": "we refused the server's certificate: Hostname mismatch, certificate is not valid for "
        "'other.example'",
        "server": "the client gave up: it refused our certificate, perhaps because it is for another name",
    }


def test_a_client_without_a_certificate(certs: Certificates, only: Any) -> None:
    found = notes(meet(only(certs.server_context(ask_client=True)), certs.client_context()))
    assert found["server"] == (
        "we gave up: the client has shown no certificate, which our context requires"
    )
    assert found["client"].startswith("the server gave up: it ")
    assert "wants a certificate of ours" in found["client"]


def test_a_client_with_a_strange_certificate(certs: Certificates, only: Any) -> None:
    context = only(certs.server_context(ask_client=True))
    assert notes(meet(context, certs.client_context(certs.stranger))) == {
        "server": "we refused the client's certificate: unable to get local issuer certificate (our "
        "context trusts no authority that signed it: see load_verify_locations)",
        "client": "the server gave up: it does not trust the authority that signed our certificate",
    }


def test_a_name_that_is_not_served(certs: Certificates, only: Any) -> None:
    context = only(certs.server_context())
    context.sni_callback = lambda *about: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    assert notes(meet(context, certs.client_context())) == {
        "server": "we gave up: our callback for the name that was asked for (SNI) refused it, or failed",
        "client": "the server gave up: it does not serve the name that was asked for (server_hostname)",
    }


def test_versions_that_do_not_meet(certs: Certificates) -> None:
    server, client = certs.server_context(), certs.client_context()
    server.minimum_version = TLSv1_3
    client.maximum_version = TLSv1_2
    assert notes(meet(server, client)) == {
        "server": "we gave up: the client speaks none of the versions of TLS that our context allows",
        "client": "the server gave up: it speaks none of the versions of TLS that we allow",
    }


def test_ciphers_that_do_not_meet(certs: Certificates) -> None:
    client = certs.client_context()
    client.maximum_version = TLSv1_2
    client.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384")  # the server's key is of another kind
    found = notes(meet(certs.server_context(), client))
    assert found["server"].startswith("we gave up: the client offers no cipher that goes with")
    assert found["client"].startswith("the server gave up: it found nothing that both can do")


@pytest.mark.parametrize(
    ("server_side", "data", "sentence"),
    [
        (
            True,
            b"GET / HTTP/1.1\r\n\r\n",
            "client speaks plain HTTP where TLS is expected: its URL",
        ),
        (
            True,
            b"CONNECT a:443 HTTP/1.1\r\n\r\n",
            "client takes this port, where TLS is expected, ",
        ),
        (True, b"hello, is anybody there?", "client does not speak TLS: is this the right port?"),
        (
            False,
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "server does not speak TLS: is this the right",
        ),
        (False, b"SSH-2.0-OpenSSH_9.6\r\n", "server does not speak TLS: is this the right port?"),
    ],
)
def test_something_else_than_tls(
    certs: Certificates, server_side: bool, data: bytes, sentence: str
) -> None:
    context = certs.server_context() if server_side else certs.client_context()
    machine = TLSMachine(context, server_side=server_side, server_hostname="localhost")
    machine.feed(data)
    with pytest.raises(ssl.SSLError) as caught:
        machine.handshake()
    (note,) = caught.value.__notes__
    assert note.startswith(f"we gave up: the {sentence}")


@pytest.mark.parametrize(
    ("alert", "sentence"),
    [
        (
            40,
            "found nothing that both can do: our ciphers, curves or kind of certificate do not match",
        ),
        (42, "refused our certificate, perhaps because it is for another name"),
        (43, "refused our certificate: it accepts no such kind, or not for this purpose"),
        (44, "refused our certificate: it was revoked"),
        (45, "refused our certificate: by its clock it has expired"),
        (46, "refused our certificate and does not say why"),
        (48, "does not trust the authority that signed our certificate"),
        (49, "knows our certificate but does not let us in"),
        (51, "could not verify what we signed or encrypted"),
        (70, "speaks none of the versions of TLS that we allow"),
        (71, "wants stronger ciphers than we offer"),
        (80, "has a problem of its own"),
        (112, "does not serve the name that was asked for (server_hostname)"),
        (116, "wants a certificate of ours and got none: load one into our context"),
        (120, "speaks none of the application protocols that we offer (ALPN)"),
        (50, "sent the alert 'decode error'"),
    ],
)
def test_what_the_peer_says_of_us(certs: Certificates, alert: int, sentence: str) -> None:
    """Whatever Python's tables know of it."""
    machine = TLSMachine(certs.client_context(), server_side=False, server_hostname="localhost")
    assert not machine.handshake()
    machine.feed(bytes([21, 3, 3, 0, 2, 2, alert]))
    with pytest.raises(ssl.SSLError) as caught:
        machine.handshake()
    (note,) = caught.value.__notes__
    assert note.startswith(f"the server gave up: it {sentence}")


def test_a_goodbye_in_the_handshake(certs: Certificates) -> None:
    machine = TLSMachine(certs.client_context(), server_side=False, server_hostname="localhost")
    machine.handshake()
    machine.feed(bytes([21, 3, 3, 0, 2, 1, 0]))
    with pytest.raises(ssl.SSLError) as caught:
        machine.handshake()
    assert caught.value.__notes__ == ["the server said goodbye in the middle of the TLS handshake"]


def test_errors_that_say_everything_themselves() -> None:
    assert explain(ValueError("x"), server_side=True) is None
    assert explain(ConnectionAbortedError("x"), server_side=True) is None
    refused = explain(ssl.SSLCertVerificationError("the wrong issuer"), server_side=False)
    assert refused == "we refused the server's certificate: the wrong issuer"
    rule = explain(ssl.SSLError(1, "[SSL] a new rule (_ssl.c:123)"), server_side=True)
    assert rule == "we gave up: something is wrong with what the client sent, or with our context"


def test_the_explanation_comes_with_the_exception(scene: Scene) -> None:
    async def main() -> None:
        _, _, peer, waiter = scene.start()
        peer.sock.close()
        with pytest.raises(ConnectionResetError) as reset:
            await waiter
        assert reset.value.__notes__ == [
            "the client broke off the TLS handshake without saying why; it may not speak TLS at all"
        ]
        _, _, _, waiter = scene.start(ssl_handshake_timeout=0.01)
        with pytest.raises(ConnectionAbortedError) as late:
            await waiter
        assert late.value.__notes__ == [
            "we gave up: the client did not go on with the TLS handshake in time"
        ]
        transport, _, _, waiter = scene.start()
        transport.close()
        with pytest.raises(ConnectionAbortedError) as ours:
            await waiter
        assert not hasattr(ours.value, "__notes__")

    run(scene.bench, main)


def test_what_comes_after_the_handshake_is_explained_too(scene: Scene) -> None:
    """With TLS 1.3 the server looks at the client's certificate when the client has done its part."""

    async def main() -> None:
        transport, protocol, peer, waiter = scene.start(
            server_side=False, peer_context=scene.certs.server_context(ask_client=True)
        )
        with pytest.raises(ssl.SSLError):
            await peer.shake_hands()
        await peer.flush()
        await waiter
        _, error = await protocol.hears("lost")
        assert error.__notes__ == [
            "the server gave up: it wants a certificate of ours and got none: load one into our context"
        ]
        assert transport.is_closing()

    run(scene.bench, main)


def test_a_server_logs_it(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        caplog.set_level(logging.INFO, "tornadolike.general")
        waiter = logging_waiter(scene.loop, ("192.0.2.1", 1234))
        waiter.set_exception(ConnectionAbortedError("the connection was closed"))
        good = logging_waiter(scene.loop, ("192.0.2.2", 1234))
        good.set_result(None)
        await asyncio.sleep(0)

    run(scene.bench, main)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "TLS handshake with ('192.0.2.1', 1234) failed: the connection was closed")
    ]
