"""Request targets: their forms (RFC 9112 section 3.2), and which of them a method may have."""

import re
from enum import StrEnum
from typing import Final

from ..httputil.authority import is_authority

TARGET: Final = re.compile(r"[\x21\x22\x24-\x7e\x80-\xff]+")
"""What may stand in a target that we read.

Bytes beyond ASCII should be percent-encoded; but clients send them, and they say nothing about framing.
"""
_WRITTEN = re.compile(r"[\x21\x22\x24-\x7e]+")
ABSOLUTE: Final = re.compile(r"(?i:https?)://([^/?]*)([^?]*)(\?.*)?")
"""The absolute form: authority, path, query with its question mark."""


class Form(StrEnum):
    """The forms of a target."""

    ORIGIN = "origin"
    """``/path?query``"""
    ABSOLUTE = "absolute"
    """``http://host/path?query``"""
    AUTHORITY = "authority"
    """``host:port``, of CONNECT only, which has no other."""
    ASTERISK = "asterisk"
    """``*``, of OPTIONS only."""


def form_of(method: str | None, target: str) -> Form | None:
    """The form of a target, or None if it has none that ``method`` may have."""
    if method == "CONNECT":
        named = is_authority(target) and target[-1].isdigit() and ":" in target
        return Form.AUTHORITY if named else None
    if target[:1] == "/":
        return Form.ORIGIN
    if target == "*":
        return Form.ASTERISK if method == "OPTIONS" else None
    match = ABSOLUTE.fullmatch(target)
    return Form.ABSOLUTE if match is not None and is_authority(match[1]) else None


def may_be_written(method: str, target: str) -> bool:
    """Whether a client may ask for ``target`` by ``method``: it must be encoded, and have no fragment."""
    return _WRITTEN.fullmatch(target) is not None and form_of(method, target) is not None
