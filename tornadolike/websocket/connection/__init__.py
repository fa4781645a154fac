"""The connection: a :class:`.WebSocketCore` on a transport, of either side.

Its rooms, each of which knows only those above it:

.. code-block:: text

   keepalive    asks a peer from time to time whether it is there
   in_turn      messages in pieces, one after another
   sending      what is sent, who waits for the peer to take it, and how it ends
   delegate     who is told what arrives
   delivering   who is told when
   pulling      who asks for messages: WebSocketConnection, which is all of these
"""

from .pulling import WebSocketConnection
from .sending import SendingConnection

__all__ = ["SendingConnection", "WebSocketConnection"]
