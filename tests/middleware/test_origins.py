"""Origins: those that browsers send, and no others."""

import re

import pytest

from tornadolike.middleware.origins import Origins


def test_origins_are_found() -> None:
    origins = Origins(
        [
            "https://example.com",
            "http://localhost:8080",
            "https://[::1]:8443",
            "moz-extension://0a1b-2c",
            re.compile(r"https://[a-z]+\.example\.org"),
            re.compile(r"https://.*\.example\.net"),
        ]
    )
    for origin in (
        "https://example.com",
        "http://localhost:8080",
        "https://[::1]:8443",
        "moz-extension://0a1b-2c",
        "https://shop.example.org",
        "https://a.b.example.net",
    ):
        assert origin in origins, origin
    for origin in (
        "null",
        "",
        "http://example.com",
        "https://example.com:444",
        "https://example.com.evil.test",
        "https://example.com/",
        "https://example.comX",
        "https://shop.example.org.evil.test",
        "https://shop.example.org\n",
        "https://evil.test https://x.example.net",
        "https://evil.test/.example.net",
        "https://evil.test#.example.net",
        "https://evil.test,https://x.example.net",
    ):
        assert origin not in origins, origin
    assert origins.have_strangers is None


def test_origins_that_anybody_can_have() -> None:
    assert "https://whoever.test" in Origins("*")
    assert "null" in Origins(["null"])
    assert Origins("*").have_strangers == "*"
    assert Origins(["https://a.test", "null"]).have_strangers == "null"
    for pattern in (".*", "https?://.+", r"https://[a-z.]+"):
        assert Origins([re.compile(pattern)]).have_strangers == pattern


def test_what_is_no_origin() -> None:
    for wrong in (
        "example.com",
        "https://example.com/",
        "https://Example.com",
        "https://*.example.com",
        "https://example.com/path",
        "https://user@example.com",
        "",
        "https://a.test https://b.test",
        "https://example.com:0",
    ):
        with pytest.raises(ValueError, match="is no origin: write it as browsers do"):
            Origins([wrong])
    for default in ("https://example.com:443", "http://example.com:80"):
        with pytest.raises(ValueError, match="browsers leave out the port"):
            Origins([default])
    with pytest.raises(TypeError, match=r"origins are a list: \['https://a.test'\]"):
        Origins("https://a.test")
    for wrong_type in (7, None, re.compile(b"https://.*")):
        with pytest.raises(TypeError, match="an origin is a str"):
            Origins([wrong_type])  # type: ignore[list-item]
