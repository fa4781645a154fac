"""The face of the package."""

import http.client

import tornadolike.httputil


def test_the_public_names() -> None:
    for name in tornadolike.httputil.__all__:
        assert hasattr(tornadolike.httputil, name), name
    assert tornadolike.httputil.responses == http.client.responses
