"""Sites within a site: what they see of a request, and where their addresses lead."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.web.helpers import Site
from tornadolike.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
    ResponseStartLine,
)
from tornadolike.routing import RuleRouter
from tornadolike.web import (
    Application,
    HTTPError,
    Mount,
    RequestHandler,
    StaticFileHandler,
    addslash,
    authenticated,
    removeslash,
    route,
)
from tornadolike.wsgi import WSGIContainer


class Shows(RequestHandler):
    def get(self, **kwargs: Any) -> None:
        request = self.request
        self.write(f"{request.mounted_at}|{request.path}|{request.uri}|{kwargs or ''}")


class Links(RequestHandler):
    def get(self) -> None:
        self.write(
            self.reverse_url("item", 7) + " " + self.static_url("a.txt", include_version=False)
        )


class Slashes(RequestHandler):
    @addslash
    def get(self) -> None:
        self.write("with a slash")


class NoSlashes(RequestHandler):
    @removeslash
    def get(self) -> None:
        self.write("without")


class Private(RequestHandler):
    @authenticated
    def get(self) -> None:
        pass


async def outer(handler: Any, call_next: Any) -> None:
    handler.before_head(lambda handler: handler.add_header("X-Around", "outer"))
    await call_next(handler)


async def inner(handler: Any, call_next: Any) -> None:
    handler.before_head(lambda handler: handler.add_header("X-Around", "inner"))
    await call_next(handler)


def shop(tmp_path: Path) -> Application:
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "index.html").write_text("index")
    return Application(
        [
            route("/", Shows),
            route("/items/{n:int}", Shows, name="item"),
            (r"/old/([0-9]+)", Shows, None, "old"),
            (r"/links", Links),
            (r"/slash/?", Slashes),
            (r"/noslash/?", NoSlashes),
            (r"/private", Private),
            (
                r"/files/(.*)",
                StaticFileHandler,
                {"path": str(tmp_path), "default_filename": "index.html"},
            ),
        ],
        static_path=str(tmp_path),
        login_url="/login",
        middleware=[inner],
        log_function=lambda handler: None,
    )


def test_an_application(site: Any, tmp_path: Path) -> None:
    here: Site = site(
        Mount("/shop", shop(tmp_path)), route("/{rest:path}", Shows), middleware=[outer]
    )
    for path, said in (
        ("/shop/", "/shop|/|/shop/|"),
        ("/shop/?x=1", "/shop|/|/shop/?x=1|"),
        ("/shop/items/7", "/shop|/items/7|/shop/items/7|{'n': 7}"),
        ("/shop/links", "/shop/items/7 /shop/static/a.txt"),
        ("/shop/static/a.txt", "text"),
        ("/shop/slash/", "with a slash"),
        ("/shop/files/directory/", "index"),
        ("/shopping", "|/shopping|/shopping|{'rest': 'shopping'}"),
        ("/shop%2F", "|/shop%2F|/shop%2F|{'rest': 'shop/'}"),
        ("/", "|/|/|{'rest': ''}"),
    ):
        assert here.ask(f"GET {path}").text == said
    for path, status, there in (
        ("/shop", 307, "/shop/"),
        ("/shop?x=1", 307, "/shop/?x=1"),
        ("/shop/slash?x=1", 301, "/shop/slash/?x=1"),
        ("/shop/noslash/", 301, "/shop/noslash"),
        ("/shop/files/directory", 301, "/shop/files/directory/"),
        ("/shop/private?x=1", 302, "/login?next=%2Fshop%2Fprivate%3Fx%3D1"),
    ):
        answer = here.ask(f"GET {path}")
        assert (answer.status, answer.header("Location")) == (status, there), path
    assert here.ask("POST /shop", body=b"x").status == 307
    assert here.ask("GET /shop/nothing").status == 404
    assert here.ask("GET /shop/items/7").headers.get_all("X-Around") == ["inner", "outer"]
    assert here.ask("GET /shop").headers.get_all("X-Around") == ["outer"]
    assert here.application.reverse_url("item", 7) == "/shop/items/7"
    assert here.application.reverse_url("item", n=7) == "/shop/items/7"
    with pytest.raises(KeyError):
        here.application.reverse_url("unknown")


def test_names_behind_an_application_that_has_none() -> None:
    inner = Application([route("/items", Shows, name="items")])
    site = Application([(r"/first/.*", Application()), Mount("/second", inner)])
    assert site.reverse_url("items") == "/second/items"


def test_mounts_in_mounts(site: Any, tmp_path: Path) -> None:
    middle = Application([Mount("/b/c", shop(tmp_path)), route("/", Shows)], middleware=[outer])
    here: Site = site(Mount("/a", middle))
    assert here.ask("GET /a/b/c/items/7").text == "/a/b/c|/items/7|/a/b/c/items/7|{'n': 7}"
    assert here.ask("GET /a/").text == "/a|/|/a/|"
    assert here.ask("GET /a/b/c/links").text == "/a/b/c/items/7 /a/b/c/static/a.txt"
    assert here.ask("GET /a/b/c").header("Location") == "/a/b/c/"
    assert here.ask("GET /a/b").status == 404
    assert here.application.reverse_url("item", 7) == "/a/b/c/items/7"


def test_addresses_on_other_hosts_stay(site: Any, tmp_path: Path) -> None:
    class Link(RequestHandler):
        def get(self) -> None:
            self.write(self.static_url("a.txt", include_version=False))

    (tmp_path / "a.txt").write_text("text")
    for prefix in ("https://cdn.example/s/", "//cdn.example/"):
        inside = Application(
            [route("/", Link)], static_path=str(tmp_path), static_url_prefix=prefix
        )
        assert site(Mount("/shop", inside)).ask("GET /shop/").text == f"{prefix}a.txt"


def test_a_router_that_finds_nothing(site: Any) -> None:
    def say(request: HTTPServerRequest, **kwargs: Any) -> None:
        body = f"{request.mounted_at}|{request.path}".encode()
        head = ResponseStartLine("HTTP/1.1", 200, "OK")
        fields = HTTPHeaders({"Content-Length": str(len(body))})
        request.connection.write_headers(head, fields, body)
        request.connection.finish()

    router = RuleRouter([(r"/known", say)])
    here: Site = site(Mount("/a", router), Mount("/f", say), route("/{rest:path}", Shows))
    assert here.ask("GET /a/known").text == "/a|/known"
    assert here.ask("GET /a/unknown").text == "|/a/unknown|/a/unknown|{'rest': 'a/unknown'}"
    assert here.ask("POST /f/x/", body=b"1").text == "/f|/x/"


def test_a_wsgi_application(site: Any) -> None:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
        names = ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_URI")
        return ["|".join([environ[name] for name in names]).encode()]

    here: Site = site(
        Mount("/old", WSGIContainer(application)),
        Mount("/older", Application([Mount("/still", WSGIContainer(application))])),
        Mount("/named", WSGIContainer(application, script_name="/x")),
    )
    assert here.ask("GET /old/a%20b?q").text == "/old|/a b|q|/old/a%20b?q"
    assert here.ask("GET /older/still/").text == "/older/still|/||/older/still/"
    assert here.ask("GET /named/x/y").text == "/named/x|/y||/named/x/y"


def test_middleware_is_around_functions(site: Any) -> None:
    """What keeps strangers out of an application keeps them out of all of it."""

    async def keep_out(handler: Any, call_next: Any) -> None:
        if "Key" not in handler.request.headers:
            raise HTTPError(403)
        await call_next(handler)

    def function(request: Any) -> None:
        request.connection.write_headers(
            ResponseStartLine("", 200, "OK"), HTTPHeaders({"Content-Length": "4"}), b"here"
        )
        request.connection.finish()

    inner = Application([Mount("/mounted", function), ("/plain", function)])
    here: Site = site(
        Mount("/function", function),
        ("/plain", function),
        Mount("/inner", inner),
        middleware=[keep_out],
        xsrf_cookies=True,
    )
    for path in ("/function/", "/plain", "/inner/mounted/", "/inner/plain"):
        assert here.ask(f"GET {path}").status == 403, path
        for method in ("GET", "POST", "PROPFIND"):
            assert here.ask(f"{method} {path}", "Key: 1").text == "here", path


def test_a_function_that_fails(site: Any, expect_log: Any) -> None:
    def function(request: Any) -> None:
        raise ZeroDivisionError

    here: Site = site(Mount("/function", function), ("/plain", function))
    for path in ("/function/", "/plain"):
        with expect_log("tornadolike.application", "Uncaught exception"):
            assert here.ask(f"GET {path}").status == 500


def test_a_delegate(site: Any) -> None:
    class Echo(HTTPServerConnectionDelegate, HTTPMessageDelegate):
        def start_request(self, server_conn: object, request_conn: Any) -> "Echo":
            self.connection, self.body = request_conn, b""
            return self

        def headers_received(self, start_line: Any, headers: HTTPHeaders) -> None:
            self.path = start_line.path

        def data_received(self, chunk: bytes) -> None:
            self.body += chunk

        def finish(self) -> None:
            body = self.path.encode() + self.body
            head = ResponseStartLine("HTTP/1.1", 200, "OK")
            self.connection.write_headers(
                head, HTTPHeaders({"Content-Length": str(len(body))}), body
            )
            self.connection.finish()

    here: Site = site(Mount("/echo", Echo()))
    assert here.ask("POST /echo/x?y", body=b"body").text == "/x?ybody"


def test_what_cannot_be_mounted() -> None:
    wrong: Any
    for wrong in ("", "/", "admin", "/admin/", "/a//b"):
        with pytest.raises(ValueError, match="a path such as '/admin'"):
            Mount(wrong, print)
    with pytest.raises(ValueError, match="percent-encoded"):
        Mount("/ä", print)
    with pytest.raises(TypeError, match="a path such as"):
        Mount(7, print)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"for a handler write route\('/a/{rest:path}'"):
        Mount("/a", Shows)
    with pytest.raises(TypeError, match="what is mounted is"):
        Mount("/a", 7)
    with pytest.raises(TypeError, match=r"nobody would wait for .* a coroutine function"):
        Mount("/a", outer)


def test_middleware_needs_handlers(site: Any) -> None:
    wrong: Any
    for wrong in (
        Mount("/a", print, middleware=[outer]),
        Mount("/a", WSGIContainer(print), middleware=[outer]),
        route("/a", print, middleware=[outer]),
        route("/a", HTTPServerConnectionDelegate(), middleware=[outer]),
    ):
        with pytest.raises(TypeError, match=r"middleware stands around handlers.*FallbackHandler"):
            Application([wrong])
    with pytest.raises(TypeError, match="middleware stands around handlers"):
        RuleRouter([route("/", Application(), middleware=[outer])])
    here: Site = site(Mount("/a", Application([route("/", Shows)]), middleware=[outer]))
    assert here.ask("GET /a/").header("X-Around") == "outer"
