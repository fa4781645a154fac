"""Through proxies, and who hears what on the way."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from tests.httpclient.behaviours.engines import Engine, outcome
from tests.httpclient.behaviours.scripted import Scripted, answering, ok
from tests.httpclient.behaviours.ways import OPEN, forwarding, socks, tunnelling
from tests.peers import nobody
from tests.tls_certs import Certificates

Play = Callable[..., Scripted]

USER = base64.b64encode(b"somebody:secret")


def test_http_by_a_proxy(engine: Engine, play: Play) -> None:
    """It is asked for the whole URL, over one connection, whoever is meant."""
    proxy = play(forwarding)

    async def main(client: Any) -> list[str]:
        urls = ["http://one.example/a?b#c", "http://two.example:81/", "http://one.example"]
        return [await outcome(client, url, proxy=proxy.url) for url in urls]

    assert engine.run(main) == [
        "200 http://one.example/a?b",
        "200 http://two.example:81/",
        "200 http://one.example/",
    ]
    assert b"\r\nHost: one.example\r\n" in proxy.heard[0]


def test_https_by_a_proxy(engine: Engine, play: Play, certs: Certificates) -> None:
    proxy = play(tunnelling())
    server = play(answering(ok()), context=certs.server_context())
    found = engine.outcome(
        server.url, proxy=proxy.url, ca_certs=certs.ca, headers={"Authorization": "secret"}
    )
    assert found == "200 hello"
    assert proxy.heard[0].startswith(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n" % server.port)
    assert b"secret" not in proxy.heard[0]
    assert server.heard[0].startswith(b"GET / HTTP/1.1\r\n")


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_socks(engine: Engine, play: Play, certs: Certificates, secure: bool) -> None:
    proxy = play(socks)
    server = play(answering(ok()), context=certs.server_context() if secure else None)
    found = engine.outcome(server.url, proxy=f"socks5h://127.0.0.1:{proxy.port}", ca_certs=certs.ca)
    assert found == "200 hello"
    assert proxy.heard == [b"127.0.0.1:%d" % server.port]


def test_what_is_for_the_proxy_stays_there(engine: Engine, play: Play, certs: Certificates) -> None:
    proxy = play(tunnelling())
    server = play(answering(ok()), context=certs.server_context())
    with_user = proxy.url.replace("//", "//somebody:secret@")
    assert engine.outcome(server.url, proxy=with_user, ca_certs=certs.ca) == "200 hello"
    assert b"Proxy-Authorization: Basic " + USER in proxy.heard[0]
    assert b"roxy" not in server.heard[0]


def test_the_options_of_tornado(engine: Engine, play: Play) -> None:
    proxy = play(forwarding)
    options = {
        "proxy_host": "127.0.0.1",
        "proxy_port": proxy.port,
        "proxy_username": "somebody",
        "proxy_password": "secret",
    }
    assert engine.outcome("http://one.example/", **options) == "200 http://one.example/"
    assert b"Proxy-Authorization: Basic " + USER in proxy.heard[0]


def failure_by_proxy(engine: Engine, proxy: Scripted, certs: Certificates) -> str:
    """What comes of it if this is the way."""
    return engine.outcome("https://one.example/", proxy=proxy.url, ca_certs=certs.ca)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 502 Nobody there\r\nContent-Length: 5\r\n\r\nhello",
    ],
    ids=["403", "407", "502"],
)
def test_a_proxy_that_opens_no_way(
    engine: Engine, play: Play, certs: Certificates, answer: bytes
) -> None:
    """It is the proxy that has failed, and what it says is not the answer of the server."""
    assert failure_by_proxy(engine, play(tunnelling(answer)), certs) == "ProxyError"


@pytest.mark.parametrize(
    "answer",
    [b"", b"220 mail.example ESMTP\r\n\r\n", b"HTTP/1.1 200 Ok\r\n"],
    ids=["end", "mail", "half a head"],
)
def test_what_is_no_proxy(engine: Engine, play: Play, certs: Certificates, answer: bytes) -> None:
    assert failure_by_proxy(engine, play(tunnelling(answer)), certs) == "ProxyError"


def test_nobody_is_the_proxy(engine: Engine) -> None:
    with nobody() as (host, port):
        found = engine.outcome("http://one.example/", proxy=f"http://{host}:{port}")
    assert found in ("ProxyError", "HTTPRefusedError")


def test_the_environment_is_asked_only_by_choice(
    engine: Engine, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = play(forwarding), play(answering(ok()))
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("all_proxy", proxy.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert engine.outcome(server.url) == "200 hello"
    assert engine.outcome("http://one.example/", trust_env=True) == "200 http://one.example/"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert engine.outcome(server.url, trust_env=True) == "200 hello"


def test_a_tunnel_is_for_its_server_only(engine: Engine, play: Play, certs: Certificates) -> None:
    proxy = play(tunnelling(OPEN))
    one = play(answering(ok(b"one")), context=certs.server_context())
    two = play(answering(ok(b"two")), context=certs.server_context())

    async def main(client: Any) -> list[str]:
        urls = [one.url, two.url, one.url]
        options = {"proxy": proxy.url, "ca_certs": certs.ca}
        return [await outcome(client, url, **options) for url in urls]

    assert engine.run(main) == ["200 one", "200 two", "200 one"]
    assert len(proxy.peers) == 2


def test_a_unix_socket_is_for_whom_it_was_named(engine: Engine, play: Play, nginx: Any) -> None:
    """What was kept there is not for the same URL without it."""
    server = play(answering(ok(b"by tcp")))

    async def main(client: Any) -> list[str]:
        url = f"{server.url}/hello"
        ways: list[dict[str, Any]] = [
            {"unix_socket": nginx.socket},
            {},
            {"unix_socket": nginx.socket},
        ]
        return [await outcome(client, url, **way) for way in ways]

    assert engine.run(main) == ["200 hello", "200 by tcp", "200 hello"]
