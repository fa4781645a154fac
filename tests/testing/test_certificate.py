"""A certificate for the servers of tests."""

import os
import ssl
import stat
import subprocess
import sys

import pytest

from tests.tls.shaking import shake_hands
from tornadolike.testing import local_certificate

KEEPS = """
import os, sys
from tornadolike.testing import local_certificate
made = local_certificate()
child = os.fork()
if child == 0:
    sys.exit()  # with what was registered for the end
os.waitpid(child, 0)
assert os.path.exists(made.keyfile)
print(made.keyfile)
"""


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_clients_verify_it(name):
    made = local_certificate()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(**made.ssl_options)
    shake_hands(server, ssl.create_default_context(cafile=made.ca_certs), name)


def test_it_is_made_once():
    assert local_certificate() is local_certificate()
    assert stat.S_IMODE(os.stat(local_certificate().keyfile).st_mode) == 0o600


def test_it_goes_with_the_process_that_made_it():
    done = subprocess.run([sys.executable, "-c", KEEPS], capture_output=True, text=True, check=True)
    keyfile = done.stdout.strip()
    assert keyfile.endswith("server-key.pem")
    assert not os.path.exists(os.path.dirname(keyfile))
