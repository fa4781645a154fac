"""What HTTP clients say and hear: requests, responses, what is raised for them, and the way through proxies.

.. code-block:: python

    from tornadolike.httpclient import HTTPError, HTTPRequest
    from tornadolike.websocket import websocket_connect

    async def listen(token):
        request = HTTPRequest("wss://example.com/news", headers={"Authorization": f"Bearer {token}"})
        try:
            return await websocket_connect(request)
        except HTTPError as error:
            print("refused:", error.code, error.message)

The names are Tornado's. The clients themselves, ``AsyncHTTPClient`` and ``HTTPClient``, are not there yet;
:func:`~tornadolike.websocket.websocket_connect` uses what is here.

:mod:`.requests`, :mod:`.responses`; :mod:`.proxies` says which proxy is meant, :mod:`.tunnels` goes through it, by what
is said :mod:`by CONNECT <.by_connect>` or :mod:`by SOCKS5 <.by_socks>`.
"""

from .proxies import Proxy, ProxyError
from .requests import HTTPRequest
from .responses import HTTPClientError, HTTPResponse

HTTPError = HTTPClientError
"""What :exc:`HTTPClientError` is called as a rule. (:exc:`tornadolike.web.HTTPError` is a server's.)"""

__all__ = ["HTTPClientError", "HTTPError", "HTTPRequest", "HTTPResponse", "Proxy", "ProxyError"]
