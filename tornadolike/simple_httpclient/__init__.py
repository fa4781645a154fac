"""Our own engine for HTTP clients: HTTP/1.1 over connections that are kept.

.. code-block:: python

    from tornadolike.httpclient import AsyncHTTPClient

    AsyncHTTPClient.configure("tornadolike.simple_httpclient.SimpleAsyncHTTPClient", max_clients=100)

It is the default, so as a rule nobody needs this module. The names are Tornado's.

::

   silence     whether anything has come over a connection of which nobody knows yet
   contexts    TLS options, made once
   turns       whose turn it is
   answers     a response as it comes
   connection  one request at a time
   pool        connections that are kept
   dialing     the way to a server
   engine      all of these together
   client      the face: SimpleAsyncHTTPClient
"""

from ..httpclient.failures import HTTPStreamClosedError, HTTPTimeoutError
from .client import SimpleAsyncHTTPClient

__all__ = ["HTTPStreamClosedError", "HTTPTimeoutError", "SimpleAsyncHTTPClient"]
