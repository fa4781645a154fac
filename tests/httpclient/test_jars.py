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
