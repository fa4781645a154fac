"""What is said about TLS to those who must not learn who we are."""

import asyncio
import gc
import ssl

import pytest

from tests.tcpclient.helpers import serving
from tornadolike.httpclient.uncertified import without_certificate
from tornadolike.ioloop import IOLoop


def test_options():
    assert without_certificate(None) is None
    assert without_certificate({"certfile": "a", "keyfile": "b"}) is None
    options = {"certfile": "a", "ca_certs": "c", "cert_reqs": ssl.CERT_NONE}
    assert without_certificate(options) == {"ca_certs": "c", "cert_reqs": ssl.CERT_NONE}
    assert options["certfile"] == "a"


def test_a_copy_says_the_same(certs):
    context = certs.client_context(certs.client)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.set_ciphers("ECDHE+AESGCM")
    copy = without_certificate(context)
    for name in ("minimum_version", "maximum_version", "verify_flags", "verify_mode", "options"):
        assert getattr(copy, name) == getattr(context, name), name
    assert copy.check_hostname
    assert {c["name"] for c in copy.get_ciphers()} == {c["name"] for c in context.get_ciphers()}
    mine = context.get_ca_certs(binary_form=True)
    assert set(mine) <= set(copy.get_ca_certs(binary_form=True))
    assert without_certificate(context) is copy


def test_one_that_verifies_nothing():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    copy = without_certificate(context)
    assert (copy.check_hostname, copy.verify_mode) == (False, ssl.CERT_NONE)
    assert copy.cert_store_stats()["x509"] == 0


def test_copies_go_with_what_they_are_of():
    from tornadolike.httpclient import uncertified

    before = len(uncertified._copies)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    without_certificate(context)
    assert len(uncertified._copies) == before + 1
    del context
    gc.collect()
    assert len(uncertified._copies) == before


@pytest.mark.parametrize("whose", ["ours", "the copy"])
def test_the_certificate_is_not_shown(certs, whose):
    shown = []

    async def look(reader, writer):
        shown.append(writer.get_extra_info("peercert"))
        await reader.read()

    async def main():
        server = certs.server_context(ask_client=True)
        server.verify_mode = ssl.CERT_OPTIONAL
        context = certs.client_context(certs.client)
        if whose == "the copy":
            context = without_certificate(context)
        async with serving(handle=look, ssl=server) as (_, port):
            _reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
            writer.close()
            await writer.wait_closed()

    with asyncio.Runner(loop_factory=lambda: IOLoop(make_current=False)) as runner:
        runner.run(main())
    assert [bool(certificate) for certificate in shown] == [whose == "ours"]
