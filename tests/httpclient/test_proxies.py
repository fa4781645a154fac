"""Which proxy is meant."""

import urllib.request

import pytest

from tornadolike.httpclient import HTTPRequest, Proxy
from tornadolike.httpclient.proxies import is_exception, proxy_from_environment

PROXIES = {
    "http://proxy.example:3128": Proxy("proxy.example", 3128),
    "http://Proxy.Example/": Proxy("proxy.example", 80),
    " https://proxy.example ": Proxy("proxy.example", 443, ssl_options={}),
    "proxy.example:3128": Proxy("proxy.example", 3128),
    "http://[::1]:8080": Proxy("::1", 8080),
    "http://Ann:a%40b%3A@proxy.example:1": Proxy("proxy.example", 1, "Ann", "a@b:"),
    "Ann@proxy.example": Proxy("proxy.example", 80, "Ann"),
    "socks5://proxy.example": Proxy("proxy.example", 1080, socks=True),
    "SOCKS5H://a:b@proxy.example:1": Proxy("proxy.example", 1, "a", "b", socks=True),
}

NO_PROXIES = [
    "http://",
    "",
    "http://proxy.example/path",
    "http://proxy.example?a",
    "http://proxy.example:99999",
    "http://proxy.example:x",
    "http://[::1",
]


def test_urls():
    for url, proxy in PROXIES.items():
        assert Proxy.from_url(url) == proxy, url
    options = {"ca_certs": "x"}
    assert Proxy.from_url("https://p", options).ssl_options is options
    assert Proxy.from_url("http://p", options).ssl_options is None


def test_what_is_no_url_of_a_proxy():
    for url in NO_PROXIES:
        with pytest.raises(ValueError, match="is no URL of a proxy; give it like http://proxy"):
            Proxy.from_url(url)
    with pytest.raises(ValueError, match="a proxy of the kind 'socks4' cannot be used"):
        Proxy.from_url("socks4://proxy.example")


def test_secrets_are_not_shown():
    assert "secret" not in repr(Proxy.from_url("http://ann:secret@p"))
    users = ["ann:secret@p/x", "ann:secret@p:x", "ann:secret@[::1", "ann:secret/1@p"]
    for user in users:
        with pytest.raises(ValueError, match="no URL of a proxy") as caught:
            Proxy.from_url(f"http://{user}")
        assert "secret" not in str(caught.value)
        assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_of_a_request():
    def proxy(**options):
        return Proxy.of_request(HTTPRequest("http://example.com/", **options))

    assert proxy() is None
    assert proxy(proxy_host="p", proxy_port=1) == Proxy("p", 1)
    full = {"proxy_username": "Ann", "proxy_password": "b", "proxy_auth_mode": "basic"}
    assert proxy(proxy_host="p", proxy_port=1, **full) == Proxy("p", 1, "Ann", "b")
    for half in ({"proxy_host": "p"}, {"proxy_port": 1}):
        with pytest.raises(ValueError, match="give both"):
            proxy(**half)
    with pytest.raises(ValueError, match="digest"):
        proxy(proxy_host="p", proxy_port=1, proxy_auth_mode="digest")


# URL, environment, the port of the proxy that is to be used (None: no proxy).
ENVIRONMENTS = [
    ("http://a", {}, None),
    ("http://a", {"http_proxy": "p:1"}, 1),
    ("http://a", {"HTTP_PROXY": "p:1"}, 1),
    ("http://a", {"http_proxy": "p:1", "HTTP_PROXY": "p:2"}, 1),
    ("http://a", {"http_proxy": "", "HTTP_PROXY": "p:2"}, None),
    ("http://a", {"http_proxy": " ", "all_proxy": "p:2"}, 2),
    ("http://a", {"HTTP_PROXY": "p:1", "REQUEST_METHOD": "GET"}, None),
    ("http://a", {"http_proxy": "p:1", "REQUEST_METHOD": "GET"}, 1),
    ("https://a", {"HTTPS_PROXY": "p:1", "REQUEST_METHOD": "GET"}, 1),
    ("https://a", {"http_proxy": "p:1"}, None),
    ("https://a", {"http_proxy": "p:1", "ALL_PROXY": "p:2"}, 2),
    ("ws://a", {"http_proxy": "p:1", "https_proxy": "p:2"}, 1),
    ("wss://a", {"http_proxy": "p:1", "https_proxy": "p:2"}, 2),
    ("wss://a", {"wss_proxy": "p:3", "https_proxy": "p:2"}, 3),
    ("ws://a", {"ws_proxy": "p:3", "all_proxy": "p:2"}, 3),
    ("ftp://a", {"all_proxy": "p:1"}, None),
    ("http://a", {"http_proxy": "p:1", "no_proxy": "b,A"}, None),
    ("http://a", {"http_proxy": "p:1", "NO_PROXY": "b a"}, None),
    ("http://a", {"http_proxy": "p:1", "NO_PROXY": "a", "no_proxy": ""}, 1),
    ("wss://a", {"https_proxy": "p:1", "no_proxy": "a:443"}, None),
    ("wss://a:444", {"https_proxy": "p:1", "no_proxy": "a:443"}, 1),
    ("ws://[::1]/", {"http_proxy": "p:1", "no_proxy": "::1"}, None),
]


@pytest.mark.parametrize(("url", "environ", "port"), ENVIRONMENTS)
def test_the_environment(url, environ, port):
    proxy = proxy_from_environment(url, environ)
    assert proxy == (None if port is None else Proxy("p", port))


def test_the_environment_is_the_programs(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://p:5")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert proxy_from_environment("ws://a") == Proxy("p", 5)


def test_an_environment_that_is_wrong():
    with pytest.raises(
        ValueError, match="in the environment, ALL_PROXY: a proxy of the kind 'socks"
    ):
        proxy_from_environment("http://a", {"ALL_PROXY": "socks4://p"})


EXCEPTIONS = {
    ("*", "anything"): True,
    ("example.com", "example.com"): True,
    ("Example.COM.", "example.com"): True,
    ("example.com", "EXAMPLE.com."): True,
    ("example.com", "www.example.com"): True,
    (".example.com", "www.example.com"): True,
    (".example.com", "example.com"): True,
    ("*.example.com", "www.example.com"): True,
    ("example.com", "badexample.com"): False,
    ("www.example.com", "example.com"): False,
    ("example.com:80", "example.com"): True,
    ("example.com:81", "example.com"): False,
    (".", "example.com"): False,
    (" , ", "example.com"): False,
    ("10.0.0.1", "10.0.0.1"): True,
    ("10.0.0.1", "110.0.0.1"): False,
    ("0.0.1", "10.0.0.1"): False,
    ("10.0.0.0/8", "10.1.2.3"): True,
    ("10.9.9.9/8", "10.1.2.3"): True,
    ("10.0.0.0/8", "11.1.2.3"): False,
    ("10.0.0.0/8", "example.com"): False,
    ("10.0.0.1:80", "10.0.0.1"): True,
    ("10.0.0.1:81", "10.0.0.1"): False,
    ("::1", "::1"): True,
    ("[::1]", "::1"): True,
    ("[::1]:80", "::1"): True,
    ("[::1]:81", "::1"): False,
    ("fd00::/8", "fd00::5"): True,
    ("fd00::/8", "10.0.0.1"): False,
    ("10.0.0.0/8", "::1"): False,
    ("10.0.0.0/99", "10.0.0.1"): False,
    ("a,b  c,\td", "d"): True,
}


def test_exceptions():
    found = {case: is_exception(*case, 80) for case in EXCEPTIONS}
    assert found == EXCEPTIONS


def test_pythons_exceptions_are_ours():
    """But for the ends of IP addresses, which it takes for names."""
    only_theirs = []
    for (no_proxy, host), found in EXCEPTIONS.items():
        authority = f"[{host}]:80" if ":" in host else f"{host}:80"
        if urllib.request.proxy_bypass_environment(authority, {"no": no_proxy}) and not found:
            only_theirs.append((no_proxy, host))
    assert only_theirs == [("0.0.1", "10.0.0.1")]


@pytest.mark.parametrize(
    "host", ["", "a b", "a\r\nX: y", "a/b", "user:s3cret@a", "[::1]", "a?b", "a#b", "a\\b", "a\0"]
)
def test_hosts_that_are_none(host):
    """Each engine would find another one there."""
    with pytest.raises(ValueError, match="not the host of a proxy") as caught:
        Proxy(host, 3128)
    assert "s3cret" not in str(caught.value)
