"""Handlers of all kinds: what they write, how they end, and what goes wrong in them."""

import asyncio
import datetime

import tornado.gen
import tornado.web


class Hello(tornado.web.RequestHandler):
    def get(self):
        self.write("Hello, world")


class Echo(tornado.web.RequestHandler):
    """Tells what it knows of its request."""

    def get(self, *args, **kwargs):
        request = self.request
        self.write(
            {
                "method": request.method,
                "uri": request.uri,
                "path": request.path,
                "query": request.query,
                "version": request.version,
                "host": request.host,
                "host_name": request.host_name,
                "remote_ip": request.remote_ip,
                "protocol": request.protocol,
                "full_url": request.full_url(),
                "headers": sorted(request.headers.get_all()),
                "body": request.body.decode("latin1"),
                "args": args,
                "kwargs": kwargs,
                "path_args": self.path_args,
                "path_kwargs": self.path_kwargs,
            }
        )

    post = put = patch = delete = options = get


class Methods(tornado.web.RequestHandler):
    SUPPORTED_METHODS = (*tornado.web.RequestHandler.SUPPORTED_METHODS, "PROPFIND", "LIST-IT")

    def get(self):
        self.write("got")

    def head(self):
        self.set_header("X-Head", "yes")

    def propfind(self):
        self.write("found")


class OnlyPost(tornado.web.RequestHandler):
    def post(self):
        self.write("posted")


class Written(tornado.web.RequestHandler):
    """Writes what the path names."""

    def get(self, what):
        things = {
            "bytes": b"\xff\x00",
            "text": "grüße",
            "dict": {"a": [1, None, "</script>", "ü"]},
            "list": [1],
            "none": None,
            "number": 7,
        }
        self.write(things[what])


class Large(tornado.web.RequestHandler):
    def get(self):
        self.write(b"x" * (8 * 1024 * 1024 + 1))


class Twice(tornado.web.RequestHandler):
    def get(self):
        self.write("a")
        self.write(b"b")
        self.finish("c")


class WrittenAfter(tornado.web.RequestHandler):
    def get(self):
        self.finish("whole")
        self.write("more")


class FinishedTwice(tornado.web.RequestHandler):
    def get(self):
        self.finish("whole")
        self.finish("more")


class Status(tornado.web.RequestHandler):
    def get(self, status):
        self.set_status(int(status), self.get_argument("reason", None))
        if self.get_argument("body", None):
            self.write("body")
        if self.get_argument("length", None):
            self.set_header("Content-Length", self.get_argument("length"))


class Head(tornado.web.RequestHandler):
    """Sets headers of all kinds, or such as cannot be."""

    def get(self, what):
        getattr(self, f"do_{what}")()
        self.write("done")

    def do_kinds(self):
        self.set_header("X-Text", "grün")
        self.set_header("X-Bytes", b"bytes")
        self.set_header("X-Int", 42)
        self.set_header("X-Date", datetime.datetime(2001, 2, 3, tzinfo=datetime.UTC))
        self.set_header("X-Empty", "")

    def do_several(self):
        self.set_header("X-One", "1")
        self.add_header("X-One", "2")
        self.add_header("X-Two", "3")
        self.set_header("X-Two", "4")

    def do_cleared(self):
        self.set_header("X-Gone", "1")
        self.clear_header("X-Gone")
        self.clear_header("Content-Type")
        self.clear_header("X-Never")

    def do_clear(self):
        self.set_header("X-Gone", "1")
        self.set_status(404)
        self.write("gone")
        self.clear()

    def do_line(self):
        self.set_header("X-Line", self.get_argument("value", "a\r\nX-Injected: yes"))

    def do_name(self):
        self.set_header(self.get_argument("name", "X Y"), "value")

    def do_type(self):
        self.set_header("X-Type", 1.5)

    def do_none(self):
        self.set_header("X-None", None)

    def do_type_of_content(self):
        self.set_header("Content-Type", "application/xml")

    def do_length(self):
        self.set_header("Content-Length", 4)

    def do_nul(self):
        self.set_header("X-Nul", "a\0b")


class Defaults(tornado.web.RequestHandler):
    def set_default_headers(self):
        self.set_header("X-Default", "set")
        self.set_header("Server", "own")

    def get(self):
        if self.get_argument("fail", None):
            raise tornado.web.HTTPError(400)
        self.clear()
        self.write("with defaults")


class Redirected(tornado.web.RequestHandler):
    def get(self):
        status = self.get_argument("status", None)
        self.redirect(
            self.get_argument("to", "/hello"),
            permanent=self.get_argument("permanent", "") == "yes",
            status=int(status) if status else None,
        )


class Flushed(tornado.web.RequestHandler):
    """Sends its answer in pieces."""

    async def get(self, what):
        if what == "length":
            self.set_header("Content-Length", 6)
        self.write("abc")
        await self.flush()
        if what == "fails":
            raise RuntimeError("after a piece")
        if what == "error":
            raise tornado.web.HTTPError(403)
        if what == "finishes":
            raise tornado.web.Finish()
        if what == "redirects":
            self.redirect("/")
        if what == "nothing":
            return
        self.write("def")
        await self.flush()

    head = get


class Short(tornado.web.RequestHandler):
    """Says more, or less, than it has."""

    def get(self, length):
        self.set_header("Content-Length", length)
        self.write("four")


class Raised(tornado.web.RequestHandler):
    def get(self, what):
        raise {
            "plain": lambda: tornado.web.HTTPError(400),
            "message": lambda: tornado.web.HTTPError(404, "no %s here", "thing"),
            "percent": lambda: tornado.web.HTTPError(404, "100%"),
            "reason": lambda: tornado.web.HTTPError(418, reason="Short and stout"),
            "bad-reason": lambda: tornado.web.HTTPError(400, reason="a\r\nX-Injected: yes"),
            "markup-reason": lambda: tornado.web.HTTPError(400, reason="<script>"),
            "unknown": lambda: tornado.web.HTTPError(599),
            "strange": lambda: tornado.web.HTTPError(456),
            "server": lambda: tornado.web.HTTPError(503, "later"),
            "missing": lambda: tornado.web.MissingArgumentError("<thing>"),
            "not-modified": lambda: tornado.web.HTTPError(304),
            "no-content": lambda: tornado.web.HTTPError(204),
            "ok": lambda: tornado.web.HTTPError(200),
            "finish": lambda: tornado.web.Finish(),
            "finish-with": lambda: tornado.web.Finish("with this"),
            "finish-dict": lambda: tornado.web.Finish({"with": "this"}),
            "value": lambda: ValueError("text"),
            "key": lambda: KeyError("<key>"),
            "cancelled": lambda: asyncio.CancelledError(),
        }[what]()


class Kept(tornado.web.RequestHandler):
    """What is set before Finish is raised is sent."""

    def get(self):
        self.set_status(401)
        self.set_header("WWW-Authenticate", "Basic")
        self.write("who?")
        raise tornado.web.Finish()


class Lost(tornado.web.RequestHandler):
    """What is set before another exception is not."""

    def get(self):
        self.set_header("X-Lost", "yes")
        self.set_cookie("kept", "yes")
        self.write("lost")
        raise tornado.web.HTTPError(409)


class SentError(tornado.web.RequestHandler):
    def get(self):
        self.write("lost")
        self.send_error(
            int(self.get_argument("status", "500")), reason=self.get_argument("r", None)
        )

    def post(self):
        self.finish("done")
        self.send_error(500)


class OwnError(tornado.web.RequestHandler):
    def initialize(self, fails=False):
        self.fails = fails

    def get(self):
        raise tornado.web.HTTPError(410, "all gone", reason="Gone for good")

    def post(self):
        raise ValueError("text")

    def write_error(self, status_code, **kwargs):
        self.set_header("Content-Type", "text/plain")
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        self.write(f"{status_code} {self._reason} {type(error).__name__}")
        if self.fails:
            raise RuntimeError("in write_error")


class OwnLog(tornado.web.RequestHandler):
    def get(self):
        raise tornado.web.HTTPError(500, "not logged")

    def post(self):
        raise ValueError("not logged")

    def log_exception(self, typ, value, tb):
        pass


class BadLog(OwnLog):
    def log_exception(self, typ, value, tb):
        raise RuntimeError("in log_exception")


class Prepared(tornado.web.RequestHandler):
    """Has a ``prepare()`` that does what the query says."""

    def prepare(self):
        what = self.get_query_argument("do", "")
        if what == "finish":
            self.finish("by prepare")
        elif what == "raise":
            raise tornado.web.HTTPError(402)
        elif what == "redirect":
            self.redirect("/hello")
        elif what == "write":
            self.write("prepared, ")

    def get(self):
        self.write("by get")

    post = get


class PreparedAsync(Prepared):
    async def prepare(self):
        await asyncio.sleep(0)
        super().prepare()


class Suspended(tornado.web.RequestHandler):
    async def get(self, what):
        await asyncio.sleep(0)
        if what == "fails":
            raise ValueError("text")
        if what == "error":
            raise tornado.web.HTTPError(406, "text")
        if what == "finishes":
            await self.finish({"finished": True})
            return
        self.write("waited")


class Cells(tornado.web.RequestHandler):
    @tornado.gen.coroutine
    def get(self):
        yield tornado.gen.sleep(0)
        self.write("generated")


class Returned(tornado.web.RequestHandler):
    def get(self):
        return "text"


class BadFinish(tornado.web.RequestHandler):
    def get(self):
        self.write("done")

    def on_finish(self):
        raise RuntimeError("in on_finish")


class BadInitialize(tornado.web.RequestHandler):
    def initialize(self):
        raise tornado.web.HTTPError(418)


class Tagged(tornado.web.RequestHandler):
    """Has an Etag of its own."""

    def compute_etag(self):
        return self.get_argument("etag", None)

    def get(self):
        self.write("body")

    post = get


class ChecksFirst(tornado.web.RequestHandler):
    def compute_etag(self):
        return '"known"'

    def get(self):
        self.set_etag_header()
        if self.check_etag_header():
            self.set_status(304)
            return
        self.set_header("X-Made", "yes")
        self.write("made")


class Teapot(tornado.web.RequestHandler):
    def initialize(self, kind, size=1):
        self.kind = kind
        self.size = size

    def get(self):
        self.write(f"{self.kind} {self.size}")


def make_app(folder):
    return tornado.web.Application(
        [
            (r"/hello", Hello),
            (r"/echo", Echo),
            (r"/echo/two/([^/]*)/(.*)", Echo),
            (r"/echo/maybe/(a)?(b)?", Echo),
            (r"/echo/named/(?P<first>[^/]+)/(?P<second>.*)", Echo),
            (r"/echo/none/(?:x|y)", Echo),
            (r"/methods", Methods),
            (r"/only-post", OnlyPost),
            (r"/written/(\w+)", Written),
            (r"/large", Large),
            (r"/twice", Twice),
            (r"/written-after", WrittenAfter),
            (r"/finished-twice", FinishedTwice),
            (r"/status/(-?\d+)", Status),
            (r"/head/(\w+)", Head),
            (r"/defaults", Defaults),
            (r"/redirected", Redirected),
            (r"/flushed/(\w+)", Flushed),
            (r"/short/(\w+)", Short),
            (r"/raised/([\w-]+)", Raised),
            (r"/kept", Kept),
            (r"/lost", Lost),
            (r"/sent-error", SentError),
            (r"/own-error", OwnError),
            (r"/own-error-fails", OwnError, {"fails": True}),
            (r"/own-log", OwnLog),
            (r"/bad-log", BadLog),
            (r"/prepared", Prepared),
            (r"/prepared-async", PreparedAsync),
            (r"/suspended/(\w+)", Suspended),
            (r"/cells", Cells),
            (r"/returned", Returned),
            (r"/bad-finish", BadFinish),
            (r"/bad-initialize", BadInitialize),
            (r"/tagged", Tagged),
            (r"/checks-first", ChecksFirst),
            (r"/teapot", Teapot, {"kind": "green"}),
            (r"/teapot/large", Teapot, {"kind": "black", "size": 3}),
            (r"/old/(.*)", tornado.web.RedirectHandler, {"url": "/new/{0}"}),
            (r"/moved", tornado.web.RedirectHandler, {"url": "/new?x=1", "permanent": False}),
            (r"/gone", tornado.web.ErrorHandler, {"status_code": 410}),
        ]
    )
