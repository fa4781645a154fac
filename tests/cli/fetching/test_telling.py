"""What ``-v`` shows."""

import io

from tests.httpclient.answers import WrittenAnswer
from tornadolike.cli.fetching.telling import Teller
from tornadolike.httpclient import HTTPRequest
from tornadolike.httpclient.failures import HTTPConnectError
from tornadolike.httpclient.plan import plan_for


def told(tell):
    stream = io.StringIO()
    tell(Teller(stream))
    return stream.getvalue().splitlines()


def hop(url, **headers):
    return plan_for(HTTPRequest(url, headers=headers), HTTPRequest._DEFAULTS).first_hop()


def test_requests():
    lines = told(lambda teller: teller.on_request(hop("https://u:p@x/a?b", Cookie="c=d")))
    assert lines[:2] == ["* to https://x", "> GET /a?b"]
    assert "> Cookie: (not shown)" in lines
    assert "> Host: x" in lines
    assert lines[-1] == ">"


def test_responses():
    answer = WrittenAnswer([], {"Set-Cookie": "a=b", "X-Mine": "1"}, 404)
    assert told(lambda teller: teller.on_response(hop("http://x/"), answer)) == [
        "< HTTP/1.1 404 Fine",
        "< Set-Cookie: (not shown)",
        "< X-Mine: 1",
        "<",
    ]


def test_retries():
    there = hop("http://x/")
    busy = WrittenAnswer([], status=503)
    assert told(lambda teller: teller.on_retry(there, busy, 1.25)) == [
        "* HTTP 503; again in 1.2 seconds"
    ]
    refused = HTTPConnectError("no way")
    assert told(lambda teller: teller.on_retry(there, refused, 0)) == [
        f"* {refused}; again in 0.0 seconds"
    ]


def test_what_a_server_says_is_no_command_of_a_terminal():
    answer = WrittenAnswer([], {"X-Title": "\x9b2J\x9d0;gone\x9c"}, 200)
    lines = told(lambda teller: teller.on_response(hop("http://x/"), answer))
    assert all(line.isprintable() for line in lines)
    assert r"\x9b2J" in "".join(lines)
