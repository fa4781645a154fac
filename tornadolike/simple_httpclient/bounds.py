""":class:`Bounds`: what one exchange may hold, and for how long, each with its name and default."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Bounds:
    """Sizes in bytes, times in seconds."""

    read_ahead: int = 256 * 1024
    """Of a body, before anybody asks for it: with so much in hand nothing more is read from the network. (What
    was on its way is taken: one read of the transport, at the most.)"""
    continue_timeout: float = 1.0
    """For a 100 Continue. Then the body is sent all the same: servers may never have heard of it (RFC 9110
    section 10.1.1)."""
    drain_size: int = 64 * 1024
    """Of a body that nobody wants: if no more of it is to come then it is read, and the connection kept."""
    drain_time: float = 1.0
    """For that."""


BOUNDS: Final = Bounds()
