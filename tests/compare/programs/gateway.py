"""Applications of WSGI, alone and as a fallback."""

import concurrent.futures
import logging
import sys

import tornado.routing
import tornado.web
import tornado.wsgi

SHOWN = [
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "REMOTE_ADDR",
    "SERVER_NAME",
    "SERVER_PROTOCOL",
    "CONTENT_TYPE",
    "CONTENT_LENGTH",
    "HTTP_HOST",
    "HTTP_X_ONE",
    "HTTP_X_TWO",
    "HTTP_COOKIE",
    "HTTPS",
    "HTTP_PROXY",
    "wsgi.version",
    "wsgi.url_scheme",
    "wsgi.multiprocess",
    "wsgi.run_once",
]


def shows(environ, start_response):
    """Tells its environment."""
    body = environ["wsgi.input"].read()
    lines = [f"{name}={environ[name]!r}" for name in SHOWN if name in environ]
    start_response("200 OK", [("Content-Type", "text/plain; charset=latin1")])
    return ["\n".join(lines).encode("latin1", "backslashreplace"), b"\n", body]


class Closing:
    """A body that can be closed, and then logs it."""

    def __init__(self, environ, parts, fails=False):
        self.environ = environ
        self.parts = iter(parts)
        self.fails = fails

    def __iter__(self):
        return self

    def __next__(self):
        part = next(self.parts, None)
        if part is None:
            if self.fails:
                raise ValueError("in the middle")
            raise StopIteration
        return part

    def close(self):
        logging.getLogger("tornado.application").info("closed")


def answers(environ, start_response):
    """Answers as its path says."""
    text = [("Content-Type", "text/plain")]
    what = environ["PATH_INFO"].rpartition("/")[2]
    if what == "created":
        start_response("201 Created", [*text, ("X-One", "1"), ("X-One", "2")])
        return [b"created"]
    if what == "written":
        write = start_response("200 OK", text)
        write(b"written, ")
        return [b"returned"]
    if what == "length":
        start_response("200 OK", [*text, ("Content-Length", "4")])
        return [b"four"]
    if what == "no-content":
        start_response("204 No Content", [])
        return []
    if what == "not-modified":
        start_response("304 Not Modified", [("Etag", '"x"')])
        return []
    if what == "reason":
        start_response("404 Not here at all", text)
        return [b"no"]
    if what == "empty":
        start_response("200 OK", text)
        return []
    if what == "closes":
        start_response("200 OK", text)
        return Closing(environ, [b"one ", b"two"])
    if what == "closes-failing":
        start_response("200 OK", text)
        return Closing(environ, [b"one "], fails=True)
    if what == "generates":
        return generates(start_response)
    if what == "fails":
        raise ValueError("text")
    if what == "recovers":
        start_response("200 OK", text)
        try:
            raise ValueError("text")
        except ValueError:
            start_response("500 Recovered", text, sys.exc_info())
        return [b"recovered"]
    if what == "never":
        return [b"body"]
    if what == "hop":
        start_response("200 OK", [("Transfer-Encoding", "chunked")])
        return [b"body"]
    if what == "line":
        start_response("200 OK", [("X-Line", "a\r\nX-Injected: yes")])
        return [b"body"]
    start_response("404 Not Found", text)
    return [b"not found"]


def generates(start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"one "
    yield b"two"


class Hello(tornado.web.RequestHandler):
    def get(self):
        self.write("of the framework")


def served(executor=None):
    return tornado.web.Application(
        [
            (r"/hello", Hello),
            (
                r"/shows/.*",
                tornado.web.FallbackHandler,
                {"fallback": tornado.wsgi.WSGIContainer(shows, executor)},
            ),
            (
                r".*",
                tornado.web.FallbackHandler,
                {"fallback": tornado.wsgi.WSGIContainer(answers, executor)},
            ),
        ]
    )


def make_app(folder):
    """The host ``threads`` has the same in threads."""
    return tornado.routing.RuleRouter(
        [
            (
                tornado.routing.HostMatches("threads"),
                served(concurrent.futures.ThreadPoolExecutor(1)),
            ),
            (r".*", served()),
        ]
    )
