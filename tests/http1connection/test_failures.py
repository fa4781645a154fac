"""What a delegate raises in the conversation, wherever it does."""

import asyncio
from typing import Any

import pytest

from tests.http1connection.site import (
    AWAITED,
    POST,
    STEPS,
    Site,
    fail,
    fail_later,
    refuse,
    refuse_later,
    say_ok,
)
from tests.peers import reset
from tests.wire.client import PLAIN_AND_TLS, error, expect, expect_end, get, head, lines, ok


@PLAIN_AND_TLS
@pytest.mark.parametrize(
    ("step", "how"), [(s, fail) for s in STEPS] + [(s, fail_later) for s in AWAITED]
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_failure_anywhere_is_a_500(
    watch: Any, expect_log: Any, step: str, how: Any, whole: bool
) -> None:
    site = Site(**{step: how})
    server = watch(site)
    with server.connect() as sock, expect_log("tornadolike.application", "Uncaught", count=1):
        sock.sendall(POST + (b"hello" if whole or step == "finish" else b"he"))
        expect_end(sock, error(500))
    server.until_gone()
    # There is nobody to be told if it has not even started.
    assert site.heard.count("on_connection_close") == (step != "start_request")
    site.do.clear()
    with server.connect() as sock:  # others are served
        sock.sendall(get("/"))
        expect(sock, ok("ok"))


@pytest.mark.parametrize("step", STEPS)
def test_what_was_cancelled_is_a_failure_too(watch: Any, expect_log: Any, step: str) -> None:
    def look_at_it(connection: Any) -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        future.result()

    server = watch(Site(**{step: look_at_it}))
    with server.connect() as sock, expect_log("tornadolike.application", "Uncaught", count=1):
        sock.sendall(POST + b"hello")
        expect_end(sock, error(500))
    server.until_gone()


@PLAIN_AND_TLS
@pytest.mark.parametrize(
    ("step", "how"), [(s, refuse) for s in STEPS] + [(s, refuse_later) for s in AWAITED]
)
def test_a_delegate_may_say_that_the_client_is_wrong(
    watch: Any, expect_log: Any, step: str, how: Any
) -> None:
    server = watch(Site(**{step: how}))
    with server.connect() as sock, expect_log("tornadolike.general", "too salty", count=1):
        sock.sendall(POST + b"hello")
        expect_end(sock, error(413))
    server.until_gone()


@PLAIN_AND_TLS
def test_a_function_may_say_that_the_client_is_wrong(watch: Any, expect_log: Any) -> None:
    server = watch(refuse)
    with server.connect() as sock, expect_log("tornadolike.general", "too salty", count=1):
        sock.sendall(get("/"))
        expect_end(sock, error(413))


@PLAIN_AND_TLS
@pytest.mark.parametrize("how", [fail, refuse])
def test_a_failure_after_the_answer_is_logged_and_no_more(
    watch: Any, expect_log: Any, how: Any
) -> None:
    def say_and_fail(connection: Any) -> None:
        say_ok(connection)
        how(connection)

    for application in (
        Site(finish=say_and_fail),
        lambda request: say_and_fail(request.connection),
    ):
        server = watch(application)
        with server.connect() as sock, expect_log("tornadolike.application", "Uncaught", count=2):
            sock.sendall(get("/") * 2)
            expect(sock, ok("ok") * 2)
            server.until_in("IDLE")


@PLAIN_AND_TLS
def test_a_failure_of_a_delegate_that_has_answered_is_logged(watch: Any, expect_log: Any) -> None:
    async def say_and_fail(connection: Any) -> None:
        say_ok(connection)
        await asyncio.sleep(0)
        raise ZeroDivisionError

    server = watch(Site(headers_received=say_and_fail))
    with server.connect() as sock, expect_log("tornadolike.application", "Uncaught", count=1):
        sock.sendall(get("/"))
        expect(sock, ok("ok"))
        for _ in range(5):
            server.call(lambda: None)


@PLAIN_AND_TLS
@pytest.mark.parametrize("how", [fail, refuse, fail_later])
def test_a_failure_in_the_middle_of_an_answer_breaks_it_off(
    watch: Any, expect_log: Any, how: Any
) -> None:
    """The answers before it, which wait to leave with it, arrive."""

    def begin(connection: Any) -> Any:
        if len(site.connections) == 1:
            return say_ok(connection)
        connection.write_headers(*head(Content_Length="10"), b"half")
        return how(connection)

    site = Site(headers_received=begin)
    server = watch(site)
    logger = "tornadolike.general" if how is refuse else "tornadolike.application"
    with server.connect() as sock, expect_log(logger, "Uncaught|too salty", count=1):
        sock.sendall(get("/1") + get("/2") + get("/3"))
        expect_end(sock, ok("ok") + lines("HTTP/1.1 200 OK", "Content-Length: 10", "", "half"))
    server.until_gone()
    assert site.heard.count("on_connection_close") == 1


@PLAIN_AND_TLS
@pytest.mark.parametrize("step", ["on_connection_close", "on_close"])
def test_a_failure_at_the_end_is_logged(watch: Any, expect_log: Any, step: str) -> None:
    site = Site(**{step: fail}, finish=lambda connection: None)
    server = watch(site)
    with expect_log("tornadolike.application", f"Uncaught .*{step}", count=1):
        sock = server.connect()
        sock.sendall(get("/"))
        server.until_in("HANDLING")
        reset(sock)
        server.until_gone()
    assert site.heard[-2:] == ["on_connection_close", "on_close"]


@PLAIN_AND_TLS
def test_a_failing_close_callback_is_logged(watch: Any, expect_log: Any) -> None:
    site = Site(finish=lambda connection: connection.set_close_callback(lambda: 1 / 0))
    server = watch(site)
    with expect_log("tornadolike.application", "Uncaught", count=1):
        sock = server.connect()
        sock.sendall(get("/"))
        server.until_in("HANDLING")
        reset(sock)
        server.until_gone()
    assert "on_connection_close" not in site.heard  # the callback is called in its stead


@PLAIN_AND_TLS
def test_something_that_cannot_be_waited_for(watch: Any, expect_log: Any) -> None:
    server = watch(Site(headers_received=lambda connection: "soon"))
    with server.connect() as sock, expect_log("tornadolike.application", "Uncaught", count=1):
        sock.sendall(get("/"))
        expect_end(sock, error(500))


@PLAIN_AND_TLS
def test_a_wait_that_is_cancelled(watch: Any, expect_log: Any) -> None:
    async def give_up(connection: Any) -> None:
        raise asyncio.CancelledError

    server = watch(Site(headers_received=give_up))
    with server.connect() as sock, expect_log("tornadolike.application", "Uncaught", count=1):
        sock.sendall(get("/"))
        expect_end(sock, error(500))
