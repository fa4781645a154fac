"""Stores: bytes by key, each with an end. Sessions, cached responses and counters are kept in one of them.

.. code-block:: text

   base      Store, the interface, and StoreError
   memory    MemoryStore: in this process, gone with it
   sqlite    SQLiteStore: a file, for the processes of one machine
   redis     RedisStore: a Redis or Valkey server, for several machines
   windows   counting, in a store, what comes within a time

They know nothing of the web.
"""

from .base import Store, StoreError
from .memory import MemoryStore
from .redis import RedisStore
from .sqlite import SQLiteStore

__all__ = ["MemoryStore", "RedisStore", "SQLiteStore", "Store", "StoreError"]
