"""Where users go when they have signed in: to a page of ours, whatever a link to the log-in says (open redirects)."""

import re
from typing import Final

_OUR_PAGE: Final = re.compile(r"/(?![/\\])[!#-\[\]-~]*")
"""Two slashes, of whatever kind, begin a host; browsers take a backslash for a slash, and drop control characters."""
_DOTS: Final = re.compile(r"[^?#]*/(?:\.|%2e){1,2}(?:[/?#]|$)", re.IGNORECASE)
"""What ``.`` and ``..`` leave of ``/.//evil.example`` begins with two slashes: whoever puts that together with our URL
(:func:`urllib.parse.urljoin`, a script that takes the path out of it) is somewhere else. No link of ours has them."""
LONGEST: Final = 2048
"""Characters. It travels in a cookie."""


def safe_next(url: str | None, default: str = "/") -> str:
    """The same path (with its query) if it is one of ours; else ``default``.

    >>> safe_next("/inbox?page=2")
    '/inbox?page=2'
    >>> safe_next("//evil.example"), safe_next("https://evil.example"), safe_next(None)
    ('/', '/', '/')
    """
    if url is None or len(url) > LONGEST or not _OUR_PAGE.fullmatch(url) or _DOTS.match(url):
        return default
    return url
