"""What one exchange may hold: the defaults are promises."""

from tornadolike.simple_httpclient.bounds import BOUNDS


def test_the_defaults():
    assert (BOUNDS.read_ahead, BOUNDS.drain_size) == (256 * 1024, 64 * 1024)
    assert (BOUNDS.continue_timeout, BOUNDS.drain_time) == (1.0, 1.0)
