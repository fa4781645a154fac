"""A site with rules of all kinds, as a user's module."""

RULES = """
from tornadolike.routing import route
from tornadolike.web import (
    Application, Blueprint, FallbackHandler, HeaderVersions, Mount, RequestHandler,
)
from tornadolike.websocket import WebSocketHandler


class Home(RequestHandler):
    def get(self, *args, **kwargs):
        self.write(f"{self.request.path} {args} {kwargs}")


class Chat(WebSocketHandler):
    pass


async def around(handler, call_next):
    await call_next(handler)


shop = Blueprint("shop", prefix="/shop")


@shop.get("/items/{item:int}", middleware=[around])
def show(handler, item):
    return f"item {item}"


@shop.post("/items/{item:int}")
def change(handler, item):
    return f"changed {item}"


def fall(request):
    pass


versions = HeaderVersions("V", default="1")
inner = Application([("/a/(.*)", Home)])
app = Application(
    [
        ("/", Home, None, "home"),
        route("/chat", Chat),
        route("/v", Home, version=versions("1")),
        Mount("/inner", inner),
        ("/old/.*", [("/old/(x)", Home)]),
        ("/fall", FallbackHandler, {"fallback": fall}),
        route("/only", Home, methods=["GET"]),
        route("/inner/never", Home),
    ],
    automatic_head=True,
)
app.add_blueprint(shop)
app.add_handlers(r"api\\.example\\.com", [("/api", Home)])
"""
