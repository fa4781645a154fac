"""Blueprints: groups of rules."""

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.web.helpers import Site
from tornadolike.web import (
    Application,
    Blueprint,
    HeaderVersions,
    HTTPError,
    Mount,
    RequestHandler,
    url,
)
from tornadolike.websocket import WebSocketHandler


def put(handler: Any, word: str) -> None:
    """Tell in a header who was here, and when."""
    handler._who = [*getattr(handler, "_who", []), word]
    handler.set_header("X-Who", " ".join(handler._who))


def passing(word: str) -> Any:
    """Middleware that tells that it was here."""

    async def middleware(handler: Any, call_next: Any) -> None:
        put(handler, word)
        await call_next(handler)

    return middleware


def shop(**options: Any) -> Blueprint:
    blueprint = Blueprint("shop", "/shop", **options)

    @blueprint.get("/items/{item:int}")
    def show(handler: Any, item: int) -> str:
        return f"{item} {handler.reverse_url('.show', item + 1)}"

    @blueprint.post("/items/{item:int}", name="change")
    async def change(handler: Any, item: int) -> str:
        return f"changed {item}"

    return blueprint


def test_it_adds_rules_with_whole_paths_and_names(site: Callable[..., Site]) -> None:
    s = site()
    s.application.add_blueprint(shop())
    assert s.ask("GET /shop/items/4").text == "4 /shop/items/5"
    assert s.ask("POST /shop/items/4").text == "changed 4"
    assert s.ask("GET /items/4").status == 404
    assert s.ask("PUT /shop/items/4").header("Allow") == "GET, POST"
    assert s.application.reverse_url("shop.show", 4) == "/shop/items/4"
    assert s.application.reverse_url("shop.show", item=5) == "/shop/items/5"
    with pytest.raises(KeyError):
        s.application.reverse_url("show", 4)


def test_it_takes_classes_files_and_the_prefix_itself(
    site: Callable[..., Site], tmp_path: Any
) -> None:
    (tmp_path / "a.css").write_text("a { }")
    docs = Blueprint("docs", "/docs")
    docs.static("/files", tmp_path, name="files")

    @docs.add("")
    class Index(RequestHandler):
        def get(self) -> None:
            self.write(self.reverse_url(".files", "a.css"))

    docs.add("/page/{name}", Index, name="page")
    s = site()
    s.application.add_blueprint(docs)
    assert s.ask("GET /docs").text == "/docs/files/a.css"
    assert s.ask("GET /docs/files/a.css").text == "a { }"
    assert s.application.reverse_url("docs.page", "x") == "/docs/page/x"


def test_nested_ones_stand_within_the_outer(site: Callable[..., Site]) -> None:
    api = Blueprint("api", "/api/{tenant}", middleware=[passing("api")], version=1)
    api.add_blueprint(users := Blueprint("users", "/users", middleware=[passing("users")]))
    api.add_blueprint(newer := Blueprint("newer", "/newer", version=2))
    api.add_blueprint(plain := Blueprint("", "/plain"))

    @users.get("/{user}", middleware=[passing("show")])
    def show(handler: Any, tenant: str, user: str) -> str:
        return f"{tenant} {user} {handler.reverse_url('.show', 'T', 'U')}"

    @newer.get("")
    def index(handler: Any, tenant: str) -> str:
        return f"newer {tenant}"

    @plain.get("")
    @plain.get("/old", name="old", version=0)
    def plainly(handler: Any, tenant: str) -> str:
        return handler.reverse_url(".plainly", tenant)

    s = site(middleware=[passing("application")])
    s.application.add_blueprint(api)
    answer = s.ask("GET /v1/api/acme/users/ann")
    assert answer.text == "acme ann /v1/api/T/users/U"
    assert answer.header("X-Who") == "application api users show"
    assert s.ask("GET /v2/api/acme/newer").text == "newer acme"
    assert s.ask("GET /v1/api/acme/plain").text == "/v1/api/acme/plain"
    assert s.ask("GET /v0/api/acme/plain/old").status == 200
    assert s.application.reverse_url("api.plainly", "a") == "/v1/api/a/plain"
    assert s.application.reverse_url("api.users.show", "a", "b") == "/v1/api/a/users/b"


def test_the_same_handler_in_several_versions(site: Callable[..., Site]) -> None:
    versions = HeaderVersions(default=1)

    class Index(RequestHandler):
        def get(self) -> None:
            self.write(self.reverse_url(".other"))

    s = site()
    for number in (1, 2):
        blueprint = Blueprint(f"v{number}", "/api", version=versions(number))
        blueprint.add("/x", Index)
        blueprint.add(f"/other/{number}", Index, name="other")
        s.application.add_blueprint(blueprint)
    assert s.ask("GET /api/x").text == "/api/other/1"
    answer = s.ask("GET /api/x", "API-Version: 2")
    assert (answer.text, answer.header("Vary")) == ("/api/other/2", "API-Version")
    assert s.ask("GET /api/x", "API-Version: 3").status == 406


def test_names_stay_in_the_blueprint_in_templates_and_below_mounts(
    site: Callable[..., Site], tmp_path: Any
) -> None:
    (tmp_path / "links.html").write_text("{{ reverse_url('.page', 2) }}")
    pages = Blueprint("pages", "/pages")

    @pages.get("/{number:int}")
    def page(handler: Any, number: int) -> Any:
        return handler.render("links.html")

    inner = Application(template_path=str(tmp_path))
    inner.add_blueprint(pages)
    s = site(Mount("/site", inner))
    assert s.ask("GET /site/pages/1").text == "/site/pages/2"


def test_sockets_are_in_blueprints_too(site: Callable[..., Site]) -> None:
    class Echo(WebSocketHandler):
        def open(self, room: str) -> None:
            self.room = room

        def on_message(self, message: Any) -> None:
            self.write_message(f"{self.room} {message} {self.reverse_url('.echo', 'x')}")

    blueprint = Blueprint("chat", "/chat/{room}", middleware=[passing("middleware")])
    blueprint.add("/echo", Echo, name="echo")
    s = site()
    s.application.add_blueprint(blueprint)
    with connect(f"ws://127.0.0.1:{s.server.port}/chat/lobby/echo", proxy=None) as peer:
        peer.send("hello")
        assert peer.recv(timeout=10) == "lobby hello /chat/x/echo"
        assert peer.response.headers["X-Who"] == "middleware"


def test_one_for_a_host(site: Callable[..., Site]) -> None:
    s = site()
    here = Blueprint("here", "/x", host="127[.]0[.]0[.]1")
    there = Blueprint("there", "/x", host="there[.]example")
    for blueprint in (here, there):
        blueprint.get("", name="index")(lambda handler: handler.reverse_url(".index"))
        blueprint.add_blueprint(everywhere := Blueprint("", "/y"))
        everywhere.get("")(lambda handler: "y")
        s.application.add_blueprint(blueprint)
    s.application.get("/x")(lambda handler: "elsewhere")
    assert s.ask("GET /x").text == "/x"
    assert s.ask("GET http://there.example/x").text == "/x"
    assert s.ask("GET http://other.example/x").text == "elsewhere"
    assert s.ask("GET http://other.example/x/y").status == 404


def test_one_in_several_places(site: Callable[..., Site]) -> None:
    s, other = site(), site()
    blueprint = shop()
    s.application.add_blueprint(blueprint)
    s.application.add_blueprint(blueprint, prefix="/outlet", name="outlet")
    other.application.add_blueprint(blueprint, prefix="")
    assert s.ask("GET /shop/items/1").text == "1 /shop/items/2"
    assert s.ask("GET /outlet/items/1").text == "1 /outlet/items/2"
    assert other.ask("GET /items/1").text == "1 /items/2"
    with pytest.raises(ValueError, match=r"two rules would be named 'shop[.]show'.*another name="):
        s.application.add_blueprint(blueprint, prefix="/third")
    assert s.ask("GET /third/items/1").status == 404


def test_one_that_was_added_is_changed_by_a_copy(site: Callable[..., Site]) -> None:
    blueprint, outer = shop(), Blueprint("outer")
    outer.add_blueprint(blueprint)
    blueprint.error_handler(404)(lambda handler, error: "first's")
    blueprint.before_request(lambda handler: put(handler, "first"))
    s = site()
    s.application.add_blueprint(outer)
    changes: list[Callable[[], Any]] = [
        lambda: blueprint.get("/late")(lambda handler: None),
        lambda: blueprint.add("/late", RequestHandler),
        lambda: blueprint.static("/late", "/tmp"),
        lambda: blueprint.error_handler(400)(lambda handler, error: None),
        lambda: blueprint.before_request(lambda handler: None),
        lambda: blueprint.after_request(lambda handler: None),
        lambda: blueprint.add_middleware(passing("late")),
        lambda: outer.add_blueprint(Blueprint("late")),
    ]
    for change in changes:
        with pytest.raises(RuntimeError, match="has been added to an application already"):
            change()
    second = blueprint.copy("second", "/second")
    second.error_handler(400)(lambda handler, error: "second's")
    second.before_request(lambda handler: put(handler, "second"))

    @second.get("/late/{status:int}")
    def late(handler: Any, status: int) -> None:
        raise HTTPError(status)

    s.application.add_blueprint(second)
    assert s.ask("GET /second/items/1").text == "1 /second/items/2"
    answer = s.ask("GET /second/late/400")
    assert (answer.text, answer.header("X-Who")) == ("second's", None)
    assert s.ask("GET /second/late/404").text == "first's"
    assert s.ask("GET /second/items/1").header("X-Who") == "first second"
    assert s.ask("GET /shop/items/1").header("X-Who") == "first"


def test_one_can_be_added_while_requests_are_answered(site: Callable[..., Site]) -> None:
    s = site()
    assert s.ask("GET /shop/items/4").status == 404
    s.server.call(lambda: s.application.add_blueprint(shop()))
    assert s.ask("GET /shop/items/4").status == 200


def test_a_base_for_its_functions(site: Callable[..., Site]) -> None:
    def base(word: str) -> type[RequestHandler]:
        class Base(RequestHandler):
            def set_default_headers(self) -> None:
                self.set_header("X-Who", word)

        return Base

    s, other = site(base_handler=base("application")), site(base_handler=base("other"))
    s.application.add_blueprint(shop(base_handler=base("own")), prefix="/own", name="own")
    inherits = Blueprint("inherits", "/inherits", base_handler=base("outer"))
    inherits.add_blueprint(plain := shop())
    for application in (s.application, other.application):
        application.add_blueprint(inherits)
        application.add_blueprint(plain)
    assert s.ask("GET /own/items/1").header("X-Who") == "own"
    assert s.ask("GET /inherits/shop/items/1").header("X-Who") == "outer"
    assert s.ask("GET /shop/items/1").header("X-Who") == "application"
    assert other.ask("GET /shop/items/1").header("X-Who") == "other"


def test_mistakes_are_told_at_once() -> None:
    blueprint = Blueprint("b", "/{tenant}")
    with pytest.raises(
        TypeError, match=r"for the path '/\{tenant\}/x', which has tenant.*lone\(handler, tenant\)"
    ):

        @blueprint.get("/x")
        def lone(handler: Any) -> None: ...

    with pytest.raises(ValueError, match="dots stand between"):
        Blueprint("a.b")
    with pytest.raises(TypeError, match="is text"):
        Blueprint(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="ends with a slash"):
        Blueprint("a", "/a/")
    outer: Any = Blueprint("outer")
    for wrong, text in (
        (lambda: outer.add_blueprint(None), "a blueprint is expected"),
        (lambda: outer.add_blueprint(blueprint, prefix=3), "is text"),
        (lambda: outer.add_blueprint(blueprint, name=3), "is text"),
        (lambda: Blueprint("a", host=3), "a pattern is"),  # type: ignore[arg-type]
        (lambda: outer.static(3, "/tmp"), r"static\('/files'"),
        (lambda: outer.add("/x", RequestHandler, methods="GET"), r"methods .*are a list"),
        (lambda: outer.add("/x", RequestHandler, methods=3), r"methods .*are a list"),
        (lambda: outer.route("/x", None), r"methods .*are a list"),
        (lambda: Blueprint("a", middleware=None), "middleware is a list"),  # type: ignore[arg-type]
        (lambda: url("/x", RequestHandler, middleware=None), "middleware .* is a list"),  # type: ignore[arg-type]
        (lambda: url("/x", RequestHandler, middleware="x"), "middleware .* is a list"),
    ):
        with pytest.raises(TypeError, match=text):
            wrong()
    with pytest.raises(ValueError, match="begins with a slash"):
        Blueprint("a", "a")
    with pytest.raises(ValueError, match="begins with a slash"):
        blueprint.get("x")(lambda handler, tenant: None)
    with pytest.raises(TypeError, match="a blueprint is expected"):
        Application().add_blueprint("shop")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="would be in itself"):
        blueprint.add_blueprint(blueprint)
    blueprint.add_blueprint(inner := Blueprint("inner"))
    with pytest.raises(ValueError, match="would be in itself"):
        inner.add_blueprint(blueprint)


def test_parameters_of_the_outer_prefix_are_checked_when_it_is_added() -> None:
    outer, later = Blueprint("outer", "/{tenant}"), Blueprint("later")
    with pytest.raises(TypeError, match=r"'/\{tenant\}/files/\{path:path\}'.*tenant"):
        outer.static("/files", "/tmp")
    later.get("/x")(lambda handler, tenant: "")  # which comes from outside
    outer.add_blueprint(later)
    app = Application()
    app.add_blueprint(outer)
    with pytest.raises(TypeError, match="missing a required argument: 'tenant'"):
        app.add_blueprint(later)


def test_what_an_application_knows_of_it_goes_with_it() -> None:
    app = Application()
    app.add_blueprint(shop())
    gone = weakref.ref(app)
    del app
    gc.collect()
    assert gone() is None
