"""permessage-deflate (RFC 7692): messages that travel compressed.

Its rooms, each of which knows only those above it:

.. code-block:: text

   deflate      the extension itself: payloads in, payloads out, and how much memory that may take
   extensions   what the handshake says of it: offers and answers
   idle         gives its memory back where nothing happens
"""

from .deflate import CompressionOptions, DeflateParameters, PerMessageDeflate

__all__ = ["CompressionOptions", "DeflateParameters", "PerMessageDeflate"]
