"""Places to connect to, and other ends, that are not as one would wish."""

import contextlib
import socket
import struct


@contextlib.contextmanager
def nobody(host="127.0.0.1"):
    """``with nobody() as address:``, where nobody listens, and nobody else will."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as sock:
        sock.bind((host, 0))
        yield sock.getsockname()


@contextlib.contextmanager
def full_server():
    """A listening socket that completes no more handshakes: its backlog is full."""
    with socket.socket() as listening, contextlib.ExitStack() as waiting:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            sock = waiting.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(listening.getsockname())
        yield listening


def reset(sock):
    """Close ``sock`` as if its process had crashed: the other end is told of a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
