"""What goes wrong with rooms."""


class RoomsError(Exception):
    """Somebody cannot come in. The text says why, and what to do."""


class RoomFull(RoomsError):
    """There are as many connections in the room as there may be (``max_members``)."""


class TooManyRooms(RoomsError):
    """Connections of this process are in as many rooms as there may be (``max_rooms``)."""


class PresenceError(Exception):
    """What keeps who is where has failed, or does not answer. The text says what to do."""
