"""HTTP/1.1 without sockets (RFC 9110, RFC 9112), both sides: bytes in, events out; messages in, bytes out.

=======================  =======================  ====================================================
the server's side        the client's side        what they have in common
=======================  =======================  ====================================================
:mod:`.request_reader`   :mod:`.response_reader`  :mod:`.reader`; :mod:`.body`, bodies on the wire
:mod:`.response_writer`  :mod:`.request_writer`   :mod:`.writer`; :mod:`.heads`, heads as bytes
=======================  =======================  ====================================================

Below them all: :mod:`.states`, what may follow what, and :mod:`.framing_rules`, where a message ends, as tables;
:mod:`.framing`, what of a message these rules go by; :mod:`.fields`, header sections and what they mean;
:mod:`.response_heads`, those of responses; :mod:`.targets`, what a request may ask for; :mod:`.limits`, what a peer
may ask of us.
"""

from .body import EndOfMessage
from .fields import FieldSectionCache
from .framing import has_no_body
from .heads import encode_head, encode_request_head
from .limits import Limits
from .reader import EndedTooSoon
from .request_reader import RequestReader
from .request_writer import RequestWriter
from .response_heads import ResponseHeadCache
from .response_reader import ResponseHead, ResponseReader
from .response_writer import CONTINUE, SERVER, DefaultHeads, ResponseWriter, error_response
from .states import State

__all__ = [
    "CONTINUE",
    "SERVER",
    "DefaultHeads",
    "EndOfMessage",
    "EndedTooSoon",
    "FieldSectionCache",
    "Limits",
    "RequestReader",
    "RequestWriter",
    "ResponseHead",
    "ResponseHeadCache",
    "ResponseReader",
    "ResponseWriter",
    "State",
    "encode_head",
    "encode_request_head",
    "error_response",
    "has_no_body",
]
