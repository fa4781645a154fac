"""Where a provider is that everybody may run."""

import re
from typing import Final

_BASE: Final = re.compile(
    r"(?:https://(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])|http://(?:localhost|127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?"
    r"(?:/[A-Za-z0-9._~%/-]*)?"
)


def checked_base(url: str) -> str:
    """The same URL without a slash at its end.

    Raises :exc:`ValueError` for what is no ``https`` URL of a host, with at most a path; ``http`` is for this machine.
    """
    if not isinstance(url, str) or not _BASE.fullmatch(url):
        raise ValueError(f"a provider is at a URL like 'https://git.example.com', not at {url!r}")
    return url.rstrip("/")
