"""What all TLS connections of a loop are received into: it is emptied before anything else happens."""

import weakref
from typing import Final

from ...core import Core
from .machine import RECORD

RECEIVE_SIZE: Final = 8 * (RECORD + 512)
"""How many encrypted bytes are received at once: full records with their heads."""

_buffers: weakref.WeakKeyDictionary[object, memoryview] = weakref.WeakKeyDictionary()


def receiving_buffer(loop: Core) -> memoryview:
    """The buffer of ``loop``."""
    buffer = _buffers.get(loop)
    if buffer is None:
        buffer = _buffers[loop] = memoryview(bytearray(RECEIVE_SIZE))
    return buffer
