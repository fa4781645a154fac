#!/usr/bin/env python3
"""Routers side by side: how long it takes to find the handler of one path among many rules, in microseconds.

    maint/bench/routing.py ["ROUTER;ROUTER..."] [--rounds N]

The routers run in this interpreter, each if it is installed
(``pip install tornado starlette fastapi aiohttp sanic-routing``).
It is the handler of the last rule that is sought, 20 times in each round; the best round counts, which on a machine
with neighbours is the one that nobody disturbed.

``text`` are paths without arguments. With ``own place`` each rule has an argument below a place of its own, with ``one
place`` all are below the same: they differ behind their argument only. ``typed`` are our typed paths, ``tornadolike``
our regular expressions.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

COUNTS = 10, 100, 1000
REPEAT = 20
KINDS = {
    "text": ("/place{n}/page", "/place{n}/page"),
    "own place": ("/place{n}/{{id}}/edit", "/place{n}/77/edit"),
    "one place": ("/api/{{id}}/thing{n}", "/api/77/thing{n}"),
}

Find = Callable[[], object]


def regex(pattern: str) -> str:
    """A pattern as Tornado writes it."""
    return pattern.replace("{id}", "([^/]+)")


def tornadolike(patterns: list[str], path: str) -> Find:
    from tornadolike.httputil import HTTPServerRequest
    from tornadolike.web import Application, RequestHandler

    application = Application([(regex(pattern), RequestHandler) for pattern in patterns])
    answers = application._renew_answers()
    request = HTTPServerRequest("GET", path)
    return lambda: answers.by_path.get(request.path) or answers.find(request)


def typed(patterns: list[str], path: str) -> Find:
    """Ours, with typed paths."""
    from tornadolike.httputil import HTTPServerRequest
    from tornadolike.web import Application, RequestHandler, route

    application = Application([route(pattern, RequestHandler) for pattern in patterns])
    answers = application._renew_answers()
    request = HTTPServerRequest("GET", path)
    return lambda: answers.by_path.get(request.path) or answers.find(request)


def tornado(patterns: list[str], path: str) -> Find:
    from tornado.httputil import HTTPServerRequest
    from tornado.web import Application, RequestHandler

    class Connection:
        context = None

    connection: Any = Connection()
    application = Application([(regex(pattern), RequestHandler) for pattern in patterns])
    with warnings.catch_warnings(action="ignore"):
        request = HTTPServerRequest("GET", path, connection=connection, headers={})  # type: ignore[arg-type]
    return lambda: application.default_router.find_handler(request)


def starlette(patterns: list[str], path: str) -> Find:
    from starlette.routing import Match, Route

    routes = [Route(pattern, print) for pattern in patterns]
    scope = {"type": "http", "path": path, "method": "GET", "root_path": ""}
    return lambda: next((r for r in routes if r.matches(scope)[0] is Match.FULL), None)


def fastapi(patterns: list[str], path: str) -> Find:
    from fastapi import FastAPI
    from starlette.routing import Match

    application = FastAPI(openapi_url=None)

    def endpoint() -> None:
        pass

    for pattern in patterns:
        application.add_api_route(pattern, endpoint)
    scope = {"type": "http", "path": path, "method": "GET", "root_path": ""}
    routes = application.router.routes
    return lambda: next((r for r in routes if r.matches(scope)[0] is Match.FULL), None)


def aiohttp(patterns: list[str], path: str) -> Find:
    from aiohttp import web
    from aiohttp.test_utils import make_mocked_request

    async def handler(request: web.Request) -> web.Response:
        return web.Response()

    application = web.Application()
    application.router.add_routes([web.get(pattern, handler) for pattern in patterns])
    application.freeze()
    request = make_mocked_request("GET", path)

    def find() -> object:
        try:
            application.router.resolve(request).send(None)
        except StopIteration as found:
            return found.value.http_exception is None
        return None

    return find


def sanic(patterns: list[str], path: str) -> Find:
    from sanic_routing import BaseRouter

    class Router(BaseRouter):  # type: ignore[misc, no-any-unimported]
        def get(self, path: str, method: str) -> object:
            return self.resolve(path=path, method=method)

    router = Router()
    for pattern in patterns:
        router.add(pattern.replace("{id}", "<id>"), print, methods=["GET"])
    router.finalize()
    return lambda: router.get(path, "GET")


ROUTERS = {
    router.__name__: router
    for router in (typed, tornadolike, tornado, starlette, fastapi, aiohttp, sanic)
}


def best_time(find: Find, rounds: int) -> float:
    """Microseconds of one search."""
    if not find():
        raise SystemExit("a router does not find its handler")
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(REPEAT):
            find()
        times.append(time.perf_counter() - begun)
    return min(times) / REPEAT * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("routers", nargs="?", default=";".join(ROUTERS), metavar="ROUTER;ROUTER")
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    columns = [f"{kind}, {count}" for kind in KINDS for count in COUNTS]
    print(f"| router | {' | '.join(columns)} |")
    print(f"|---|{'---:|' * len(columns)}")
    routers = options.routers.split(";")
    unknown = set(routers) - ROUTERS.keys()
    if unknown:
        parser.error(f"there is no router {', '.join(unknown)}, but {', '.join(ROUTERS)}")
    for name in routers:
        cells = []
        for rule, path in KINDS.values():
            for count in COUNTS:
                patterns = [rule.format(n=n) for n in range(count)]
                try:
                    find = ROUTERS[name](patterns, path.format(n=count - 1))
                except ImportError as error:
                    raise SystemExit(f"{name} is not installed: {error}") from None
                cells.append(f"{best_time(find, options.rounds):.2f}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
