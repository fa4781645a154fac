"""What is a host with or without a port."""

from tornadolike.httputil.authority import is_authority


def test_authorities() -> None:
    """The table of Host values is among the transcripts of requests; these are about their ends."""
    for good in ("a", "a:1", "a:", "[::]:65535", "1.2.3.4"):
        assert is_authority(good)
    for bad in ("", ":", "a\n", "a:1\n", "\na", "[::1]\n", "a b", "\u0430"):
        assert not is_authority(bad), bad
