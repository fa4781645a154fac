"""Our own engine for HTTP clients: HTTP/1.1 over connections that are kept.

.. code-block:: python

    from tornadolike.httpclient import AsyncHTTPClient

    AsyncHTTPClient.configure("tornadolike.simple_httpclient.SimpleAsyncHTTPClient", max_clients=100)

It is the default, so as a rule nobody needs this module. The names are Tornado's.

::

   bounds      what one exchange may hold, and for how long
   answers     a response as it comes
   patience    what becomes of a server that does nothing
   uploading   a body that goes out piece by piece
   flights     the native way of fetches that need nothing special
   connection  one request at a time
   turns       whose turn it is
   silence     whether anything has come that nobody has read
   pool        connections that are kept
   contexts    TLS options, made once
   dialing     the way to a server
   engine      all of these together
   client      the face: SimpleAsyncHTTPClient
"""

from ..httpclient.failures import HTTPStreamClosedError, HTTPTimeoutError
from .client import SimpleAsyncHTTPClient

__all__ = ["HTTPStreamClosedError", "HTTPTimeoutError", "SimpleAsyncHTTPClient"]
