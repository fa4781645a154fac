"""What of features.py there is the like of in Starlette."""

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

FILES = Path(os.environ["BENCH_FILES"])
SECRET = "no secret, but as long as one should be"


class Hello(HTTPEndpoint):
    async def get(self, request):
        return HTMLResponse("Hello, World!")


async def function(request):
    return HTMLResponse("Hello, World!")


async def story(request):
    return HTMLResponse("{name} of {year}".format(**request.path_params))


async def visit(request):
    if "name" not in request.session:
        request.session["name"] = "somebody"
    return PlainTextResponse(request.session["name"])


async def pieces():
    for _ in range(100):
        yield b"x" * 100


async def stream(request):
    return StreamingResponse(pieces(), media_type="text/plain")


async def download(request):
    return FileResponse(FILES / "1m.bin", filename="1m.bin")


app = Starlette(
    routes=[
        Route("/class", Hello),
        Route("/function", function),
        Route("/story/{year:int}/{name}", story),
        Route(
            "/cors",
            function,
            middleware=[Middleware(CORSMiddleware, allow_origins=["https://app.example.com"])],
        ),
        Route("/session", visit, middleware=[Middleware(SessionMiddleware, secret_key=SECRET)]),
        Route("/stream", stream),
        Route("/download", download),
    ]
)
