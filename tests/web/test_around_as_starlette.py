"""The same middleware, written for Starlette and for us: what clients see, and where that differs.

Differences on purpose are in the table with what each of both answers; docs/middleware.rst tells why.
"""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from tests.web.helpers import Site
from tornadolike.web import HTTPError, RequestHandler

user: ContextVar[str] = ContextVar("user", default="nobody")
trace: list[str] = []


# Starlette's


async def s_plain(request: Any) -> Any:
    return PlainTextResponse(user.get())


async def s_refused(request: Any) -> Any:
    raise HTTPException(409)


async def s_stream(request: Any) -> Any:
    async def pieces() -> Any:
        yield "a "
        await asyncio.sleep(0)
        yield user.get()

    return StreamingResponse(pieces(), media_type="text/plain")


class Outer(BaseHTTPMiddleware):
    async def dispatch(self, request: Any, call_next: Any) -> Any:
        user.set("ann")
        response = await call_next(request)
        response.headers["X-Outer"] = "1"
        return response


class Inner(BaseHTTPMiddleware):
    async def dispatch(self, request: Any, call_next: Any) -> Any:
        if request.url.path == "/closed":
            return PlainTextResponse("closed", 403)
        try:
            return await call_next(request)
        except Exception as error:
            trace.append(type(error).__name__)
            raise


def starlette() -> Callable[[str], tuple[int, str, str | None]]:
    routes = [Route("/plain", s_plain), Route("/refused", s_refused), Route("/stream", s_stream)]
    app = Starlette(routes=routes, middleware=[Middleware(Outer), Middleware(Inner)])

    def ask(path: str) -> tuple[int, str, str | None]:
        async def get() -> httpx.Response:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://h") as client:
                return await client.get(path)

        answer = asyncio.run(get())
        return answer.status_code, answer.text, answer.headers.get("X-Outer")

    return ask


# Ours


class Plain(RequestHandler):
    def get(self) -> None:
        self.write(user.get())


class Refused(RequestHandler):
    def get(self) -> None:
        raise HTTPError(409)


class Stream(RequestHandler):
    async def get(self) -> None:
        self.write("a ")
        await self.flush()
        await asyncio.sleep(0)
        self.write(user.get())


async def outer(handler: RequestHandler, call_next: Any) -> None:
    user.set("ann")
    handler.before_head(lambda handler: handler.set_header("X-Outer", "1"))
    await call_next(handler)


async def inner(handler: RequestHandler, call_next: Any) -> None:
    if handler.request.path == "/closed":
        handler.set_status(403)
        handler.finish("closed")
        return
    try:
        await call_next(handler)
    except Exception as error:
        trace.append(type(error).__name__)
        raise


def ours(site: Any) -> Callable[[str], tuple[int, str, str | None]]:
    rules = ("/plain", Plain), ("/refused", Refused), ("/stream", Stream)
    served: Site = site(*rules, middleware=[outer, inner])

    def ask(path: str) -> tuple[int, str, str | None]:
        answer = served.ask(f"GET {path}")
        return answer.status, answer.text, answer.header("X-Outer")

    return ask


ERROR_PAGE = "<html><title>{0}</title><body>{0}</body></html>"


@pytest.mark.parametrize(
    ("path", "both", "theirs", "own"),
    [
        ("/plain", (200, "ann", "1"), None, None),
        ("/stream", (200, "a ann", "1"), None, None),
        ("/closed", (403, "closed", "1"), None, None),
        # An HTTPException is a response before middleware sees it;
        # an HTTPError comes through, and is a page in the end.
        (
            "/refused",
            None,
            ((409, "Conflict", "1"), []),
            ((409, "409: Conflict", "1"), ["HTTPError"]),
        ),
        (
            "/none",
            None,
            ((404, "Not Found", "1"), []),
            ((404, "404: Not Found", "1"), ["HTTPError"]),
        ),
    ],
)
def test_the_same_middleware_does_the_same(
    site: Any, path: str, both: Any, theirs: Any, own: Any
) -> None:
    for ask, expected in ((starlette(), theirs), (ours(site), own)):
        trace.clear()
        answer = ask(path)
        wanted, seen = expected or (both, [])
        if answer[1].startswith("<html>"):
            wanted = wanted[0], ERROR_PAGE.format(wanted[1]), wanted[2]
        assert answer == wanted
        assert trace == seen
