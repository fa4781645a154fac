"""A hook of the author's that fails is logged once, and costs only its own request."""

import asyncio
import http.client
import logging
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from tests.conftest import read_all
from tests.web.helpers import Connection, Site, make_handler
from tornadolike.web import (
    Finish,
    HTTPError,
    OutputTransform,
    RequestHandler,
    stream_request_body,
)


class Broken(RuntimeError):
    pass


def fail(*args: Any, **kwargs: Any) -> Any:
    raise Broken


async def fail_later(*args: Any, **kwargs: Any) -> Any:
    await asyncio.sleep(0)
    raise Broken


class Handler(RequestHandler):
    """Calls all that a request may call."""

    def get(self, *path: str) -> None:
        if path == ("refused",):
            raise HTTPError(403)
        self.write(f"{self.current_user} {self.locale.code} {self.get_argument('a', '')}")

    def post(self, *path: str) -> None:
        self.write("done")


class Flushing(RequestHandler):
    async def get(self, *path: str) -> None:
        self.write("begun")
        await self.flush()
        self.write("more")


class Well(RequestHandler):
    def get(self) -> None:
        self.write("well")


class Transform(OutputTransform):
    def transform_first_chunk(self, *args: Any) -> Any:
        return args[:3]


def with_hook(name: str, hook: Any = fail, base: type[RequestHandler] = Handler) -> Any:
    return type(f"Handler_{name}", (base,), {name: hook})


def transforms(name: str) -> dict[str, Any]:
    return {"transforms": [type("Failing", (Transform,), {name: fail})]}


GET = "GET /"
POST = "POST /"
REFUSED = "GET /refused"
CUT = 0

TABLE: dict[str, tuple[type[RequestHandler], str, int, dict[str, Any]]] = {
    "initialize": (with_hook("initialize"), GET, 500, {}),
    "set_default_headers": (with_hook("set_default_headers"), GET, 500, {}),
    "decode_argument of the path": (with_hook("decode_argument"), "GET /x", 500, {}),
    "decode_argument of the query": (with_hook("decode_argument"), "GET /?a=b", 500, {}),
    "check_xsrf_cookie": (with_hook("check_xsrf_cookie"), POST, 500, {"xsrf_cookies": True}),
    "prepare": (with_hook("prepare"), GET, 500, {}),
    "prepare later": (with_hook("prepare", fail_later), GET, 500, {}),
    "method": (with_hook("get"), GET, 500, {}),
    "method later": (with_hook("get", fail_later), GET, 500, {}),
    "data_received": (stream_request_body(with_hook("data_received")), POST, 500, {}),
    "data_received later": (
        stream_request_body(with_hook("data_received", fail_later)),
        POST,
        500,
        {},
    ),
    "get_current_user": (with_hook("get_current_user"), GET, 500, {}),
    "get_user_locale": (with_hook("get_user_locale"), GET, 500, {}),
    "compute_etag": (with_hook("compute_etag"), GET, 500, {}),
    "set_etag_header": (with_hook("set_etag_header"), GET, 500, {}),
    "check_etag_header": (with_hook("check_etag_header"), GET, 500, {}),
    "making a transform": (Handler, GET, 500, transforms("__init__")),
    "a transform": (Handler, GET, 500, transforms("transform_first_chunk")),
    "a transform of what is flushed": (Flushing, GET, 500, transforms("transform_first_chunk")),
    "a transform behind the head": (Flushing, GET, CUT, transforms("transform_chunk")),
    "write_error": (with_hook("write_error"), REFUSED, 403, {}),
    "log_exception": (with_hook("log_exception"), REFUSED, 403, {}),
    "_handle_request_exception": (with_hook("_handle_request_exception"), REFUSED, 500, {}),
    "_execute": (with_hook("_execute"), GET, 500, {}),
    "_execute later": (with_hook("_execute", fail_later), GET, 500, {}),
    "_log": (with_hook("_log"), GET, 200, {}),
    "log_function": (Handler, GET, 200, {"log_function": fail}),
    "on_finish": (with_hook("on_finish"), GET, 200, {}),
}


def ask(connection: Connection, request: str) -> int:
    """The status of the answer, or :data:`CUT`."""
    connection.send(request, body=b"x" if request == POST else None)
    try:
        return connection.receive().status
    except (OSError, http.client.HTTPException):
        return CUT


@pytest.mark.parametrize("case", TABLE)
def test_a_failing_hook(
    site: Callable[..., Site], expect_log: Callable[..., Any], case: str
) -> None:
    handler, request, status, settings = TABLE[case]
    served = site(("/(.*)", handler), **settings)
    with (
        expect_log("tornadolike.application", "", logging.WARNING) as log,
        expect_log("tornadolike.general", "Cannot send error") if status == CUT else nullcontext(),
        served.connect() as connection,
    ):
        assert ask(connection, request) == status
        if status != CUT:  # the connection goes on
            served.settle()
            assert len(log.matched) == 1
            assert ask(connection, request) == status
        served.settle()
    assert {type(record.exc_info[1]) for record in log.matched} == {Broken}
    assert len(log.matched) == (1 if status == CUT else 2)


@pytest.mark.parametrize("wire", ["plain", "tls"])
def test_what_is_in_the_pipeline_is_answered(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    cases = [case for case in TABLE.items() if not case[1][3]]  # without settings
    rules = [(f"/{number}/(.*)", handler) for number, (_, (handler, *_)) in enumerate(cases)]
    served = site(("/well", Well), *rules)
    for number, (case, (_, request, status, _)) in enumerate(cases):
        with (
            expect_log("tornadolike.application", "", logging.ERROR, count=1),
            served.connect() as connection,
        ):
            method, path = request.split()
            body = "Content-Length: 1\r\n\r\nx" if request == POST else "\r\n"
            connection.sock.sendall(
                f"{method} /{number}{path} HTTP/1.1\r\nHost: x\r\n{body}".encode()
                + b"GET /well HTTP/1.0\r\n\r\n"
            )
            first, _, second = read_all(connection.sock).rpartition(b"HTTP/1.1 ")
            assert first.startswith(b"HTTP/1.1 %d " % status), case
            assert second.startswith(b"200 OK"), case
            assert second.endswith(b"well"), case
            served.settle()


class Panic(BaseException):
    """As the extensions in Rust raise it."""


STRANGE = (asyncio.CancelledError, Panic)
"""No :exc:`Exception`. A hook raises the first when it asks for the result of what was cancelled."""

STRANGE_TABLE = [
    *("initialize", "set_default_headers", "decode_argument of the path", "prepare", "method"),
    *("prepare later", "method later", "data_received", "data_received later", "compute_etag"),
    *("write_error", "log_exception", "making a transform", "_execute later", "on_finish", "_log"),
    "get_user_locale",
]


@pytest.mark.parametrize("error", STRANGE)
def test_a_hook_that_fails_strangely(
    site: Callable[..., Site],
    expect_log: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
) -> None:
    monkeypatch.setitem(globals(), "Broken", error)
    for case in STRANGE_TABLE:
        handler, request, _, settings = TABLE[case]
        served = site(("/(.*)", handler), **settings)
        with (
            expect_log("tornadolike.application", "", logging.ERROR) as log,
            served.connect() as connection,
        ):
            for count in (1, 2):
                status = ask(connection, request)
                assert status in (200, 403, 500), f"{case}: {status}"
                served.settle()
                assert len(log.matched) >= count, case
        assert {type(record.exc_info[1]) for record in log.matched} == {error}, case


@pytest.mark.parametrize("hook", ["initialize", "set_default_headers"])
def test_a_constructor_may_finish_the_request(site: Callable[..., Site], hook: str) -> None:
    def finish(*args: Any) -> None:
        raise Finish("done")

    answer = site(("/(.*)", with_hook(hook, finish))).ask(GET)
    assert (answer.status, answer.text) == (200, "done")


def test_to_end_the_program_is_no_failure_of_a_request() -> None:
    for error in (KeyboardInterrupt, SystemExit):

        def end(*args: Any, _error: type[BaseException] = error, **kwargs: Any) -> None:
            raise _error

        for hook in ("get", "write_error", "compute_etag"):
            made = make_handler(with_hook(hook, end), "GET /")
            with pytest.raises(error):
                made._run_request((b"refused",) if hook == "write_error" else (), {})
