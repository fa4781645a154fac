"""URLs, hosts and queries."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.httputil import qs_to_qsl, split_host_and_port, url_concat
from tornadolike.httputil.urls import browser_origin


@pytest.mark.parametrize(
    ("url", "args", "joined"),
    [
        ("https://host/path", None, "https://host/path"),
        ("https://host/path", {}, "https://host/path"),
        ("https://host/path", {"a": "b"}, "https://host/path?a=b"),
        ("https://host/path", [("y", "y"), ("z", "z")], "https://host/path?y=y&z=z"),
        ("https://host/path", (("y", "/y"), ("z", "é &")), "https://host/path?y=%2Fy&z=%C3%A9+%26"),
        ("https://host/path", [("a", b"\xff"), (b"\xe9", "1")], "https://host/path?a=%FF&%E9=1"),
        ("https://host/path?", {"a": "b"}, "https://host/path?a=b"),
        ("https://host/path?x", {"a": "b"}, "https://host/path?x=&a=b"),
        ("https://host/path?x=1&", {"a": "b"}, "https://host/path?x=1&a=b"),
        (
            "https://host/path?a=1&b=2",
            [("a", "3"), ("a", "4")],
            "https://host/path?a=1&b=2&a=3&a=4",
        ),
        ("https://host/path#there", {"a": "b"}, "https://host/path?a=b#there"),
        ("/path;params?x=1#there", {"a": "b"}, "/path;params?x=1&a=b#there"),
        ("", {"a": "b"}, "?a=b"),
    ],
)
def test_url_concat(url: str, args: Any, joined: str) -> None:
    assert url_concat(url, args) == joined


@pytest.mark.parametrize("args", ["a=b", 1, {1, 2}])
def test_url_concat_of_what_are_no_arguments(args: Any) -> None:
    with pytest.raises(TypeError, match="dict, list or tuple"):
        url_concat("/", args)


@given(
    query=st.lists(st.tuples(st.text(), st.text())), added=st.lists(st.tuples(st.text(), st.text()))
)
def test_url_concat_keeps_everything(query: list[Any], added: list[Any]) -> None:
    url = url_concat(url_concat("/path#there", query), added)
    parts = urlsplit(url)
    assert (parts.path, parts.fragment) == ("/path", "there")
    assert parse_qsl(parts.query, keep_blank_values=True) == query + added


@pytest.mark.parametrize(
    ("netloc", "host", "port"),
    [
        ("example.com", "example.com", None),
        ("example.com:80", "example.com", 80),
        ("[::1]", "[::1]", None),
        ("[::1]:8080", "[::1]", 8080),
        ("a:b:1", "a:b", 1),
        ("example.com:", "example.com:", None),
        ("example.com:x", "example.com:x", None),
        (":80", ":80", None),
        ("", "", None),
        ("example.com:80\n", "example.com:80\n", None),
        ("example.com:\u0661", "example.com:\u0661", None),
    ],
)
def test_split_host_and_port(netloc: str, host: str, port: int | None) -> None:
    assert split_host_and_port(netloc) == (host, port)


def test_qs_to_qsl() -> None:
    assert list(qs_to_qsl({"a": [b"1", b"2"], "b": [], "c": [b"3"]})) == [
        ("a", b"1"),
        ("a", b"2"),
        ("c", b"3"),
    ]


@pytest.mark.parametrize(
    ("url", "scheme", "authority"),
    [
        ("/path", "", ""),
        ("path", "", ""),
        ("?a=//b", "", ""),
        ("#//b", "", ""),
        ("", "", ""),
        ("/a//b", "", ""),
        ("/a:b", "", ""),
        ("//Host/path", "", "host"),
        ("//host", "", "host"),
        ("//host?a", "", "host"),
        ("//host#a", "", "host"),
        ("///host", "", "host"),
        ("/\\host", "", "host"),
        ("\\\\host", "", "host"),
        ("\\/host\\x", "", "host"),
        (" \0\t//host", "", "host"),
        ("/\t/host", "", "host"),
        ("/\n/\rhost", "", "host"),
        ("https://user:pw@Host:80/x", "https", "user:pw@host:80"),
        ("HTTPS://host", "https", "host"),
        ("ht\ntps://host", "https", "host"),
        ("https:host", "https", "host"),
        ("https:/host", "https", "host"),
        ("https:///host", "https", "host"),
        ("https:\\\\host", "https", "host"),
        ("https://", "https", ""),
        ("http://[::1]:80/", "http", "[::1]:80"),
        ("http://[", "http", "["),
        ("javascript:alert(1)", "javascript", ""),
        ("mailto:a@b", "mailto", ""),
        ("x-app://host/", "x-app", "host"),
        ("1a://host", "", ""),
        ("\uff0f\uff0fhost", "", ""),
    ],
)
def test_browser_origin(url: str, scheme: str, authority: str) -> None:
    assert browser_origin(url) == (scheme, authority)
