"""Rooms and presence: WebSockets that hear each other, in one process or in many, and know who is there.

.. code-block:: text

   members          Member: somebody in a room; Attendance: one connection; Roll: the list of them
   envelopes        what processes send each other: bytes and what they mean
   presence         Presence, the interface: who is where in all processes; MemoryPresence
   redis_presence   RedisPresence: on a Redis or Valkey server
   room             Room: what one process knows of a room
   sharing          the task that makes the rooms of several processes one
   rooms            Rooms: who hears whom
"""

from .errors import PresenceError, RoomFull, RoomsError, TooManyRooms
from .members import Member
from .presence import MemoryPresence, Presence
from .redis_presence import RedisPresence
from .room import Room
from .rooms import Rooms

__all__ = [
    "Member",
    "MemoryPresence",
    "Presence",
    "PresenceError",
    "RedisPresence",
    "Room",
    "RoomFull",
    "Rooms",
    "RoomsError",
    "TooManyRooms",
]
