"""Hosts with or without a port, as they stand in a target, in Host and in what proxies say."""

import ipaddress
import re
from functools import lru_cache

_AUTHORITY = re.compile(
    r"(?:\[(?:([0-9A-Fa-f:.]+)|[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+)\]"
    r"|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)(?::[0-9]{0,5})?"
)
_AUTHORITY_KEPT = 255


def is_authority(text: str) -> bool:
    """Whether ``text`` is a host, with or without a port (RFC 3986 section 3.2, without user names)."""
    # The same few come all the time; long ones are not worth remembering.
    return _check_known_authority(text) if len(text) <= _AUTHORITY_KEPT else _check_authority(text)


def _check_authority(text: str) -> bool:
    match = _AUTHORITY.fullmatch(text)
    if match is not None and match[1] is not None:
        try:
            ipaddress.IPv6Address(match[1])
        except ValueError:
            return False
    return match is not None


_check_known_authority = lru_cache(256)(_check_authority)
