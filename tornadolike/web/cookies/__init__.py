"""Cookies: those of the request, those that the response sets, and those that nobody else can make or read.

Its rooms, each of which knows only those above it:

.. code-block:: text

   plain       a handler's cookies
   signing     texts that a client can read but not change: pure functions
   secrets     what signs and encrypts, and whether it is good enough
   sealing     bytes that only the owner of a secret can read or make
   encrypting  texts that a client can neither read nor change: pure functions
   signed      a handler's cookies that are signed
   encrypted   a handler's cookies that are encrypted
"""

from .encrypted import EncryptedCookies
from .plain import Cookies
from .signed import SignedCookies

__all__ = ["Cookies", "EncryptedCookies", "SignedCookies"]
