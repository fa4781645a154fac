"""The URLs of a provider: what passes over them has to be hidden from others."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from ..errors import ProviderAnswerError

LONGEST: Final = 2048
"""Characters."""
_VISIBLE: Final = re.compile(r"[!-~]+")
_HOST: Final = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")
_LOOPBACK: Final = re.compile(r"localhost|.+\.localhost|127(?:\.[0-9]{1,3}){3}|::1")


def is_safe_url(url: Any, *, allow_http: bool = False) -> bool:
    """Whether it is an absolute URL of https, without a user's name and without a fragment.

    ``http`` will do for this machine (RFC 8252 section 8.3), and everywhere with ``allow_http``, which is for tests.
    """
    if not isinstance(url, str) or len(url) > LONGEST or not _VISIBLE.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port  # a port that is no number raises
    except ValueError:
        return False
    if not _HOST.fullmatch(host) or "@" in parts.netloc or "#" in url or "\\" in url:
        return False
    if parts.scheme == "http":
        return allow_http or _LOOPBACK.fullmatch(host) is not None
    return parts.scheme == "https"


def checked_base(url: str) -> str:
    """Where a provider is that everybody may run: the same URL without a slash at its end.

    Raises :exc:`ValueError` for what is not safe, or has a query.
    """
    if not is_safe_url(url) or "?" in url:
        raise ValueError(f"a provider is at a URL like 'https://git.example.com', not at {url!r}")
    return url.rstrip("/")


def check_issuer(issuer: Any, *, allow_http: bool = False) -> None:
    """Raise :exc:`ValueError` for what cannot be an issuer (Discovery section 3): it has no query either."""
    if not is_safe_url(issuer, allow_http=allow_http) or "?" in issuer:
        raise ValueError(
            f"issuer is an https URL without query and fragment (or http on this machine), not {issuer!r}"
        )


def checked_url(url: Any, name: str, *, issuer: str = "", allow_http: bool = False) -> str:
    """The URL, if it may be used. Raises :exc:`.ProviderAnswerError`.

    :arg issuer: of whom it is. One of ``https`` cannot send us to what listens on this machine.
    """
    is_safe = is_safe_url(url, allow_http=allow_http)
    if is_safe and not allow_http and issuer.lower().startswith("https:"):
        is_safe = url.lower().startswith("https:")
    if not is_safe:
        raise ProviderAnswerError(f"the provider's {name} is no https URL: {str(url)[:200]!r}")
    return str(url)
