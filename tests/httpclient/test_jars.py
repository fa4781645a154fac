"""Cookies that are kept, within bounds."""

import pytest

from tornadolike.httpclient.cookies import cookie_header, keep_cookies
from tornadolike.httpclient.jars import MAX_COOKIES, MAX_PER_DOMAIN, MAX_SIZE, BoundedJar
from tornadolike.httputil import HTTPHeaders

URL = "http://example.com/"


def keep(jar, url, *cookies):
    headers = HTTPHeaders()
    for cookie in cookies:
        headers.add("Set-Cookie", cookie)
    keep_cookies(jar, url, headers)


def test_it_keeps():
    jar = BoundedJar()
    keep(jar, URL, "a=b", "c=d; Max-Age=0", "e=f; HttpOnly; SameSite=Lax")
    assert cookie_header(jar, URL) == "a=b; e=f"


def test_not_too_large():
    jar = BoundedJar()
    keep(jar, URL, "a=" + "x" * (MAX_SIZE - 1), "b=" + "x" * MAX_SIZE, "c=")
    assert {cookie.name for cookie in jar} == {"a", "c"}


def test_not_too_many_of_one():
    jar = BoundedJar()
    keep(jar, URL, *[f"n{number}=x" for number in range(MAX_PER_DOMAIN + 10)])
    assert len(jar) == MAX_PER_DOMAIN
    keep(jar, URL, "n3=y", "more=x")
    assert len(jar) == MAX_PER_DOMAIN
    assert "n3=y" in cookie_header(jar, URL)
    keep(jar, URL, "n3=; Max-Age=0")
    keep(jar, URL, "more=x")
    assert "more=x" in cookie_header(jar, URL)
    keep(jar, "http://else.example/", "a=b")
    assert len(jar) == MAX_PER_DOMAIN + 1


def test_not_too_many_in_all(monkeypatch):
    monkeypatch.setattr("tornadolike.httpclient.jars.MAX_COOKIES", 5)
    assert MAX_COOKIES > 5
    jar = BoundedJar()
    for number in range(10):
        keep(jar, f"http://h{number}.example/", "a=b")
    assert len(jar) == 5


@pytest.mark.parametrize("domain", ["com", "co.uk", "else.example", "ample.com", "sub.example.com"])
def test_not_for_others(domain):
    jar = BoundedJar()
    url = "http://www.example.co.uk/" if domain == "co.uk" else URL
    keep(jar, url, f"a=b; Domain={domain}")
    assert len(jar) == 0


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        *(("127.0.0.1", "0.0.1"), ("127.0.0.1", ".0.0.1"), ("127.0.0.1", "1")),
        *(("localhost", "local"), ("printer.local", "local"), ("localhost", "host")),
    ],
)
def test_not_for_other_addresses_and_names_without_a_domain(host, domain):
    jar = BoundedJar()
    keep(jar, f"http://{host}/", f"a=b; Domain={domain}")
    assert len(jar) == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_one_that_names_itself(host):
    jar = BoundedJar()
    keep(jar, f"http://{host}/", f"a=b; Domain={host}")
    assert cookie_header(jar, f"http://{host}:81/") == "a=b"
    assert cookie_header(jar, f"http://x.{host}/") == ""


def test_what_came_over_tls_stays():
    jar = BoundedJar()
    keep(jar, "https://www.example.com/", "a=good; Secure", "b=good; Secure; Domain=example.com")
    for url in ("http://www.example.com/", "http://sub.www.example.com/", "http://example.com/"):
        for name in ("a", "b"):
            for domain in ("", "; Domain=example.com", "; Domain=www.example.com"):
                keep(jar, url, f"{name}=bad{domain}", f"{name}=; Max-Age=0{domain}")
    assert cookie_header(jar, "https://www.example.com/") == "a=good; b=good"
    assert cookie_header(jar, "https://sub.www.example.com/") == "b=good"
    keep(jar, "https://www.example.com/", "a=new; Secure", "b=; Max-Age=0; Domain=example.com")
    assert cookie_header(jar, "https://www.example.com/") == "a=new"


def test_nobody_removes_those_of_others():
    jar = BoundedJar()
    keep(jar, URL, "a=b; Domain=example.com", "c=d; Path=/", "e=f; Domain=example.com")
    keep(jar, "http://else.example/", "a=; Max-Age=0; Domain=example.com")
    keep(jar, "http://sub.example.com/", "c=; Max-Age=0; Domain=sub.example.com")
    keep(jar, "http://sub.example.com/", "nothing=; Max-Age=0")
    assert len(jar) == 3
    keep(jar, "http://sub.example.com/", "e=; Max-Age=0; Domain=example.com")
    assert cookie_header(jar, URL) == "a=b; c=d"
    assert cookie_header(jar, "http://sub.example.com/") == "a=b"  # the other one names no domain
    jar.clear("example.com", "/", "c")
    jar.clear()
    assert len(jar) == 0


@pytest.mark.parametrize(
    ("cookie", "kept"),
    [
        *(("__Secure-a=b", False), ("__Secure-a=b; Secure; Domain=example.com", True)),
        *(("__Host-a=b", False), ("__Host-a=b; Secure; Path=/", True)),
        ("__host-a=b; Secure; Path=/; Domain=example.com", False),
        ("__Host-a=b; Secure; Path=/x", False),
    ],
)
def test_prefixes(cookie, kept):
    jar = BoundedJar()
    keep(jar, "http://example.com/", cookie)
    assert len(jar) == 0
    keep(jar, "https://example.com/", cookie)
    assert len(jar) == kept
