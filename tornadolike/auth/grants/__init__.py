"""Tokens for programs: got without a user or with one elsewhere, kept, and renewed.

.. code-block:: text

   storage       TokenStorage: where tokens are kept; MemoryTokens
   in_files      FileTokens: for scripts
   in_stores     StoreTokens: encrypted, for servers
   servers       TokenServer: one of which only its URLs are known
   base          Grant: a way to get a token
   device        DeviceGrant: a user agrees on another device (RFC 8628)
   credentials   ClientCredentials: a program for itself (RFC 6749 section 4.4)
   keeping       Tokens: a token that is good now
   signing       TokenAuth: requests with such a token
"""

from .base import Grant
from .credentials import ClientCredentials
from .device import DeviceCode, DeviceGrant
from .in_files import FileTokens
from .in_stores import StoreTokens
from .keeping import Tokens
from .servers import TokenServer
from .signing import TokenAuth
from .storage import MemoryTokens, TokenStorage

__all__ = [
    "ClientCredentials",
    "DeviceCode",
    "DeviceGrant",
    "FileTokens",
    "Grant",
    "MemoryTokens",
    "StoreTokens",
    "TokenAuth",
    "TokenServer",
    "TokenStorage",
    "Tokens",
]
