"""Whatever goes wrong: it is logged once, the client gets an answer or a cut connection, the next request works."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import Site, make_handler
from tornadolike.escape import url_escape
from tornadolike.httputil import HTTPHeaders
from tornadolike.web import Finish, HTTPError, RequestHandler

PAGE = (
    "<html><title>500: Internal Server Error</title><body>500: Internal Server Error</body></html>"
)


class Broken(RuntimeError):
    pass


class Well(RequestHandler):
    def get(self) -> None:
        self.write("well")


class Initialize(RequestHandler):
    def initialize(self) -> None:
        raise Broken


class Prepare(RequestHandler):
    def prepare(self) -> None:
        raise Broken


class PrepareLater(RequestHandler):
    async def prepare(self) -> None:
        raise Broken


class Method(RequestHandler):
    def get(self) -> None:
        self.write("forgotten")
        self.set_header("X-Forgotten", "1")
        raise Broken


class MethodAtFirstStep(RequestHandler):
    async def get(self) -> None:
        self.write("forgotten")
        raise Broken


class MethodLater(RequestHandler):
    async def get(self) -> None:
        await asyncio.sleep(0)
        raise Broken


class AfterPrepareLater(RequestHandler):
    async def prepare(self) -> None:
        await asyncio.sleep(0)

    def get(self) -> None:
        raise Broken


class NoCoroutine(RequestHandler):
    def get(self) -> str:  # type: ignore[override]
        return "text"


class BadHead(RequestHandler):
    def get(self) -> None:
        self._headers["X-Bad"] = "a\r\nb"


class ComputeEtag(RequestHandler):
    def compute_etag(self) -> str:
        raise Broken

    def get(self) -> None:
        self.write("x")


class InTaskGroup(RequestHandler):
    async def get(self) -> None:
        async def fail() -> None:
            raise Broken

        async with asyncio.TaskGroup() as group:
            group.create_task(fail())


class AwaitsTheCancelled(RequestHandler):
    async def get(self) -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future


class LooksAtTheCancelled(RequestHandler):
    def get(self) -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        future.result()


FAILING = [
    Initialize,
    Prepare,
    PrepareLater,
    Method,
    MethodAtFirstStep,
    MethodLater,
    AfterPrepareLater,
    NoCoroutine,
    BadHead,
    ComputeEtag,
    InTaskGroup,
    AwaitsTheCancelled,
    LooksAtTheCancelled,
]


@pytest.mark.parametrize("handler", FAILING, ids=lambda handler: handler.__name__)
def test_a_failure_is_a_logged_500_and_the_next_request_works(
    site: Callable[..., Site], expect_log: Callable[..., Any], handler: type[RequestHandler]
) -> None:
    served = site(("/", handler), ("/well", Well))
    with (
        expect_log(
            "tornadolike.application",
            r"Uncaught exception GET /\?q \(127.0.0.1\)\nHTTPServerReq",
            count=1,
        ) as log,
        served.connect() as connection,
    ):
        answer = connection.ask("GET /?q")
        assert (answer.status, answer.text) == (500, PAGE)
        assert answer.header("X-Forgotten") is None
        assert connection.ask("GET /well").text == "well"
    served.settle()
    (record,) = log.matched
    assert record.exc_info is not None
    assert [finished.get_status() for finished in served.finished] == [500, 200]


class AfterFinish(RequestHandler):
    def get(self) -> None:
        self.finish("done")
        raise Broken


class AfterFinishLater(RequestHandler):
    async def get(self) -> None:
        self.finish("done")
        await asyncio.sleep(0)
        raise Broken


class OnFinish(RequestHandler):
    def get(self) -> None:
        self.write("done")

    def on_finish(self) -> None:
        raise Broken


class WritesAfterFinish(RequestHandler):
    def get(self) -> None:
        self.finish("done")
        self.write("more")


@pytest.mark.parametrize(
    "handler",
    [AfterFinish, AfterFinishLater, OnFinish, WritesAfterFinish],
    ids=lambda handler: handler.__name__,
)
def test_a_failure_behind_the_response_is_only_logged(
    site: Callable[..., Site], expect_log: Callable[..., Any], handler: type[RequestHandler]
) -> None:
    served = site(("/", handler), ("/well", Well))
    with (
        expect_log("tornadolike.application", "Uncaught exception GET /", count=1),
        served.connect() as connection,
    ):
        answer = connection.ask("GET /")
        assert (answer.status, answer.text) == (200, "done")
        assert connection.ask("GET /well").text == "well"
        served.settle()


class AfterFlush(RequestHandler):
    async def get(self) -> None:
        self.write("part")
        await self.flush()
        raise Broken


class AfterFlushAtOnce(RequestHandler):
    def get(self) -> None:
        self.write("part")
        self.flush()
        raise Broken


class TooMuch(RequestHandler):
    async def get(self) -> None:
        self.set_header("Content-Length", "4")
        self.write("part")
        await self.flush()
        self.write("more")


class TooLittle(RequestHandler):
    async def get(self) -> None:
        self.set_header("Content-Length", "42")
        self.write("part")
        await self.flush()


@pytest.mark.parametrize(
    "handler",
    [AfterFlush, AfterFlushAtOnce, TooMuch, TooLittle],
    ids=lambda handler: handler.__name__,
)
def test_a_response_that_has_begun_is_cut(
    site: Callable[..., Site], expect_log: Callable[..., Any], handler: type[RequestHandler]
) -> None:
    served = site(("/", handler), ("/well", Well))
    with (
        expect_log("tornadolike.application", "Uncaught exception GET /", count=1),
        expect_log("tornadolike.general", "Cannot send error response after headers", count=1),
    ):
        sent = served.server.exchange(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert sent == b"" or sent.endswith((b"part", b"4\r\npart\r\n"))
    assert served.ask("GET /well").text == "well"
    assert len(served.finished) == 2


@pytest.mark.parametrize(
    ("arguments", "status", "log"),
    [
        ((403,), 403, None),
        ((403, "not %s", "you"), 403, "403 GET / (127.0.0.1): not you"),
        ((418, "100%"), 418, "418 GET / (127.0.0.1): 100%"),
    ],
)
def test_http_errors_are_no_failures(
    site: Callable[..., Site],
    expect_log: Callable[..., Any],
    arguments: tuple[Any, ...],
    status: int,
    log: str | None,
) -> None:
    class Handler(RequestHandler):
        def get(self) -> None:
            raise HTTPError(*arguments)

    class FromInitialize(RequestHandler):
        def initialize(self) -> None:
            raise HTTPError(*arguments)

    for handler in (Handler, FromInitialize):
        served = site(("/", handler))
        if log is None:
            assert served.ask("GET /").status == status
        else:
            with expect_log("tornadolike.general", ".*", count=1) as expectation:
                assert served.ask("GET /").status == status
            assert expectation.matched[0].getMessage() == log


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_no_error_page(site: Callable[..., Site], status: int) -> None:
    class Raises(RequestHandler):
        def get(self) -> None:
            raise HTTPError(status)

    class Sends(RequestHandler):
        def get(self) -> None:
            self.send_error(status)

    for handler in (Raises, Sends):
        made = make_handler(handler)
        made._run_request((), {})
        assert made.request.connection.status == status
        assert made.request.connection.body == b""


@pytest.mark.parametrize(
    ("query", "reason", "shown"),
    [
        ("", "Bad Request", "Bad Request"),
        ("?r=Very+%26+Bad", "Very & Bad", "Very &amp; Bad"),
        ("?r=%3Cb%3E", "Unknown", "Unknown"),
        ("?r=a%0D%0AX:y", "Unknown", "Unknown"),
    ],
)
def test_the_reason_of_an_error(
    site: Callable[..., Site], query: str, reason: str, shown: str
) -> None:
    class Raises(RequestHandler):
        def get(self) -> None:
            raise HTTPError(400, reason=self.get_argument("r", None))

    class Sends(RequestHandler):
        def get(self) -> None:
            self.send_error(400, reason=self.get_argument("r", None))

    served = site(("/raises", Raises), ("/sends", Sends))
    for path in ("/raises", "/sends"):
        answer = served.ask(f"GET {path}{query}")
        assert (answer.status, answer.reason) == (400, reason)
        assert f"<title>400: {shown}</title>" in answer.text


def test_the_own_page_of_a_status_without_a_body(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    class Refuses(RequestHandler):
        def get(self) -> None:
            raise HTTPError(204)

    class Writes(Refuses):
        def write_error(self, status_code: int, **kwargs: Any) -> None:
            self.set_header("X-Status", status_code)
            self.write("page")

    class Finishes(Refuses):
        def write_error(self, status_code: int, **kwargs: Any) -> None:
            self.set_header("X-Status", status_code)
            self.finish("page")

    class Wraps(Refuses):
        def write_error(self, status_code: int, **kwargs: Any) -> None:
            self.set_status(200)
            self.finish({"status": status_code})

    served = site(("/writes", Writes), ("/finishes", Finishes), ("/wraps", Wraps))
    answer = served.ask("GET /writes")
    assert (answer.status, answer.headers["X-Status"], answer.text) == (204, "204", "")
    with expect_log("tornadolike.application", "Uncaught exception in write_error", count=1):
        answer = served.ask("GET /finishes")
    assert (answer.status, answer.headers["X-Status"], answer.text) == (204, "204", "")
    answer = served.ask("GET /wraps")
    assert (answer.status, answer.text) == (200, '{"status": 204}')


def test_write_error_overridden(site: Callable[..., Site], expect_log: Callable[..., Any]) -> None:
    class Handler(RequestHandler):
        def write_error(self, status_code: int, **kwargs: Any) -> None:
            error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
            self.write(f"{status_code} {type(error).__name__} {kwargs.get('extra')}")

    class Raises(Handler):
        def get(self) -> None:
            raise Broken

    class Sends(Handler):
        def get(self) -> None:
            self.write("forgotten")
            self.send_error(503, extra=1)

    served = site(("/raises", Raises), ("/sends", Sends))
    with expect_log("tornadolike.application", "Uncaught", count=1):
        assert served.ask("GET /raises").text == "500 Broken None"
    answer = served.ask("GET /sends")
    assert (answer.status, answer.text) == (503, "503 NoneType 1")


def test_a_traceback_is_for_debugging(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    with expect_log("tornadolike.application", "Uncaught", count=3):
        answer = site(("/", Method), debug=True).ask("GET /")
        assert answer.status == 500
        assert answer.header("Content-Type") == "text/plain"
        assert "in get\n    raise Broken" in answer.text
        assert "raise Broken" in site(("/", Method), serve_traceback=True).ask("GET /").text
        assert site(("/", Method), debug=True, serve_traceback=False).ask("GET /").text == PAGE


def test_a_traceback_may_hold_what_is_no_unicode(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    class OddlyNamed(RequestHandler):
        def get(self) -> None:
            raise Broken("caf\udce9")  # as the names of files may be

    with expect_log("tornadolike.application", "Uncaught", count=1):
        assert (
            site(("/", OddlyNamed), debug=True).ask("GET /").text.endswith("Broken: caf\\udce9\n")
        )


class FailsToWriteItsPage(RequestHandler):
    def get(self) -> None:
        raise HTTPError(403)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        raise Broken


class FailsToSetDefaultHeaders(RequestHandler):
    armed = False

    def set_default_headers(self) -> None:
        if self.armed:
            raise Broken

    def get(self) -> None:
        self.armed = True
        raise HTTPError(403)


class FailsToLog(RequestHandler):
    def get(self) -> None:
        raise HTTPError(403)

    def log_exception(self, *args: Any) -> None:
        raise Broken


class FailsToFinishItsPage(RequestHandler):
    def get(self) -> None:
        raise HTTPError(403)

    def on_finish(self) -> None:
        raise Broken


class FinishesWithNonsense(RequestHandler):
    def get(self) -> None:
        raise Finish(42)


@pytest.mark.parametrize(
    ("handler", "status", "body", "log"),
    [
        (FailsToWriteItsPage, 403, "", "Uncaught exception in write_error"),
        (FailsToSetDefaultHeaders, 500, "500: Internal Server Error", "in exception handler"),
        (FailsToLog, 403, "<html><title>403", "Error in exception logger"),
        (FailsToFinishItsPage, 403, "<html><title>403", "Uncaught exception in write_error"),
        (FinishesWithNonsense, 500, "500: Internal Server Error", "in exception handler"),
    ],
)
def test_failures_to_handle_a_failure(
    site: Callable[..., Site],
    expect_log: Callable[..., Any],
    handler: type[RequestHandler],
    status: int,
    body: str,
    log: str,
) -> None:
    served = site(("/", handler), ("/well", Well))
    with expect_log("tornadolike.application", log, count=1), served.connect() as connection:
        answer = connection.ask("GET /")
        assert answer.status == status
        assert answer.text.startswith(body)
        (logged,) = served.finished
        assert (logged.get_status(), logged.body_size) == (status, len(answer.body))
        assert connection.ask("GET /well").text == "well"


def test_a_log_function_that_fails(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    def log(handler: RequestHandler) -> None:
        raise Broken

    served = site(("/", Well), log_function=log)
    with expect_log("tornadolike.application", "Uncaught", count=2), served.connect() as connection:
        assert connection.ask("GET /").text == "well"
        assert connection.ask("GET /").text == "well"
        served.settle()


def test_a_handler_that_is_cancelled_answers(site: Callable[..., Site]) -> None:
    class Handler(RequestHandler):
        async def get(self) -> None:
            task = asyncio.current_task()
            assert task is not None
            if self.get_argument("late", ""):
                self.write("part")
                await self.flush()
            task.cancel()
            await asyncio.sleep(0)

    served = site(("/", Handler))
    assert served.ask("GET /").status == 500


def test_finish_ends_a_request_early(site: Callable[..., Site]) -> None:
    class Quiet(RequestHandler):
        def get(self) -> None:
            self.set_status(401)
            self.set_header("WWW-Authenticate", "Basic")
            self.write("who are you?")
            raise Finish

    class WithChunk(RequestHandler):
        async def prepare(self) -> None:
            raise Finish({"a": 1})

    class AfterFinish(RequestHandler):
        def get(self) -> None:
            self.finish("done")
            raise Finish("not this")

    served = site(("/quiet", Quiet), ("/chunk", WithChunk), ("/after", AfterFinish))
    answer = served.ask("GET /quiet")
    assert (answer.status, answer.text) == (401, "who are you?")
    assert answer.header("WWW-Authenticate") == "Basic"
    assert served.ask("GET /chunk").json == {"a": 1}
    assert served.ask("GET /after").text == "done"


@pytest.mark.parametrize(
    ("method", "status", "allow"),
    [
        ("GET", 200, None),
        ("PUT", 405, "GET, POST, PROPFIND"),
        ("HEAD", 405, "GET, POST, PROPFIND"),
        ("PROPFIND", 200, None),
        ("REPORT", 405, "GET, POST, PROPFIND"),
        ("TRACE", 405, "GET, POST, PROPFIND"),
        ("get", 405, "GET, POST, PROPFIND"),
        ("PREPARE", 405, "GET, POST, PROPFIND"),
        ("_EXECUTE", 405, "GET, POST, PROPFIND"),
    ],
)
def test_methods(site: Callable[..., Site], method: str, status: int, allow: str | None) -> None:
    class Handler(RequestHandler):
        SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "PROPFIND", "REPORT")

        def get(self) -> None:
            self.write("x")

        post = propfind = get

    class Waiting(Handler):
        async def prepare(self) -> None:
            await asyncio.sleep(0)

    served = site(("/", Handler), ("/waiting", Waiting))
    for path in ("/", "/waiting"):
        answer = served.ask(f"{method} {path}")
        assert (answer.status, answer.header("Allow")) == (status, allow)


@pytest.mark.parametrize("text", ["x\r\n400 GET /forged", "x\x1b[2J", "x\x9b2J", "x\u2028y"])
def test_what_a_client_sent_cannot_forge_a_line_of_the_log(
    site: Callable[..., Site], expect_log: Callable[..., Any], text: str
) -> None:
    class Asked(RequestHandler):
        def get(self) -> None:
            raise HTTPError(400, "no %s here", self.get_argument("what"))

    served = site(("/", Asked))
    with expect_log("tornadolike.general", "no x") as expected:
        assert served.ask("GET /?what=" + url_escape(text)).status == 400
    assert expected.matched[0].getMessage().isprintable()


def test_what_is_malformed_elsewhere_is_no_fault_of_the_client(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    class Gateway(RequestHandler):
        def get(self) -> None:
            HTTPHeaders.parse("what another server has answered")

    served = site(("/", Gateway))
    with expect_log("tornadolike.application", "Uncaught exception", count=1):
        answer = served.ask("GET /")
    assert answer.status == 500
    assert "colon" not in answer.text
