"""HTTP/1.1 without sockets (RFC 9110, RFC 9112): bytes in, events out; responses in, bytes out.

:mod:`.limits` what a peer may ask, :mod:`.fields` header sections and what they mean, :mod:`.body` bodies
on the wire, :mod:`.reader` requests, :mod:`.writer` responses.
"""

from .body import EndOfMessage
from .fields import FieldSectionCache
from .limits import Limits
from .reader import RequestReader
from .writer import (
    SERVER,
    DefaultHeads,
    ResponseWriter,
    encode_head,
    error_response,
    has_no_body,
)

__all__ = [
    "SERVER",
    "DefaultHeads",
    "EndOfMessage",
    "FieldSectionCache",
    "Limits",
    "RequestReader",
    "ResponseWriter",
    "encode_head",
    "error_response",
    "has_no_body",
]
