"""HTTP clients: what they say and hear, what is raised for them, and how they get there.

.. code-block:: python

    import tornadolike
    from tornadolike.httpclient import AsyncHTTPClient, HTTPError

    async def main():
        async with AsyncHTTPClient() as client:
            try:
                response = await client.fetch("https://example.com/")
            except HTTPError as error:
                print("no:", error)
            else:
                print(response.code, response.body)

    tornadolike.run(main())

The names are Tornado's. A fetch walks through these modules, each of which knows only those behind it:

- :mod:`.client` (:mod:`.synchronous`, with :mod:`.verbs`) takes a request (:mod:`.requests`) and makes a
  :mod:`plan <.plan>` of it and its own defaults.
- A :mod:`.conversation` sends it to one server after another until there is an answer for the caller; each time that
  is a ``Hop`` for an :mod:`engine <.engine>`, whose answers are :mod:`fed <.feeding>` as they come.
- The answer's body is :mod:`collected <.collecting>` into a response (:mod:`.responses`), or
  :mod:`streamed <.streaming>`.
- :mod:`.failures` has what is raised.

The engines are :mod:`tornadolike.simple_httpclient`, our own, and :mod:`tornadolike.curl_httpclient`.

What each of these is made of:

.. code-block:: text

   requests       building, with multipart and sources: bodies that are sent
   plan           addresses; defaults and uncertified: what a client says for its requests, and not to strangers
   conversation   redirects, retries, authentication, cookies with jars, repeating, tracing
   collecting     decoding: content codings; receiving; limiting: the whole time
   responses      charsets
   downloading    part_files

:mod:`.proxies` says which proxy is meant, :mod:`.tunnels` goes through it, by what is said :mod:`by CONNECT
<.by_connect>` or :mod:`by SOCKS5 <.by_socks>`.
"""

from ..util import import_object
from .authentication import Auth, BasicAuth, BearerAuth, DigestAuth
from .client import AsyncHTTPClient
from .failures import (
    BadRedirectError,
    HTTPCertificateError,
    HTTPConnectError,
    HTTPNameError,
    HTTPProtocolError,
    HTTPRefusedError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    HTTPTLSError,
    TooManyRedirectsError,
)
from .proxies import Proxy, ProxyError
from .requests import HTTPRequest, RequestWithDefaults
from .responses import HTTPClientError, HTTPResponse
from .retries import Retries, RetryBudget
from .streaming import StreamedResponse
from .synchronous import HTTPClient
from .tracing import Trace

HTTPError = HTTPClientError
"""What :exc:`HTTPClientError` is called as a rule. (:exc:`tornadolike.web.HTTPError` is a server's.)"""

_RequestProxy = RequestWithDefaults
"""Tornado's name, which engines of others use."""


def main() -> None:
    """Tornado's small command: see :mod:`.command`."""
    import_object("tornadolike.httpclient.command.main")()  # by its name: few need it


__all__ = [
    "AsyncHTTPClient",
    "Auth",
    "BadRedirectError",
    "BasicAuth",
    "BearerAuth",
    "DigestAuth",
    "HTTPCertificateError",
    "HTTPClient",
    "HTTPClientError",
    "HTTPConnectError",
    "HTTPError",
    "HTTPNameError",
    "HTTPProtocolError",
    "HTTPRefusedError",
    "HTTPRequest",
    "HTTPResponse",
    "HTTPStreamClosedError",
    "HTTPTLSError",
    "HTTPTimeoutError",
    "Proxy",
    "ProxyError",
    "Retries",
    "RetryBudget",
    "StreamedResponse",
    "TooManyRedirectsError",
    "Trace",
    "main",
]
