"""What an application says, written to a connection."""

import asyncio
import logging

import pytest

from tests.web.helpers import FakeConnection
from tornadolike.httputil import HTTPServerRequest
from tornadolike.iostream import StreamClosedError
from tornadolike.wsgi import Answer
from tornadolike.wsgi.answer import wait_for
from tornadolike.wsgi.errors import ClientGone
from tornadolike.wsgi.response import Response


@pytest.fixture
def over():
    """The answers that are over."""
    return []


@pytest.fixture
def answer(over):
    request = HTTPServerRequest("GET", "/", connection=FakeConnection())
    return Answer(request, over.append)


@pytest.fixture
def response():
    response = Response("GET", lambda data: None)
    response.start("201 Made it", [("Content-Type", "text/plain")])
    return response


def test_pieces(answer, response, over):
    connection = answer.request.connection
    assert answer.get_status() == 499
    answer.send(response, b"one", False)
    assert (connection.status, connection.reason, connection.body) == (201, "Made it", b"one")
    assert (answer.get_status(), over) == (201, [])
    answer.send(response, b"two", True)
    assert (connection.body, connection.whole, answer.body_size) == (b"onetwo", True, 6)
    assert over == [answer]
    with pytest.raises(ClientGone):
        answer.send(response, b"three", True)


def test_a_client_that_is_gone(answer, response, over):
    answer.request.connection.closed = True
    with pytest.raises(ClientGone):
        answer.send(response, b"one", True)
    answer.refuse(500)
    assert (answer.get_status(), over) == (499, [answer])


def test_refusing(answer, over):
    answer.refuse(503, {"Retry-After": "1"})
    connection = answer.request.connection
    assert (connection.status, connection.body) == (503, b"503: Service Unavailable\n")
    assert connection.headers["Retry-After"] == "1"
    assert connection.headers["Content-Length"] == str(answer.body_size) == "25"
    answer.refuse(500)  # too late
    assert (connection.status, over) == (503, [answer])


def test_failing_in_the_middle_cuts_the_connection(answer, response, over, expect_log):
    answer.send(response, b"one", False)
    with expect_log("tornadolike.application", r"GET / \(None\)", logging.ERROR, 1):
        answer.fail(ZeroDivisionError())
    assert answer.request.connection.closed
    assert (answer.get_status(), over) == (201, [answer])


def test_waiting():
    async def main():
        await wait_for(None)
        gone = asyncio.get_running_loop().create_future()
        gone.set_exception(StreamClosedError(OSError("reset")))
        with pytest.raises(ClientGone) as caught:
            await wait_for(gone)
        assert str(caught.value.real_error) == "reset"

    asyncio.run(main())
