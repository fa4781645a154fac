"""An engine without sockets, which gives the answers that a test has written down."""

import copy

from tornadolike.httpclient.conversation import Conversation
from tornadolike.httpclient.engine import Answer, Engine
from tornadolike.httpclient.plan import plan_for
from tornadolike.httpclient.requests import HTTPRequest
from tornadolike.httputil import HTTPHeaders

DEFAULTS = HTTPRequest._DEFAULTS


class ScriptedAnswer(Answer):
    """Its body comes in one piece, at once."""

    reason = ""
    version = "HTTP/1.1"
    trailers = None

    def __init__(self, status, *fields, body=b""):
        self.status = status
        self.headers = HTTPHeaders()
        for name, value in fields:
            self.headers.add(name, value)
        self.pieces = [body, b""] if body else [b""]
        self.closed = False

    async def read(self):
        return self.pieces.pop(0)

    def read_nowait(self):
        return self.pieces.pop(0) if self.pieces else b""

    def close(self):
        self.closed = True


class ScriptedEngine(Engine):
    """Keeps what it has been sent, as it was then.

    :arg script: an answer each, an exception to be raised, or a function of the hop that gives one of these.
    """

    def __init__(self, *script):
        self.script = list(script)
        self.hops = []
        self.given = []

    async def send(self, hop):
        sent = copy.copy(hop)
        sent.headers = hop.headers.copy()
        self.hops.append(sent)
        result = self.script.pop(0)
        if callable(result):
            result = result(hop)
        if isinstance(result, Exception):
            raise result
        self.given.append(result)
        return result

    def close(self):
        pass

    close_idle = close

    @property
    def urls(self):
        return [hop.address.url for hop in self.hops]

    def sent(self, name):
        """What each request had of a header."""
        return [hop.headers.get(name) for hop in self.hops]


def to(location, status=302, *fields):
    """A redirect."""
    return ScriptedAnswer(status, ("Location", location), *fields)


def ok(*fields):
    return ScriptedAnswer(200, *fields)


def conversation(engine, url, *, jar=None, defaults=DEFAULTS, **options):
    return Conversation(engine, plan_for(HTTPRequest(url, **options), defaults, jar=jar))


async def converse(url, *script, **options):
    """Return the engine, the conversation and the answer; all answers before it were closed, and it was not."""
    engine = ScriptedEngine(*script)
    talk = conversation(engine, url, **options)
    answer = await talk.open()
    assert engine.script == []
    assert [given.closed for given in engine.given] == [True] * (len(engine.given) - 1) + [False]
    return engine, talk, answer
