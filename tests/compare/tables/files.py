"""Requests for files: whole, in ranges, on conditions, and where there should be none."""

import hashlib

from tests.compare.cases import another, ask, differing, each
from tests.compare.differences import (
    ADDRESSES,
    ALLOW,
    DETAIL,
    NO_DATE,
    NUL,
    OUT_AND_BACK,
    PARTS_OF_FILES,
    RANGES,
    VERSIONS,
)

TEXT = "GET /static/text.txt"
ETAG = hashlib.sha512(b"0123456789" * 10).hexdigest()
VERSION = ETAG
DATE = "Sun, 13 Sep 2020 12:26:40 GMT"
LATER = "Sun, 13 Sep 2020 12:26:41 GMT"
EARLIER = "Sun, 13 Sep 2020 12:26:39 GMT"

CASES = [
    *(
        ask(f"GET /static/{name}")
        for name in (
            "text.txt",
            "index.html",
            "empty.txt",
            "style.css",
            "data.bin",
            "archive.tar.gz",
            "name%20with%20space.txt",
            "gr%C3%B6%C3%9Fe.txt",
            "sub/deep/page.html",
            ".hidden",
            "link.txt",
            "escape.txt",
            "none.txt",
            "",
            "sub",
            "sub/",
            "no-index",
            "no-index/",
            "../secret.txt",
            "..%2fsecret.txt",
            "%2e%2e/secret.txt",
            "..%5csecret.txt",
            "sub/../text.txt",
            "sub//deep/page.html",
            "/text.txt",
            "//text.txt",
            "%2Fetc/passwd",
            "./text.txt",
            "text.txt/",
            "text.txt/x",
            "text.txt%20",
            "name+with+space.txt",
            "x" * 300,
            "..",
            ".",
            "../files-other/x",
        )
    ),
    *differing("detail", DETAIL, ask("GET /static/%FF.txt")),
    *another(403, OUT_AND_BACK, ask("GET /static/../files/text.txt")),
    *another(404, NUL, ask("GET /static/a%00b"), ask("GET /static/text.txt%00.html")),
    ask("HEAD /static/text.txt"),
    ask("HEAD /static/none.txt"),
    *differing("allow", ALLOW, ask("POST /static/text.txt", body="")),
    ask("GET /static/text.txt?v=1"),
    ask("GET /static/text.txt?v="),
    ask("GET /static/text.txt?x=1"),
    ask("GET /favicon.ico"),
    ask("GET /robots.txt"),
    *(
        ask(f"GET /files/{name}")
        for name in ("", "index.html", "sub", "sub/", "sub?x=1", "no-index/", "no-index", "none/")
    ),
    ask("GET /files//example.com/.."),
    ask("GET /files//example.com"),
    ask("GET /file/"),
    ask("GET /nowhere/x"),
    # Ranges.
    *(
        ask(f"{method} /static/text.txt", f"Range: {value}")
        for method in ("GET", "HEAD")
        for value in ("bytes=0-9", "bytes=-5", "bytes=200-")
    ),
    *(
        ask(TEXT, f"Range: {value}")
        for value in (
            "bytes=0-0",
            "bytes=10-",
            "bytes=0-",
            "bytes=0-99",
            "bytes=0-100",
            "bytes=90-1000",
            "bytes=99-99",
            "bytes=100-",
            "bytes=100-200",
            "bytes=-1",
            "bytes=-100",
            "bytes=-1000",
            "bytes=-0",
            "bytes=5-4",
            "bytes=-",
            "bytes=",
            "bytes",
            "bytes=a-b",
            "bytes=0-9x",
            "bytes=0x0-9",
            "bytes= 0 - 9 ",
            "lines=0-9",
            "bytes=99999999999999999999-",
            "bytes=0-99999999999999999999",
        )
    ),
    *another(
        200,
        RANGES,
        *(ask(TEXT, f"Range: {value}") for value in ("bytes=+1-2", "bytes=1_0-2_0", "bytes=--5")),
    ),
    *another(206, RANGES, ask(TEXT, "Range: BYTES=0-9")),
    ask("GET /static/empty.txt", "Range: bytes=0-"),
    ask("GET /static/empty.txt", "Range: bytes=-1"),
    # Addresses.
    *each(
        "/addresses /addresses?path=none.txt /addresses?path=sub/deep/page.html /addresses?host=1 "
        "/addresses?bare=1 /addresses?path=sub /addresses?path=../secret.txt "
        "/addresses?path=%2Fetc/passwd /addresses?path=escape.txt"
    ),
    *differing(
        "body",
        ADDRESSES,
        ask("GET /addresses?path=name%20with%20space.txt"),
        ask("GET /addresses?path=gr%C3%B6%C3%9Fe.txt"),
    ),
    *differing("cache-control", VERSIONS, ask(f"{TEXT}?v={VERSION}")),
    *differing("cache-control expires", VERSIONS, ask(f"{TEXT}?v={VERSION[::-1]}")),
    # Several ranges.
    *another(
        206,
        PARTS_OF_FILES,
        *(ask(TEXT, f"Range: bytes={value}") for value in ("0-1,5-6", "0-1,2-3", "0-1,200-")),
    ),
    # Conditions.
    ask(TEXT, f'If-None-Match: "{ETAG}"'),
    ask(TEXT, f'If-None-Match: W/"{ETAG}"'),
    ask(TEXT, f'If-Match: "{ETAG}"'),
    *another(
        412,
        PARTS_OF_FILES,
        ask(TEXT, 'If-Match: "other"'),
        ask(TEXT, f"If-Unmodified-Since: {EARLIER}"),
    ),
    ask(TEXT, f"If-Unmodified-Since: {DATE}"),
    ask(TEXT, f'If-Range: "{ETAG}"', "Range: bytes=0-1"),
    *another(
        200,
        PARTS_OF_FILES,
        ask(TEXT, 'If-Range: "other"', "Range: bytes=0-1"),
        ask(TEXT, f"If-Range: {EARLIER}", "Range: bytes=0-1"),
    ),
    ask(TEXT, f"If-Range: {DATE}", "Range: bytes=0-1"),
    *(
        ask(TEXT, f"If-Modified-Since: {date}")
        for date in (
            DATE,
            LATER,
            EARLIER,
            "Sunday, 13-Sep-20 12:26:40 GMT",
            "Sun Sep 13 12:26:40 2020",
            "yesterday",
            "",
            "0",
            "Sun, 99 Sep 2020 12:26:40 GMT",
            "Sun, 13 Sep 2020 14:26:40 +0200",
        )
    ),
    ask("HEAD /static/text.txt", f"If-Modified-Since: {DATE}"),
    ask(TEXT, "If-None-Match: *"),
    ask(TEXT, 'If-None-Match: "other"'),
    ask(TEXT, 'If-None-Match: "other"', f"If-Modified-Since: {DATE}"),
    ask(TEXT, f"If-Modified-Since: {DATE}", "Range: bytes=0-9"),
    # Of subclasses.
    ask("GET /memory/one.txt"),
    ask("GET /memory/two.html"),
    ask("GET /memory/three"),
    ask("HEAD /memory/one.txt"),
    ask("GET /memory/one.txt", "Range: bytes=4-8"),
    ask("GET /memory/one.txt", 'If-None-Match: "one.txt"'),
    *another(200, NO_DATE, ask("GET /memory/one.txt", f"If-Modified-Since: {DATE}")),
    ask("GET /extra/text.txt"),
    ask("GET /extra/data.bin"),
    ask("GET /extra/style.css"),
    ask("GET /extra/style.css?v=1"),
    ask("GET /chunks/text.txt"),
    ask("GET /chunks/text.txt", "Range: bytes=10-19"),
    ask("HEAD /chunks/text.txt"),
    ask("GET /chunks/empty.txt"),
]
