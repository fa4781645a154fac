"""What is said of a request is what a server does with it."""

import sys

import pytest

from tests.cli.sites import RULES
from tests.running import run_on
from tornadolike.cli.routing.entries import entries_of
from tornadolike.cli.routing.matching import answer_to
from tornadolike.httpclient import AsyncHTTPClient
from tornadolike.httputil import HTTPHeaders, HTTPServerRequest
from tornadolike.ioloop import IOLoop
from tornadolike.programs.loading import load

REQUESTS = [
    (method, path, headers)
    for method in ("GET", "POST", "HEAD", "DELETE")
    for path, headers in [
        ("/", {}),
        ("/v", {}),
        ("/v", {"V": "2"}),
        ("/inner", {}),
        ("/inner/a/b", {}),
        ("/inner/never", {}),
        ("/innermost", {}),
        ("/old/x", {}),
        ("/old/y", {}),
        ("/only", {}),
        ("/shop/items/3", {}),
        ("/shop/items/x", {}),
        ("/api", {"Host": "api.example.com"}),
        ("/api", {}),
        ("/nowhere", {}),
    ]
]


@pytest.fixture
def site(project):
    project(many_rules=RULES)
    return load("many_rules")


def expected(site, method, path, headers):
    """The status, and what GET shows of the arguments."""
    fields = HTTPHeaders({"Host": "localhost", **headers})
    request = HTTPServerRequest(method, path, "HTTP/1.1", fields, host=fields["Host"])
    answer = answer_to(request, entries_of(site))
    assert request.path == path
    return (307 if answer.is_redirected else answer.status or 200), answer


def test_a_server_does_the_same(site):
    async def main():
        server = site.listen(0, "127.0.0.1")
        port = next(iter(server._sockets.values())).getsockname()[1]
        client = AsyncHTTPClient(force_instance=True)
        seen = []
        for method, path, headers in REQUESTS:
            response = await client.fetch(
                f"http://127.0.0.1:{port}{path}",
                method=method,
                headers=headers,
                body="" if method == "POST" else None,
                follow_redirects=False,
                raise_error=False,
            )
            seen.append((response.code, response.headers.get("Allow"), response.body.decode()))
        client.close()
        server.stop()
        await server.close_all_connections()
        return seen

    statuses = set()
    for request, (status, allow, body) in zip(
        REQUESTS, run_on(lambda: IOLoop(make_current=False), main()), strict=True
    ):
        told, answer = expected(site, *request)
        assert told == status, request
        statuses.add(status)
        if status == 405 and answer.entry is None:
            assert set(answer.allowed) == set((allow or "").split(", ")), request
        if status == 200 and answer.arguments and body:
            assert str(tuple(each.decode() for each in answer.arguments)) in body
    assert statuses == {200, 307, 404, 405, 406}


def test_arguments(site):
    _, answer = expected(site, "GET", "/shop/items/3", {})
    assert answer.keywords == {"item": 3}
    assert answer.entry.handler == "many_rules.show"
    assert answer.entry.place == (sys.modules["many_rules"].__file__, 25)
    _, answer = expected(site, "GET", "/inner/a/b%20c", {})
    assert answer.arguments == (b"b c",)
