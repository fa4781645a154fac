"""What ``ssl_options`` mean."""

import ssl

from tests.tls_certs import Certificates
from tornadolike.tls import ssl_options_to_context


def test_a_context_is_itself(certs: Certificates) -> None:
    context = certs.client_context()
    assert ssl_options_to_context(context) is context


def test_a_client_verifies() -> None:
    context = ssl_options_to_context({}, server_side=False)
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
