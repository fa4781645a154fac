"""Middleware that is ready: for a whole application, or for some of its rules.

.. code-block:: python

    from tornadolike.middleware import CORS, RequestID, SecurityHeaders

    app = Application(rules, middleware=[RequestID(), SecurityHeaders(), CORS(["https://app.example.com"])])

.. code-block:: text

   origins            the origins of pages, and lists of them
   deciding           headers that one middleware alone decides on
   cors               CORS: which pages of other sites may read what we answer
   policy             what a page may load and run
   security_headers   SecurityHeaders: what browsers are to be strict about
   addresses          what stands for a client
   rate_limit         RateLimit: how often a client may ask
   request_id         RequestID: a name for each request, in the log too
   timeout            Timeout: an end for handlers that take too long
   hosts              TrustedHosts: the names that we have
   https              HTTPSRedirect: nothing in the clear

Each is an object that :mod:`tornadolike.web.around` puts around handlers; they are listed from the outside in:

.. code-block:: text

   RequestID, TrustedHosts, HTTPSRedirect, SecurityHeaders, CORS, RateLimit, Timeout
"""

from ..stores.windows import Limit
from .addresses import by_address
from .cors import CORS
from .hosts import TrustedHosts
from .https import HTTPSRedirect
from .rate_limit import RateLimit
from .request_id import RequestID, RequestIDFilter, request_id
from .security_headers import SecurityHeaders, csp_nonce
from .timeout import Timeout

__all__ = [
    "CORS",
    "HTTPSRedirect",
    "Limit",
    "RateLimit",
    "RequestID",
    "RequestIDFilter",
    "SecurityHeaders",
    "Timeout",
    "TrustedHosts",
    "by_address",
    "csp_nonce",
    "request_id",
]
