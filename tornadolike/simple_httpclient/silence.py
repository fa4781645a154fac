"""Whether anything has come over a connection of which its transport does not know yet."""

import asyncio
import select


def nothing_to_read(transport: asyncio.Transport) -> bool:
    """Whether there are neither bytes nor the end of the other side to be read from the socket. One system call."""
    sock = transport.get_extra_info("socket")
    if sock is None or not hasattr(select, "poll"):
        return True  # nobody can tell
    poller = select.poll()
    poller.register(sock.fileno(), select.POLLIN)
    return not poller.poll(0)
