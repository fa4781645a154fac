"""Where a provider is that everybody may run."""

from urllib.parse import urlsplit

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def checked_base(url: str) -> str:
    """The same URL without a slash at its end.

    Raises :exc:`ValueError` for what is no ``https`` URL of a host, with at most a path; ``http`` is for this machine.
    """
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    if not is_safe or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"a provider is at a URL like 'https://git.example.com', not at {url!r}")
    return url.rstrip("/")
