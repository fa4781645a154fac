"""TLS options, made once."""

import os
import shutil
import ssl

import pytest

from tornadolike.simple_httpclient.contexts import MAX_CONTEXTS, Contexts, options_key


def test_the_same_options_give_the_same_context(certs):
    contexts = Contexts()
    one = contexts.context({"ca_certs": certs.ca, "certfile": certs.client})
    assert contexts.context({"certfile": certs.client, "ca_certs": certs.ca}) is one
    assert contexts.context({"ca_certs": certs.ca}) is not one
    assert one.verify_mode == ssl.CERT_REQUIRED
    assert one.check_hostname


def test_the_default_verifies():
    contexts = Contexts()
    assert contexts.context(None) is contexts.context({})
    assert contexts.context(None).check_hostname
    mine = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert contexts.context(mine) is mine


def test_files_that_have_changed_are_read_again(certs, tmp_path):
    path = tmp_path / "ca.pem"
    shutil.copy(certs.ca, path)
    contexts = Contexts()
    options = {"ca_certs": str(path)}
    before = contexts.context(options)
    assert contexts.context(options) is before
    os.utime(path, (1, 1))
    assert contexts.context(options) is not before


def test_not_more_than_so_many_are_kept(certs):
    contexts = Contexts()
    kinds = [
        {"cert_reqs": ssl.CERT_NONE, "ciphers": f"HIGH:!{'A' * n}"}
        for n in range(1, MAX_CONTEXTS + 3)
    ]
    made = [contexts.context(kind) for kind in kinds]
    assert len(contexts._made) == MAX_CONTEXTS
    assert contexts.context(kinds[-1]) is made[-1]
    assert contexts.context(kinds[0]) is not made[0]


def test_what_makes_no_sense():
    contexts = Contexts()
    with pytest.raises(FileNotFoundError):
        contexts.context({"ca_certs": "/nothing/there"})
    with pytest.raises(ValueError, match="knows nothing of x"):
        contexts.context({"x": 1})


def test_keys():
    assert options_key(None) is None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert options_key(context) is context
