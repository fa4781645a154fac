"""Bodies that come with their head, and bodies that come behind it."""

from typing import Any

import pytest

from tests.web.helpers import Connection, Site

WHOLE_AND_IN_PIECES = pytest.mark.parametrize("way", ["whole", "pieces", "chunks"])
"""A body that comes with its head, and one that comes behind it."""


class Sender(Connection):
    """A client that sends a body in one of the ways."""

    def post(self, way: str, body: bytes, *fields: str, path: str = "/") -> None:
        if way == "whole":
            self.send(f"POST {path}", *fields, body=body)
        elif way == "pieces":
            self.send(f"POST {path}", *fields, f"Content-Length: {len(body)}")
            self.sock.sendall(body[:1])
            self.sock.sendall(body[1:])
        else:
            self.send(f"POST {path}", *fields, "Transfer-Encoding: chunked")
            for at in range(0, len(body), 50_000):
                piece = body[at : at + 50_000]
                self.sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.sock.sendall(b"0\r\n\r\n")


def post(served: Site, way: str, body: bytes, *fields: str) -> Any:
    with Sender(served.server) as sender:
        sender.post(way, body, *fields)
        answer = sender.receive()
    served.settle()
    return answer
