"""The smallest site answers."""

import http.client
import json
from collections.abc import Callable

from .conftest import PATIENCE, Demo


def test_it_greets_and_knows_items(demo: Callable[..., Demo]) -> None:
    server = demo("helloworld")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"Hello, World!")
        connection.request("GET", "/item/42?q=abc")
        answer = connection.getresponse()
        assert json.loads(answer.read()) == {"id": 42, "q": "abc"}
        assert answer.headers["Content-Type"].startswith("application/json")
    finally:
        connection.close()
