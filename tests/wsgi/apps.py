"""Small applications, and containers to serve them."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from wsgiref.validate import validator

from tests.web.helpers import Connection
from tornadolike.wsgi import WSGIContainer

PLAIN = [("Content-Type", "text/plain")]


def answering(*blocks, status="200 OK", headers=PLAIN, wrap=list):
    """An application that always answers this; ``wrap`` makes what it returns of the blocks."""

    def application(environ, start_response):
        start_response(status, list(headers))
        return wrap(blocks)

    return application


def echoing(*names):
    """An application that answers these variables of its environ, and its input, as text."""

    def application(environ, start_response):
        start_response("200 OK", PLAIN)
        said = {name: environ.get(name) for name in names}
        return [repr((said, environ["wsgi.input"].read(10**6))).encode()]

    return application


@contextlib.contextmanager
def threads(count=4):
    """An executor that is shut down behind the test."""
    with ThreadPoolExecutor(count, thread_name_prefix="wsgi") as executor:
        yield executor


def checked(application, executor, **options):
    """A container whose application is watched by the standard library's checker of PEP 3333."""
    return WSGIContainer(validator(application), executor, **options)


def asked(server, request="GET /", *fields, body=None):
    """The answer, and what is to be logged of it is logged by then."""
    with Connection(server) as connection:
        answer = connection.ask(request, *fields, body=body)
    server.call(lambda: None)
    return answer


class Closing:
    """An iterable that counts its ``close()``."""

    def __init__(self, blocks):
        self.blocks = iter(blocks)
        self.closed = 0

    def __iter__(self):
        return self.blocks

    def close(self):
        self.closed += 1
