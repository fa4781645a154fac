"""A program: Sanic's side of the tables, as JSON on its output. Its tests write the same sites for us.

It is a process of its own, for Sanic keeps its applications and its loop's policy for good.
"""

import asyncio
import json
import os
import socket
import sys
from typing import Any

from sanic import Blueprint, Sanic, text
from sanic.exceptions import NotFound, SanicException

RAISED = {
    "value": ValueError("v"),
    "unicode": UnicodeError("u"),
    "key": KeyError("k"),
    "zero": ZeroDivisionError("z"),
}


def blueprints() -> Sanic:
    app = Sanic("blueprints", configure_logging=False)
    shop = Blueprint("shop", url_prefix="/shop")
    users = Blueprint("users", url_prefix="/users")

    @shop.on_request
    async def before(request: Any) -> Any:
        request.ctx.seen = "before"
        return text("stopped") if request.args.get("stop") else None

    @shop.on_response
    async def after(request: Any, response: Any) -> None:
        response.headers["X-After"] = "shop"

    @shop.get("/items/<item:int>")
    async def show(request: Any, item: int) -> Any:
        return text(f"{item} {request.ctx.seen} {app.url_for('shop.show', item=5)}")

    @shop.post("/items/<item:int>")
    async def change(request: Any, item: int) -> Any:
        return text(f"changed {item}")

    @shop.get("/raise/<what>")
    async def fail(request: Any, what: str) -> Any:
        raise RAISED[what] if what in RAISED else SanicException("x", status_code=int(what))

    @shop.exception(ValueError)
    async def value(request: Any, error: Exception) -> Any:
        return text(f"shop: {type(error).__name__}", 422)

    @shop.exception(NotFound)
    async def shop_404(request: Any, error: Exception) -> Any:
        return text("shop: 404", 404)

    @shop.exception(KeyError)
    async def key(request: Any, error: Exception) -> Any:
        raise RuntimeError("in the error handler")

    @app.exception(NotFound)
    async def app_404(request: Any, error: Exception) -> Any:
        return text("app: 404", 404)

    @app.exception(ZeroDivisionError)
    async def zero(request: Any, error: Exception) -> Any:
        return text("app: zero")

    @users.get("/<user>")
    async def user(request: Any, user: str) -> Any:
        return text(f"user {user}")

    app.blueprint(shop)
    app.blueprint(Blueprint.group(users, url_prefix="/api", version=1))
    return app


def routing() -> Sanic:
    app = Sanic("routing", configure_logging=False)

    async def show(request: Any, x: Any) -> Any:
        return text(repr(x))

    for kind in ("int", "float", "str", "path", "uuid"):
        app.add_route(show, f"/{kind}/<x:{kind}>", name=kind)

    @app.get("/m")
    async def get(request: Any) -> Any:
        return text("get")

    @app.post("/m")
    async def post(request: Any) -> Any:
        return text("post")

    return app


def versions() -> Sanic:
    app = Sanic("versions", configure_logging=False)

    def says(what: str) -> Any:
        async def says(request: Any) -> Any:
            return text(what)

        return says

    app.add_route(says("one"), "/a", version=1, name="one")
    app.add_route(says("two"), "/a", version="2.1", name="two")
    app.add_route(says("three"), "/a", version=3, version_prefix="/api/v", name="three")
    app.add_route(says("none"), "/a", name="none")
    shop = Blueprint("shop", url_prefix="/shop", version=1)
    shop.add_route(says("shop"), "/a", name="shop")
    shop.add_route(says("newer"), "/a", version=2, name="newer")
    inner = Blueprint("inner", url_prefix="/inner")
    inner.add_route(says("inner"), "/a", name="inner")
    own = Blueprint("own", url_prefix="/own", version=5)
    own.add_route(says("own"), "/a", name="own")
    app.blueprint(shop)
    app.blueprint(Blueprint.group(inner, own, url_prefix="/outer", version=4))
    return app


SITES = {"blueprints": blueprints, "routing": routing, "versions": versions}


async def ask(port: int, request: str) -> list[Any]:
    """Status, text, ``Allow``, ``X-After``."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    status, *lines = head.split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return [int(status.split()[1]), body, fields.get("allow"), fields.get("x-after")]


async def main(asked: dict[str, list[str]]) -> None:
    answers = {}
    for name, requests in asked.items():
        listening = socket.create_server(("127.0.0.1", 0))
        app = SITES[name]()
        app.config.TOUCHUP = False  # it rewrites methods of the class, once only
        server: Any = await app.create_server(
            sock=listening, return_asyncio_server=True, access_log=False
        )
        await server.startup()
        port = listening.getsockname()[1]
        answers[name] = {request: await ask(port, request) for request in requests}
    print(json.dumps(answers), flush=True)
    os._exit(0)  # its servers would have it wait


if __name__ == "__main__":
    asyncio.run(main(json.load(sys.stdin)))
