"""The context that is made for those who bring none."""

import ssl

import pytest

from tests.tls_certs import Certificates
from tornadolike.ioloop.transports.tls import make_client_context


def test_the_callers_own() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert make_client_context(context) is context


def test_the_default_is_safe_and_made_once() -> None:
    context = make_client_context(True)
    assert make_client_context(True) is context
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_without_a_name_to_check_it_is_another() -> None:
    context = make_client_context(True, check_hostname=False)
    assert context is make_client_context(True, check_hostname=False)
    assert not context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert make_client_context(True).check_hostname


def test_who_is_trusted_is_said_by_the_environment(
    certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = make_client_context(True)
    monkeypatch.setenv("SSL_CERT_FILE", certs.ca)
    context = make_client_context(True)
    assert context is not before
    names = [authority["subject"] for authority in context.get_ca_certs()]
    assert ((("commonName", "authority of the tests"),),) in names
