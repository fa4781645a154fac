"""The same site with Quart's sessions, Flask's, Starlette's and ours: what a browser sees, and where that differs.

Differences on purpose are in the table, with what each answers; docs/sessions.rst tells why. Quart answers as Flask
does, but says ``Vary`` only where it sets the cookie, not where a session was read (0.22); it is asked where it is
installed (the extra ``peers``).
"""

import asyncio
import http.cookies
import json
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import flask
import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.sessions.browser import SECRET, rules
from tornadolike.sessions import Sessions
from tornadolike.stores import MemoryStore
from tornadolike.web import HTTPError

Answer = tuple[int, Any, list[str], str]
"""Status, what the page's function has returned, the fields Set-Cookie, Vary."""
Ask = Callable[[str, str], Answer]
"""Asks for a page, with a cookie."""

# Functions of a session, the same for all


def look(session: Any) -> Any:
    return dict(session)


def put(session: Any) -> Any:
    session["list"] = [1]
    return None


def nested(session: Any) -> Any:
    session["list"].append(2)
    return None


def clear(session: Any) -> Any:
    session.clear()
    return None


PAGES: dict[str, Callable[[Any], Any]] = {
    "plain": lambda session: None,
    "look": look,
    "put": put,
    "nested": nested,
    "clear": clear,
    "missing": put,
    "fail": put,
}


def with_flask() -> Ask:
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY=SECRET)
    app.logger.disabled = True

    def view(name: str) -> Callable[[], Any]:
        def answer() -> Any:
            if name == "plain":
                return flask.jsonify(None)
            result = PAGES[name](flask.session)
            if name == "missing":
                flask.abort(404)
            if name == "fail":
                raise ZeroDivisionError
            return flask.jsonify(result)

        return answer

    for name in PAGES:
        app.add_url_rule(f"/{name}", name, view(name))

    def ask(page: str, cookie: str) -> Answer:
        client = app.test_client(use_cookies=False)
        answer = client.get(f"/{page}", headers={"Cookie": cookie} if cookie else {})
        return (
            answer.status_code,
            answer.get_json(silent=True),
            answer.headers.getlist("Set-Cookie"),
            answer.headers.get("Vary", ""),
        )

    return ask


def with_quart() -> Ask:
    quart = pytest.importorskip("quart", reason="asks a peer (the extra peers)")
    app = quart.Quart(__name__)
    app.secret_key = SECRET
    app.logger.disabled = True

    def view(name: str) -> Callable[[], Any]:
        async def answer() -> Any:
            if name == "plain":
                return quart.jsonify(None)
            result = PAGES[name](quart.session)
            if name == "missing":
                quart.abort(404)
            if name == "fail":
                raise ZeroDivisionError
            return quart.jsonify(result)

        return answer

    for name in PAGES:
        app.add_url_rule(f"/{name}", name, view(name))

    async def get(page: str, cookie: str) -> Answer:
        client = app.test_client(use_cookies=False)
        answer = await client.get(f"/{page}", headers={"Cookie": cookie} if cookie else {})
        return (
            answer.status_code,
            await answer.get_json(silent=True) if answer.status_code == 200 else None,
            answer.headers.getlist("Set-Cookie"),
            answer.headers.get("Vary", ""),
        )

    return lambda page, cookie: asyncio.run(get(page, cookie))


def with_starlette() -> Ask:
    def route(name: str) -> Route:
        async def answer(request: Any) -> Any:
            if name == "plain":
                return JSONResponse(None)
            result = PAGES[name](request.session)
            if name == "missing":
                raise HTTPException(404)
            if name == "fail":
                raise ZeroDivisionError
            return JSONResponse(result)

        return Route(f"/{name}", answer)

    app = Starlette(
        routes=[route(name) for name in PAGES],
        middleware=[Middleware(SessionMiddleware, secret_key=SECRET)],
    )

    async def get(page: str, cookie: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://h") as client:
            return await client.get(f"/{page}", headers={"Cookie": cookie} if cookie else {})

    def ask(page: str, cookie: str) -> Answer:
        answer = asyncio.run(get(page, cookie))
        is_json = answer.headers["Content-Type"] == "application/json"
        return (
            answer.status_code,
            answer.json() if is_json else None,
            answer.headers.get_list("Set-Cookie"),
            answer.headers.get("Vary", ""),
        )

    return ask


def with_ours(site: Any, sessions: Sessions) -> Ask:
    def page(name: str) -> Callable[[Any], Any]:
        def answer(handler: Any) -> Any:
            if name == "plain":
                return None
            result = PAGES[name](handler.session)
            if name == "missing":
                raise HTTPError(404)
            if name == "fail":
                raise ZeroDivisionError
            return result

        return answer

    made = site(
        *rules({name: page(name) for name in PAGES}), middleware=[sessions], cookie_secret=SECRET
    )

    def ask(page: str, cookie: str) -> Answer:
        answer = made.ask(f"GET /{page}", *([f"Cookie: {cookie}"] if cookie else []))
        return (
            answer.status,
            json.loads(answer.body)[""] if answer.status == 200 else None,
            answer.headers.get_all("Set-Cookie") or [],
            answer.header("Vary") or "",
        )

    return ask


def browse(ask: Ask, pages: str) -> str:
    """Ask for one page after another with the cookie that there is; what comes back, in short.

    ``forge`` changes a letter of the cookie, ``copy`` and ``paste`` put it back as it was before.
    """
    said, cookie, copied = [], "", ""
    for page in pages.split():
        if page == "copy":
            copied = cookie
        elif page == "paste":
            cookie = copied
        elif page == "forge":
            cookie = cookie[:20] + ("A" if cookie[20] != "A" else "B") + cookie[21:]
        else:
            status, result, fields, vary = ask(page, cookie)
            words = [str(status)] if status != 200 else []
            words += [] if result is None else [json.dumps(result, separators=(",", ":"))]
            for field in fields:
                [morsel] = http.cookies.SimpleCookie(field).values()
                is_gone = bool(morsel["expires"]) and morsel.value in ("", "null")
                words.append("gone" if is_gone else "cookie")
                cookie = "" if is_gone else f"{morsel.key}={morsel.value}"
            words += ["vary"] if "Cookie" in vary else []
            said.append(" ".join(words))
    return ", ".join(said)


FORGOTTEN = "cookie vary, {} vary"
KEPT = 'cookie vary, gone vary, {"list":[1]} vary'
UNSEEN = 'cookie vary, vary, {"list":[1]} vary'
SAVED = '500 cookie vary, {"list":[1]} vary'

TABLE: dict[str, str | dict[str, str]] = {
    "plain": "",
    "look": "{} vary",
    "put plain look": 'cookie vary, , {"list":[1]} vary',
    "put forge look": FORGOTTEN,
    "put clear look": "cookie vary, gone vary, {} vary",
    "missing look": '404 cookie vary, {"list":[1]} vary',
    # what has not changed is not written
    "put put": {
        "Flask": "cookie vary, cookie vary",
        "Starlette": "cookie vary, cookie vary",
        "ours": "cookie vary, vary",
    },
    # changes within a value are lost there, unless session.modified is set
    "put nested look": {
        "Flask": UNSEEN,
        "Starlette": UNSEEN,
        "ours": 'cookie vary, cookie vary, {"list":[1,2]} vary',
    },
    # there is no cookie to delete
    "clear": {"Flask": "gone vary", "Starlette": "vary", "ours": "vary"},
    # a cookie that has all in it cannot be taken back; an id can
    "put copy clear paste look": {
        "Flask": KEPT,
        "Starlette": KEPT,
        "ours": KEPT,
        "ours, in a store": "cookie vary, gone vary, {} vary",
    },
    # Starlette's error page stands outside of its sessions
    "fail look": {"Flask": SAVED, "Starlette": "500, {} vary", "ours": SAVED},
}


@pytest.mark.parametrize("pages", TABLE)
def test_what_a_browser_sees(pages: str, site: Any, expect_log: Callable[..., Any]) -> None:
    expected = TABLE[pages]
    fails = expect_log("tornadolike.application", "Uncaught") if "fail" in pages else nullcontext()
    with fails:
        for name, ask in (
            ("Flask", with_flask()),
            ("Starlette", with_starlette()),
            ("ours", with_ours(site, Sessions())),
            ("ours, in a store", with_ours(site, Sessions(MemoryStore()))),
        ):
            wanted = expected
            if not isinstance(wanted, str):
                wanted = wanted.get(name, wanted["ours"])
            assert browse(ask, pages) == wanted, name


@pytest.mark.parametrize("pages", TABLE)
def test_what_a_browser_sees_of_quart(pages: str) -> None:
    expected = TABLE[pages]
    wanted = expected if isinstance(expected, str) else expected.get("Flask", expected["ours"])
    answers = [
        answer if "cookie" in answer or "gone" in answer else answer.replace("vary", "").strip()
        for answer in wanted.split(", ")
    ]
    assert browse(with_quart(), pages) == ", ".join(answers)
