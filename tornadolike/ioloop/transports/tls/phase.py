"""The life of a TLS transport, as a table.

========== ======================= ============================ ===============================
phase      the peer's bytes        write()                      close()
========== ======================= ============================ ===============================
NEW        (no transport below)    waits                        LOST
HANDSHAKE  go on with it: OPEN     waits                        abort: LOST
OPEN       are delivered           is encrypted and sent        CLOSING
CLOSING    are dropped             is dropped                   nothing more
LOST       (none come)             is dropped                   nothing more
========== ======================= ============================ ===============================

CLOSING sends what waits and then the goodbye, and wants the peer's: then the transport below is closed,
and it is LOST. The end of the stream below ends the handshake (failed), leads from OPEN to CLOSING, and
stands for the peer's goodbye in CLOSING.
"""

import enum
from typing import Final


class Phase(enum.Enum):
    """Where a TLS transport is in its life."""

    NEW = enum.auto()
    HANDSHAKE = enum.auto()
    OPEN = enum.auto()
    CLOSING = enum.auto()
    LOST = enum.auto()


# A member is looked up in its class several times more slowly than a name of a module.
NEW: Final = Phase.NEW
HANDSHAKE: Final = Phase.HANDSHAKE
OPEN: Final = Phase.OPEN
CLOSING: Final = Phase.CLOSING
LOST: Final = Phase.LOST
