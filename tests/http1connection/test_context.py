"""Who a request comes from: what the connection tells, and what the headers tell of those who are believed."""

import json
import logging
from typing import Any

import pytest

from tests.wire.client import PLAIN_AND_TLS, get, read_all
from tornadolike.http1connection import ConnectionContext
from tornadolike.httpserver import HTTPServer
from tornadolike.httputil import HTTPHeaders, HTTPServerRequest
from tornadolike.httputil.trust import Origin, TrustedProxies, XHeaders
from tornadolike.web import Application, RequestHandler

LOCAL = "127.0.0.0/8"


def tell(request: HTTPServerRequest) -> None:
    """Who the server believes has asked, before and after it has looked at the connection."""
    context = request.connection.context
    said = [request.remote_ip, request.full_url(), request.host_name]
    if [context.remote_ip, context.protocol] != ["127.0.0.1", "http"]:
        said += [context.remote_ip, context.protocol]
    text = json.dumps(said) + "\n"
    request.connection.respond(200, "OK", "application/json", None, b"", text.encode())


def ask(server: Any, *requests: bytes) -> list[list[str]]:
    """What is told of these requests, which are sent at once."""
    with server.connect() as sock:
        sock.sendall(b"".join(requests))
        answers = read_all(sock)
    return [json.loads(line) for line in answers.splitlines() if line.startswith(b"[")]


LAST = "Connection: close"
SAID = ("X-Forwarded-For: 192.0.2.43", "X-Forwarded-Proto: https", "X-Forwarded-Host: A.example:81")


def test_each_request_of_a_connection_is_judged_by_itself(serve: Any) -> None:
    names = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"]
    server = serve(tell, trust=TrustedProxies(LOCAL, headers=names))
    plain = ["127.0.0.1", "http://x/", "x"]
    assert ask(
        server, get("/"), get("/a?b", *SAID), get("/"), get("/", SAID[0]), get("/", LAST)
    ) == [
        plain,
        ["192.0.2.43", "https://A.example:81/a?b", "a.example"],
        plain,
        ["192.0.2.43", "http://x/", "x"],
        plain,
    ]


def test_bodies_make_no_difference(serve: Any) -> None:
    server = serve(tell, trust=TrustedProxies(LOCAL, headers="X-Forwarded-For"))
    with server.connect() as sock:
        sock.sendall(get("/", SAID[0], LAST, "Content-Length: 2", method="POST"))
        sock.sendall(b"a")
        server.call(lambda: None)
        sock.sendall(b"b")
        assert b'["192.0.2.43", "http://x/", "x"]' in read_all(sock)


@PLAIN_AND_TLS
def test_nobody_is_believed_unless_one_says_so(serve: Any, wire: str) -> None:
    scheme = "https" if wire == "tls" else "http"
    more = [] if wire == "plain" else ["127.0.0.1", "https"]
    for options in ({}, {"trust": TrustedProxies(["10.0.0.0/8", "unix"], headers="X-Real-Ip")}):
        server = serve(tell, **options)
        said = get(
            "/", *SAID, "X-Real-Ip: 192.0.2.43", "X-Scheme: https", "Forwarded: for=_a", LAST
        )
        assert ask(server, said) == [["127.0.0.1", f"{scheme}://x/", "x", *more]]


def test_forwarded(serve: Any, expect_log: Any) -> None:
    server = serve(tell, trust=TrustedProxies(LOCAL, headers="Forwarded"))
    element = 'for=192.0.2.43;host="a.example:81";proto=https'
    good = [["192.0.2.43", "https://a.example:81/", "a.example"]]
    assert ask(server, get("/", f"Forwarded: {element}", *SAID[:1], LAST)) == good
    assert ask(server, get("/", f'Forwarded: for="bad, {element}', LAST)) == good
    with expect_log("tornadolike.general", "Ignored in Forwarded from 127", logging.INFO, 1):
        assert ask(server, get("/", f'Forwarded: {element}, for="bad', LAST)) == [
            ["127.0.0.1", "http://x/", "x"]
        ]


def test_rules_for_hosts_follow(serve: Any) -> None:
    class Named(RequestHandler):
        def initialize(self, name: str) -> None:
            self.name = name

        def get(self) -> None:
            self.write(json.dumps([self.name, self.request.headers["Host"]]) + "\n")

    app = Application([("/", Named, {"name": "any"})])
    app.add_handlers(r"a\.example", [("/", Named, {"name": "a"})])
    server = serve(app, trust=TrustedProxies(LOCAL, headers="X-Forwarded-Host"))
    assert ask(server, get("/"), get("/", SAID[2], LAST)) == [["any", "x"], ["a", "x"]]


# Tornado's arguments


def test_xheaders(serve: Any) -> None:
    server = serve(tell, xheaders=True, trusted_downstream=["5.5.5.5", "10.0.0.0/8"])
    assert ask(
        server,
        get("/", "X-Forwarded-For: 4.4.4.4, 10.0.0.1, 5.5.5.5", "X-Scheme: https"),
        get("/"),
        get("/", "X-Real-Ip: 4.4.4.4<script>", "X-Forwarded-Host: a", LAST),
    ) == [
        ["4.4.4.4", "https://x/", "x"],
        ["127.0.0.1", "http://x/", "x"],
        ["127.0.0.1", "http://x/", "x"],
    ]


def test_protocol(serve: Any) -> None:
    server = serve(tell, protocol="https")
    assert ask(server, get("/", LAST)) == [["127.0.0.1", "https://x/", "x", "127.0.0.1", "https"]]
    server = serve(tell, protocol="https", xheaders=True)
    assert ask(server, get("/", "X-Scheme: http", LAST)) == [
        ["127.0.0.1", "http://x/", "x", "127.0.0.1", "https"]
    ]


def test_one_trusts_either_everybody_or_somebody() -> None:
    trust = TrustedProxies(LOCAL, headers="Forwarded")
    with pytest.raises(ValueError, match="believes everybody: leave it out beside trust="):
        HTTPServer(tell, xheaders=True, trust=trust)
    with pytest.raises(ValueError, match="is no network"):
        HTTPServer(tell, xheaders=True, trusted_downstream=["proxy.example"])


# The context by itself


def test_what_a_context_tells() -> None:
    context = ConnectionContext(("192.0.2.43", 1), "https")
    assert (context.remote_ip, context.protocol, str(context)) == (
        "192.0.2.43",
        "https",
        "192.0.2.43",
    )
    assert context.proxy is None
    assert context.origin_of(HTTPHeaders()) == Origin("192.0.2.43", "https")
    trusting = ConnectionContext(("192.0.2.43", 1), "https", XHeaders())
    assert trusting.origin_of(HTTPHeaders({"X-Real-Ip": "::1"})) == Origin("::1", "https")


@pytest.mark.parametrize(
    ("address", "text"), [("", "a Unix socket"), ("/tmp/a", "'/tmp/a'"), (b"\0a", r"b'\x00a'")]
)
def test_a_unix_socket_has_no_address(address: Any, text: str) -> None:
    context = ConnectionContext(address, "http")
    assert (context.remote_ip, str(context)) == ("0.0.0.0", text)


def test_a_connection_has_one_context(serve: Any) -> None:
    seen: list[Any] = []

    def keep(request: HTTPServerRequest) -> None:
        seen.append(request.connection.context)
        tell(request)

    ask(serve(keep), get("/"), get("/", LAST))
    assert seen[0] is seen[1]


def test_a_context_of_somebody_elses_is_taken_as_it_is() -> None:
    class Theirs:
        remote_ip = "192.0.2.43"

    class Connection:
        context = Theirs()

    connection: Any = Connection()
    request = HTTPServerRequest("GET", "/", connection=connection)
    assert (request.remote_ip, request.protocol, request.host) == (
        "192.0.2.43",
        "http",
        "127.0.0.1",
    )
    assert HTTPServerRequest("GET", "/").remote_ip is None
