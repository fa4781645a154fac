"""An answer whose body is written down, and a fetch that gets it."""

from tornadolike.httpclient.collecting import collect
from tornadolike.httpclient.conversation import Conversation
from tornadolike.httpclient.engine import Answer, Engine
from tornadolike.httpclient.plan import plan_for
from tornadolike.httpclient.requests import HTTPRequest
from tornadolike.httputil import HTTPHeaders


class WrittenAnswer(Answer):
    """It gives pieces that are there; an exception among them is raised."""

    def __init__(self, pieces, headers=None, status=200):
        self.pieces = list(pieces)
        self.status, self.reason, self.version = status, "Fine", "HTTP/1.1"
        self.headers = HTTPHeaders(headers or {})
        self.trailers = None
        self.closed = False
        self.reads = 0

    async def read(self):
        self.reads += 1
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece

    def close(self):
        self.closed = True


class WrittenEngine(Engine):
    """Every hop gets the same answer."""

    def __init__(self, answer):
        self.answer = answer

    async def send(self, hop):
        return self.answer

    def close(self):
        pass

    def close_idle(self):
        pass


async def collected(answer, **options):
    """The response that comes of an answer, to a request with these options."""
    request = HTTPRequest("http://example.com/", **options)
    conversation = Conversation(WrittenEngine(answer), plan_for(request, HTTPRequest._DEFAULTS))
    return await collect(conversation._plan, conversation, await conversation.open())


async def whole(answer):
    """All of a body."""
    pieces = []
    while piece := await answer.read():
        pieces.append(piece)
    return b"".join(pieces)
