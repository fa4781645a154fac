"""Content codings (RFC 9110 section 8.4): gzip and deflate always, br and zstd where something speaks them.

.. code-block:: python

    decoder = make_decoder("gzip", max_size=1_000_000)
    for piece in decoder.decode(data):
        ...
    decoder.finish()

Decoders are safe to use on what strangers send: what comes out comes in bounded pieces, is bounded in all,
and what is malformed, cut short or followed by something else is an error.

* :mod:`.base`: what a coding is;
* :mod:`.deflate`, :mod:`.br`, :mod:`.zstd`: the codings, the last two by :mod:`.modules` that may be missing;
* :mod:`.installed`: which of them there are here;
* :mod:`.decoding`: from ``Content-Encoding`` to a decoder;
* :mod:`.negotiation`: from ``Accept-Encoding`` to a coding.
"""

from .base import Coding, Decoder, Encoder
from .decoding import BoundedDecoder, UnknownCoding, make_decoder
from .installed import CODINGS, coding_named
from .negotiation import choose_coding

__all__ = [
    "CODINGS",
    "BoundedDecoder",
    "Coding",
    "Decoder",
    "Encoder",
    "UnknownCoding",
    "choose_coding",
    "coding_named",
    "make_decoder",
]
