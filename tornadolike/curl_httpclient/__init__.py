"""The HTTP client over libcurl, by pycurl: the same API as with our own engine, and HTTP/2.

.. code-block:: python

    from tornadolike.httpclient import AsyncHTTPClient

    AsyncHTTPClient.configure("tornadolike.curl_httpclient.CurlAsyncHTTPClient", max_clients=64)

It needs pycurl: ``pip install tornadolike[curl]``. Without it an import of this package raises :exc:`ImportError`,
which says so. What requests mean (redirects, cookies, who is asking, retries, content codings) is told by
:mod:`tornadolike.httpclient`, and is the same with each engine. From the ground up:

======================  =======================================================================
:mod:`.failures`        libcurl's error numbers, as the tree of :mod:`tornadolike.httpclient.failures`
:mod:`.debugging`       what libcurl tells, for the log
:mod:`.heads`           heads of responses, as libcurl gives them: line by line
:mod:`.answers`         the body of a response, on its way from libcurl to who reads it
:mod:`.uploads`         the body of a request, on its way to libcurl
:mod:`.tls`             what is said to libcurl about TLS
:mod:`.options`         what is said to libcurl about a request
:mod:`.keeping`         what has come over kept connections before anybody asked for it
:mod:`.reactor`         libcurl's sockets and timers, on our loop
:mod:`.watching`        time-outs that libcurl does not have
:mod:`.transfer`        one request and its response
:mod:`.engine`          whose turn it is
:mod:`.client`          :class:`CurlAsyncHTTPClient`
======================  =======================================================================
"""

try:
    import pycurl
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "the client over curl needs pycurl, which is not installed: pip install tornadolike[curl]",
        name=error.name,
    ) from error
if not hasattr(pycurl, "PREREQFUNCTION"):
    raise ImportError(
        f"the client over curl needs pycurl 7.45.7 with libcurl 7.80 or newer, not {pycurl.version}: "
        "pip install --upgrade tornadolike[curl]",
        name="pycurl",
    )

from .client import CurlAsyncHTTPClient
from .debugging import curl_log
from .failures import CurlError

__all__ = ["CurlAsyncHTTPClient", "CurlError", "curl_log"]
