"""Hello, within middlewares that do nothing: as many as BENCH_HTTP says of BaseHTTPMiddleware, BENCH_ASGI of ASGI's."""

import os

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import HTMLResponse
from starlette.routing import Route


async def hello(request):
    return HTMLResponse("Hello, World!")


class PassesOn(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        return await call_next(request)


class Bare:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


middleware = [Middleware(PassesOn)] * int(os.environ.get("BENCH_HTTP", "0"))
middleware += [Middleware(Bare)] * int(os.environ.get("BENCH_ASGI", "0"))
app = Starlette(routes=[Route("/", hello)], middleware=middleware)
