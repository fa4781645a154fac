"""WSGIContainer on the wire: in the loop's thread and in others."""

import asyncio
import contextvars
import logging
import re
import threading
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.conftest import PATIENCE, read_all
from tests.peers import reset
from tests.web.helpers import Connection
from tests.wsgi.apps import PLAIN, Closing, answering, asked, checked, echoing, threads
from tornadolike.concurrent import dummy_executor
from tornadolike.httputil import HTTPServerRequest
from tornadolike.wsgi import HTTPRequest, WSGIContainer

APPLICATION_LOG = "tornadolike.application"
ACCESS_LOG = "tornadolike.access"


# What is answered


def test_a_request_and_its_response(ask):
    answer = ask(answering(b"Hello", status="201 Made", headers=[*PLAIN, ("X-A", "b")]), "GET /x")
    assert (answer.status, answer.reason, answer.body) == (201, "Made", b"Hello")
    assert (answer.header("X-A"), answer.header("Content-Type")) == ("b", "text/plain")
    assert (answer.header("Server"), answer.header("Date")[-3:]) == ("tornadolike", "GMT")


def test_the_environ_is_of_the_request(ask):
    application = echoing("REQUEST_METHOD", "PATH_INFO", "REMOTE_ADDR", "HTTP_X", "CONTENT_LENGTH")
    answer = ask(application, "PUT /a%20b?c", "X: y", body=b"sent")
    assert eval(answer.text) == (
        {
            "REQUEST_METHOD": "PUT",
            "PATH_INFO": "/a b",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_X": "y",
            "CONTENT_LENGTH": "4",
        },
        b"sent",
    )


def test_a_body_in_chunks_has_a_length(ask, executor, serve):
    server = serve(checked(echoing("CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"), executor))
    with Connection(server) as connection:
        connection.send("POST /", "Transfer-Encoding: chunked")
        connection.sock.sendall(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        told = eval(connection.receive().text)
    assert told == ({"CONTENT_LENGTH": "5", "HTTP_TRANSFER_ENCODING": None}, b"abcde")


def test_a_stream_is_sent_as_it_comes(serve, executor):
    taken = threading.Semaphore(0)

    def application(environ, start_response):
        start_response("200 OK", PLAIN)
        for number in range(3):
            yield b"%d" % number
            if executor is not None:  # else it would keep the loop from sending
                assert taken.acquire(timeout=PATIENCE)

    server = serve(checked(application, executor))
    with Connection(server) as connection:
        connection.send("GET /")
        received = b""
        for number in range(3):
            while b"1\r\n%d\r\n" % number not in received:
                received += connection.sock.recv(1000)
            taken.release()
        while not received.endswith(b"0\r\n\r\n"):
            received += connection.sock.recv(1000)
    assert b"Transfer-Encoding: chunked" in received


def test_write(ask):
    def application(environ, start_response):
        write = start_response("200 OK", PLAIN)
        write(b"one ")
        write(b"two ")
        return [b"three"]

    assert ask(application).body == b"one two three"


@pytest.mark.parametrize("wrap", [list, iter])
def test_pipelined_requests_are_answered_in_order(serve, executor, wrap):
    def application(environ, start_response):
        start_response("200 OK", PLAIN)
        return wrap([f"<{environ['PATH_INFO']}>".encode(), b"."])

    server = serve(checked(application, executor))
    requests = [b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(10)]
    answers = server.exchange(b"".join(requests)).decode()
    assert re.findall("<(.*?)>", answers) == [f"/{number}" for number in range(10)]


def test_head_and_others_without_a_body_leave_the_connection_usable(serve, executor):
    def application(environ, start_response):
        start_response(environ["PATH_INFO"][1:] + " Fine", PLAIN)
        return iter([b"some", b"body"])

    # (The standard library's checker finds fault with a body where none may be.)
    server = serve(WSGIContainer(application, executor))
    with Connection(server) as connection:
        for method, status, body in [
            ("HEAD", 200, b""),
            ("GET", 204, b""),
            ("GET", 304, b""),
            ("GET", 200, b"somebody"),
        ]:
            answer = connection.ask(f"{method} /{status}")
            assert (answer.status, answer.body) == (status, body)


def test_http_1_0_gets_its_stream_until_the_end(serve, executor):
    server = serve(checked(answering(b"one", b"two", wrap=Closing), executor))
    answer = server.exchange(b"GET / HTTP/1.0\r\n\r\n")
    assert answer.endswith(b"\r\n\r\nonetwo")
    assert b"chunked" not in answer


def test_large_bodies_both_ways(ask):
    body = bytes(range(256)) * 20_000
    application = answering(*[body] * 2, wrap=iter)
    assert ask(application).body == body * 2

    def echo(environ, start_response):
        start_response("200 OK", PLAIN)
        return [environ["wsgi.input"].read(len(body) + 1)]

    assert ask(echo, "POST /", body=body).body == body


def test_files(ask, executor, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 2000)
    opened = []

    def application(environ, start_response):
        opened.append(path.open("rb"))
        start_response("200 OK", PLAIN)
        return environ["wsgi.file_wrapper"](opened[-1])

    assert ask(application, strict=False).body == path.read_bytes()
    assert ask(application, "HEAD /", strict=False).body == b""
    if executor is not None:
        executor.shutdown()  # it may still be at it
    assert [file.closed for file in opened] == [True, True]


@pytest.mark.parametrize("wire", ["tls"])
def test_over_tls(serve, executor, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 2000)

    def application(environ, start_response):
        start_response(
            "200 OK", [*PLAIN, ("X-Https", environ["HTTPS"] + environ["wsgi.url_scheme"])]
        )
        return environ["wsgi.file_wrapper"](path.open("rb"))

    answer = asked(serve(WSGIContainer(application, executor)))
    assert (answer.header("X-Https"), answer.body) == ("onhttps", path.read_bytes())


def test_paths_that_are_not_the_applications(ask):
    assert ask(answering(b"in"), "GET /shop/x", script_name="/shop").status == 200
    assert ask(answering(b"in"), "GET /other", script_name="/shop").status == 404


def test_a_connect_is_refused(ask, expect_log):
    with expect_log(ACCESS_LOG, "501 CONNECT", logging.ERROR):
        assert ask(answering(b"x"), "CONNECT example.com:443").status == 501


# When something goes wrong


def raising(environ, start_response):
    raise KeyError("deliberate")


def raising_early(environ, start_response):
    start_response("200 OK", PLAIN)
    raise KeyError("deliberate")
    yield


def closing_badly(environ, start_response):
    class Bad(Closing):
        def close(self):
            raise KeyError("deliberate")

    start_response("200 OK", PLAIN)
    return Bad(["text"])


def exiting(environ, start_response):
    class Odd(Exception):
        pass

    raise Odd("deliberate") from SystemExit(3)


@pytest.mark.parametrize("application", [raising, raising_early, closing_badly, exiting])
def test_an_exception_is_a_500_and_logged_once(serve, executor, expect_log, application):
    server = serve(WSGIContainer(application, executor))
    with (
        expect_log(APPLICATION_LOG, "Uncaught exception GET /x", logging.ERROR, 2) as log,
        expect_log(ACCESS_LOG, r"500 GET /x \(127.0.0.1\)", logging.ERROR, 2),
        Connection(server) as connection,
    ):
        for _ in range(2):  # on the same connection
            answer = connection.ask("GET /x")
            assert (answer.status, answer.body) == (500, b"500: Internal Server Error\n")
        server.call(lambda: None)
    assert log.matched[0].exc_info[1].__traceback__ is not None


@pytest.mark.parametrize(
    "application",
    [
        answering("text"),
        answering(b"x", status="200"),
        answering(b"x", headers=[("Upgrade", "h2c")]),
        answering(b"x", headers=[("X", "a\r\nb")]),
        answering(b"x", headers=[("Content-Length", "2")]),
        lambda environ, start_response: [b"x"],
        lambda environ, start_response: None,
        lambda: None,
    ],
)
def test_what_is_no_response_is_a_500(ask, expect_log, application):
    with (
        expect_log(APPLICATION_LOG, "Uncaught exception", logging.ERROR, 1),
        expect_log(ACCESS_LOG, "500"),
    ):
        assert ask(application, strict=False).status == 500


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("headers", [PLAIN, [*PLAIN, ("Content-Length", "9")]])
def test_a_stream_that_breaks_off_does_not_pass_for_whole(
    serve, executor, expect_log, version, headers
):
    def application(environ, start_response):
        start_response("200 OK", headers)
        yield b"some"
        raise KeyError("deliberate")

    server = serve(WSGIContainer(application, executor))
    with (
        expect_log(APPLICATION_LOG, "Uncaught exception", logging.ERROR, 1),
        expect_log(ACCESS_LOG, "200 GET", count=1),
        server.connect() as sock,
    ):
        sock.sendall(f"GET / HTTP/{version}\r\nHost: a\r\n\r\n".encode())
        try:
            answer = read_all(sock)
        except ConnectionResetError:
            assert version == "1.0"
        else:
            assert not answer.endswith(b"0\r\n\r\n")
            assert version == "1.1" or "Content-Length" in dict(headers)
        server.call(lambda: None)


def test_an_error_in_close_costs_only_a_record(serve, executor, expect_log):
    class Bad(Closing):
        def close(self):
            raise KeyError("deliberate")

    server = serve(WSGIContainer(answering(b"x", wrap=Bad), executor))
    with expect_log(APPLICATION_LOG, "Uncaught exception", logging.ERROR, 2):
        with Connection(server) as connection:
            assert [connection.ask("GET /").body for _ in range(2)] == [b"x", b"x"]
        server.call(server.server.drain)


def test_a_client_that_leaves_ends_the_stream(serve, executor, expect_log):
    closed = threading.Event()
    threads_seen = set()

    class Endless(Closing):
        def close(self):
            threads_seen.add(threading.current_thread().name)
            closed.set()

    def application(environ, start_response):
        threads_seen.add(threading.current_thread().name)
        start_response("200 OK", PLAIN)
        return Endless(iter(lambda: b"x" * 100_000, None))

    server = serve(WSGIContainer(application, executor))
    with (
        expect_log("tornadolike.general", "the client closed the connection", logging.INFO, 1),
        expect_log(ACCESS_LOG, "200 GET /"),
    ):
        sock = server.connect()
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        sock.recv(1000)
        reset(sock)
        assert closed.wait(PATIENCE)
        server.call(server.server.drain)
    assert len(threads_seen) == 1


def test_write_raises_when_the_client_has_left(serve, executor, expect_log):
    ended = threading.Event()

    def application(environ, start_response):
        write = start_response("200 OK", PLAIN)
        try:
            while True:
                write(b"x" * 100_000)
        finally:
            ended.set()

    if executor is None:
        return  # what is written there waits in memory, and the loop cannot learn of the client
    server = serve(WSGIContainer(application, executor))
    with expect_log("tornadolike.general", "the client closed", logging.INFO, 1):
        sock = server.connect()
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        sock.recv(1000)
        reset(sock)
        assert ended.wait(PATIENCE)
        server.call(server.server.drain)


def test_wsgi_errors_are_logged(ask, expect_log):
    def application(environ, start_response):
        environ["wsgi.errors"].write("something is odd\n")
        return answering(b"x")(environ, start_response)

    with expect_log(APPLICATION_LOG, "wsgi.errors: something is odd", logging.WARNING, 1):
        assert ask(application).status == 200


# Logs


def test_access_log(ask, expect_log):
    with expect_log(ACCESS_LOG, r"^404 GET /x\?y \(127.0.0.1\) \d+\.\d\dms$", logging.WARNING, 1):
        ask(answering(b"x", status="404 Not Found"), "GET /x?y")


def test_log_function(serve, executor, expect_log):
    answers = []
    server = serve(checked(answering(b"four"), executor, log_function=answers.append))
    asked(server, "GET /")
    asked(server, "HEAD /")
    seen = [(a.get_status(), a.body_size, a.request.method) for a in answers]
    assert seen == [(200, 4, "GET"), (200, 0, "HEAD")]


def test_a_log_function_that_fails(ask, expect_log):
    with expect_log(APPLICATION_LOG, "in log_function", logging.ERROR, 1):
        assert ask(answering(b"x"), log_function=lambda answer: 1 / 0).status == 200


# Contexts and the server


def test_each_request_has_a_context_of_its_own(serve, executor):
    variable = contextvars.ContextVar("variable", default="")

    def application(environ, start_response):
        before = variable.get()
        variable.set("set by one before")
        start_response("200 OK", PLAIN)
        yield before.encode()
        assert variable.get() == "set by one before"

    server = serve(checked(application, executor))
    with Connection(server) as connection:
        assert [connection.ask("GET /").body for _ in range(3)] == [b""] * 3


def test_a_server_that_drains_waits_for_the_application(serve):
    begun, may_end = threading.Event(), threading.Event()

    def application(environ, start_response):
        begun.set()
        assert may_end.wait(PATIENCE)
        return answering(b"done")(environ, start_response)

    with threads() as executor:
        server = serve(checked(application, executor))
        with Connection(server) as connection:
            connection.send("GET /", "Connection: close")  # which nobody has to wait for
            assert begun.wait(PATIENCE)

            async def drain():
                draining = asyncio.ensure_future(server.server.drain())
                await asyncio.sleep(0)
                may_end.set()
                await draining

            server.call(drain)
            assert connection.receive().body == b"done"


def test_subclasses_tell_more(serve, executor):
    class Telling(WSGIContainer):
        def environ(self, request: HTTPRequest):
            return {**super().environ(request), "my.own": "told"}

    assert HTTPRequest is HTTPServerRequest
    server = serve(Telling(echoing("my.own"), executor))
    with Connection(server) as connection:
        assert "told" in connection.ask("GET /").text


# Construction


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (("app",), TypeError, "should be callable"),
        ((raising, 4), TypeError, "should be a concurrent.futures.Executor"),
        ((raising, ProcessPoolExecutor), TypeError, "should be a concurrent"),
    ],
)
def test_arguments_that_are_of_no_use(arguments, error, text):
    with pytest.raises(error, match=text):
        WSGIContainer(*arguments)


@pytest.mark.parametrize("name", ["shop", "/", "/shop/"])
def test_a_script_name_that_is_none(name):
    with pytest.raises(ValueError, match="script_name should be like '/shop'"):
        WSGIContainer(raising, script_name=name)


def test_processes_are_no_threads():
    with (
        ProcessPoolExecutor(1) as executor,
        pytest.raises(TypeError, match="give a ThreadPoolExecutor"),
    ):
        WSGIContainer(raising, executor)


def test_what_it_is_made_of():
    container = WSGIContainer(raising)
    assert (container.wsgi_application, container.executor) == (raising, dummy_executor)
