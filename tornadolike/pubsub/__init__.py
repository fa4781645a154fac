"""Publish/subscribe: messages by channel, to all that listen to it at the moment. Nothing is kept.

.. code-block:: text

   subscription   Subscription: one who listens, and what waits for it
   base           PubSub, the interface, and PubSubError
   memory         MemoryPubSub: within this process
   publishing     what is sent to a Redis server, in order
   listening      the connection on which a Redis server tells what was published
   redis          RedisPubSub: a Redis or Valkey server, for several processes and machines

They know nothing of the web.
"""

from .base import PubSub, PubSubError
from .memory import MemoryPubSub
from .redis import RedisPubSub
from .subscription import Subscription

__all__ = ["MemoryPubSub", "PubSub", "PubSubError", "RedisPubSub", "Subscription"]
