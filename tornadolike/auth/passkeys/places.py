"""For which pages a site's passkeys are: a domain, and the origins of the pages that may ask for them."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from ..arguments import checked_texts

_DOMAIN: Final = re.compile(
    r"(?!\d+(\.\d+){3}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
)
"""In small letters, other scripts as ``xn--``; no address: browsers take none."""
_ANDROID: Final = "android:apk-key-hash:"
"""The origins of Android's programs, which are bound to the domain by a file there."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def checked_domain(rp_id: str) -> str:
    """The same domain. Raises :exc:`ValueError` for what is none to a browser."""
    if not isinstance(rp_id, str) or not _DOMAIN.fullmatch(rp_id):
        raise ValueError(
            f"rp_id is a domain like 'example.org', or 'localhost', without scheme and port, not {rp_id!r}"
        )
    return rp_id


def checked_origins(origins: Iterable[str], rp_id: str) -> list[str]:
    """The same origins, as a list. Raises :exc:`TypeError`, and :exc:`ValueError` where no page has such a one, or
    browsers would not use passkeys of ``rp_id`` there."""
    if isinstance(origins, str):
        raise TypeError(f"origins is a list: [{origins!r}], not a str")
    found = list(checked_texts("origins", origins))
    if not found:
        raise ValueError(f"there are no origins: write ['https://{rp_id}']")
    for origin in found:
        fault = None if origin.startswith(_ANDROID) else _fault_of(origin, rp_id)
        if fault:
            raise ValueError(
                f"{origin!r} is no origin of pages with passkeys for {rp_id!r}: {fault}"
            )
    return found


def _fault_of(origin: str, rp_id: str) -> str | None:
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "it is no URL"
    there = host if port is None else f"{host}:{port}"
    if origin != f"{parts.scheme}://{there}" or port == _DEFAULT_PORTS.get(parts.scheme, 0):
        return f"browsers write it '{parts.scheme}://HOST[:PORT]', in small letters, and leave out the usual port"
    if host != rp_id and not host.endswith(f".{rp_id}"):
        return "it is on another domain"
    is_local = host == "localhost" or host.endswith(".localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
        return "browsers have passkeys on https only, and on http://localhost"
    return None
