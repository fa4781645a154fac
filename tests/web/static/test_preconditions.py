"""Requests about files as they were (RFC 9110 section 13)."""

import pytest

from tests.web.helpers import Site
from tests.web.static.conftest import DATE, ETAG


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([f"If-Modified-Since: {DATE}"], 304),
        (["If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT"], 304),
        (["If-Modified-Since: Wednesday, 01-Jan-20 00:00:00 GMT"], 304),
        (["If-Modified-Since: Wed Jan  1 00:00:00 2020"], 304),
        (["If-Modified-Since: Wed, 01 Jan 2020 01:00:00 +0100"], 304),
        (["If-Modified-Since: Tue, 31 Dec 2019 23:59:59 GMT"], 200),
        (["If-Modified-Since: nonsense"], 200),
        (["If-Modified-Since: "], 200),
        (["If-Modified-Since: Mon, 01 Jan 0001 00:00:00 +2359"], 200),
        (["If-Modified-Since: Fri, 31 Dec 9999 23:59:59 -2359"], 200),
        ([f"If-None-Match: {ETAG}"], 304),
        ([f"If-None-Match: W/{ETAG}"], 304),
        ([f'If-None-Match: "x", {ETAG}'], 304),
        (["If-None-Match: *"], 304),
        (['If-None-Match: "x"'], 200),
        # The Etag counts, not the date.
        (['If-None-Match: "x"', "If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT"], 200),
        ([f"If-None-Match: {ETAG}", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"], 304),
        ([f"If-None-Match: {ETAG}", "Range: bytes=0-4"], 304),
    ],
)
def test_conditions(files: Site, fields: list[str], status: int) -> None:
    for method in ("GET", "HEAD"):
        answer = files.ask(f"{method} /s/hello.txt", *fields)
        assert answer.status == status
        assert answer.header("Etag") == ETAG
        assert answer.header("Last-Modified") == DATE
        if status == 304:
            assert answer.body == b""
            assert answer.header("Content-Type") is None


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([f"If-Match: {ETAG}"], 200),
        ([f'If-Match: "x", {ETAG}'], 200),
        (["If-Match: *"], 200),
        (['If-Match: "x"'], 412),
        ([f"If-Match: W/{ETAG}"], 412),  # of which nothing can be sure
        (["If-Match: nonsense"], 412),
        (["If-Match: "], 412),
        ([f"If-Unmodified-Since: {DATE}"], 200),
        (["If-Unmodified-Since: Thu, 02 Jan 2020 00:00:00 GMT"], 200),
        (["If-Unmodified-Since: Tue, 31 Dec 2019 23:59:59 GMT"], 412),
        (["If-Unmodified-Since: nonsense"], 200),
        # The order of RFC 9110 section 13.2.2.
        ([f"If-Match: {ETAG}", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT"], 200),
        ([f"If-Match: {ETAG}", f"If-None-Match: {ETAG}"], 304),
        (['If-Match: "x"', f"If-None-Match: {ETAG}"], 412),
        (['If-Match: "x"', "Range: bytes=0-1"], 412),
        ([f"If-Match: {ETAG}", "Range: bytes=0-1"], 206),
    ],
)
def test_preconditions(files: Site, fields: list[str], status: int) -> None:
    for method in ("GET", "HEAD"):
        assert files.ask(f"{method} /s/hello.txt", *fields).status == status


def test_who_fails_a_precondition_is_told(files: Site) -> None:
    answer = files.ask("GET /s/hello.txt", 'If-Match: "x"')
    assert "not what the request says" in answer.text
    assert answer.header("Etag") is None
    assert files.ask("GET /s/nope", 'If-Match: "x"').status == 404
