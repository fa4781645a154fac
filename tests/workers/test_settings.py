"""Settings that make sense, and others."""

import pytest

from tornadolike.workers import Settings
from tornadolike.workers.processors import usable_processors


def test_what_holds_where_nothing_is_said():
    settings = Settings(application="main:app")
    assert settings.number_of_workers == usable_processors()
    assert settings.place.tls is None
    assert (settings.place.host, settings.place.port) == ("127.0.0.1", 8888)
    assert Settings(application="main:app", workers=3).number_of_workers == 3


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"workers": 0}, "workers: at least 1"),
        ({"max_requests": -1}, "max_requests: a number, 0 or more"),
        ({"drain_seconds": float("inf")}, "drain_seconds"),
        ({"max_age": float("nan")}, "max_age"),
        ({"key": "a.key"}, "key belongs to a certificate"),
        ({"reuse_port": True, "unix_socket": "a.sock"}, "reuse_port is for TCP"),
        ({"trust": ["nowhere"]}, "nowhere"),
        ({"trust": ["unix"], "trust_headers": ["X-Nothing"]}, "X-Nothing"),
        ({"proxy_protocol": ["10.0.0.1/8"]}, "10.0.0.1/8"),
    ],
)
def test_what_makes_no_sense(wrong, text):
    with pytest.raises(ValueError, match=text):
        Settings(application="main:app", **wrong)
