"""Cookies: those of the request, those that the response sets, and those that nobody else can make.

Its rooms, each of which knows only those above it:

.. code-block:: text

   plain     a handler's cookies
   signing   texts that a client can read but not change: pure functions
   signed    a handler's cookies that are signed
"""

from .plain import Cookies
from .signed import SignedCookies

__all__ = ["Cookies", "SignedCookies"]
