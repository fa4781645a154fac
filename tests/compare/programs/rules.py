"""Rules of all kinds: by host and path, nested, named, of the author's own."""

import tornado.httputil
import tornado.routing
import tornado.web


class Told(tornado.web.RequestHandler):
    """Tells which rule has chosen it, and with what."""

    def initialize(self, rule="", **more):
        self.rule = rule
        self.more = more

    def get(self, *args, **kwargs):
        self.write({"rule": self.rule, "args": args, "kwargs": kwargs, "more": self.more})

    post = get


class Links(tornado.web.RequestHandler):
    """Makes the address of the rule that the query names."""

    def get(self):
        self.write(self.reverse_url(self.get_argument("name"), *self.get_arguments("arg")))


class Delegate(tornado.httputil.HTTPMessageDelegate):
    """Answers by itself, without a handler."""

    def __init__(self, request_conn):
        self.connection = request_conn
        self.body = b""

    def headers_received(self, start_line, headers):
        self.start_line = start_line

    def data_received(self, chunk):
        self.body += chunk

    def finish(self):
        text = f"{self.start_line.method} {self.start_line.path} ".encode() + self.body
        self.connection.write_headers(
            tornado.httputil.ResponseStartLine("HTTP/1.1", 200, "OK"),
            tornado.httputil.HTTPHeaders({"Content-Length": str(len(text))}),
            text,
        )
        self.connection.finish()


class Router(tornado.routing.Router):
    """Answers paths that end with ``.mine``."""

    def __init__(self, app=None):
        self.app = app

    def find_handler(self, request, **kwargs):
        if request.path.endswith("/fails.mine"):
            raise ValueError("text")
        if request.path.endswith("/told.mine"):
            return self.app.get_handler_delegate(
                request, Told, {"rule": "mine"}, path_args=[b"a", b"%"]
            )
        if request.path.endswith(".mine"):
            return Delegate(request.connection)
        return None


class ByHeader(tornado.routing.Matcher):
    """Matches requests with a field, whose value it passes on."""

    def match(self, request):
        value = request.headers.get("X-Kind")
        return None if value is None else {"path_args": [value.encode()], "path_kwargs": {}}


def plain(request):
    """A target that is a function."""
    text = f"plain {request.path}".encode()
    request.connection.write_headers(
        tornado.httputil.ResponseStartLine("HTTP/1.1", 200, "OK"),
        tornado.httputil.HTTPHeaders({"Content-Length": str(len(text))}),
        text,
    )
    request.connection.finish()


def make_app(folder):
    named = {"rule": "named"}
    app = tornado.web.Application(
        [
            (r"/a", Told, {"rule": "first"}),
            (r"/a", Told, {"rule": "second"}),
            (r"/.", Told, {"rule": "any"}),
            (r"/b", Told, {"rule": "too late"}),
            (r"/dot.html", Told, {"rule": "dot"}),
            (r"/escaped\.html", Told, {"rule": "escaped"}),
            (r"/optional/?", Told, {"rule": "optional"}, "optional"),
            (r"^/anchored$", Told, {"rule": "anchored"}),
            (r"/either|/or", Told, {"rule": "either"}),
            (r"/groups/(\d+)/(?:x|y)/([a-c]*)", Told, {"rule": "groups"}, "groups"),
            (r"/names/(?P<year>\d{4})/(?P<slug>[^/]+)", Told, {"rule": "names"}, "names"),
            (r"/nothing/()(x)?", Told, {"rule": "nothing"}),
            (r"/[cd]", Told, {"rule": "class"}, "class"),
            (r"/(?i:CASE)", Told, {"rule": "case"}),
            tornado.web.url(r"/url", Told, named, name="url"),
            tornado.web.URLSpec(r"/spec/(.*)", Told, named, name="spec"),
            tornado.routing.URLSpec(r"/percent%/(.*)", Told, named, "percent"),
            (r"/imported", f"{__name__}.Told", {"rule": "imported"}),
            (r"/links", Links),
            (r"/plain/.*", plain),
            (ByHeader(), Told, {"rule": "header"}),
            (tornado.routing.PathMatches(r"/matcher/(.*)"), Told, {"rule": "matcher"}, "matcher"),
            (
                tornado.routing.HostMatches(r"nested\.example"),
                [
                    (r"/nested", Told, {"rule": "nested"}, "nested"),
                    (r"/deep/.*", [(r"/deep/(\w+)", Told, {"rule": "deep"})]),
                ],
            ),
            (r"/list/.*", [(r"/list/one", Told, {"rule": "list"})]),
            (r"/list/two", Told, {"rule": "behind the list"}),
            (r"/(.*)\.any", Told, {"rule": "any"}, "any"),
            (r"/to-spare/.*", tornado.routing.RuleRouter([(r"/to-spare/plain", plain)])),
        ],
        default_host="default.example",
    )
    app.add_handlers(r"one\.example", [(r"/host", Told, {"rule": "one"}), (r"/a", Told)])
    app.add_handlers(r".*\.example", [(r"/host", Told, {"rule": "all"}, "host")])
    app.add_handlers(r"default\.example", [(r"/by-default", Told, {"rule": "default"})])
    app.wildcard_router.add_rules([(r".*\.mine", Router(app))])
    other = tornado.web.Application([(r"/other/(.*)", Told, {"rule": "other"})])
    return tornado.routing.RuleRouter(
        [
            tornado.routing.Rule(tornado.routing.PathMatches(r"/other/.*"), other),
            tornado.routing.Rule(tornado.routing.PathMatches(r"/only/plain"), plain),
            (tornado.routing.HostMatches("bare.example"), tornado.routing.RuleRouter([])),
            tornado.routing.Rule(tornado.routing.AnyMatches(), app),
        ]
    )
