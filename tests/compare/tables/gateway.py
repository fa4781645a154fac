"""Requests to applications of WSGI, in the loop's thread and in others."""

from dataclasses import replace

from tests.compare.cases import another, ask, differing, each, form
from tests.compare.differences import (
    FAILING,
    FIELDS,
    FORBIDDEN,
    HEAD,
    HOST_NAMES,
    NO_CONTENT,
    STREAMS,
)

ALONE = [
    ask("GET /hello"),
    ask("GET /shows/"),
    ask("GET /shows/a%20b/%C3%BC/%2F?x=%20&y"),
    ask("GET /shows/%FF"),
    ask("GET /shows//x/../y"),
    ask("GET /shows/", "X-One: 1", "X-Two: 2", "X-Two: 3", "Cookie: a=1; b=2"),
    ask("GET /shows/", "Content-Type: text/x"),
    ask("GET /shows/", host="example.com:8080"),
    *differing("body", HOST_NAMES, ask("GET /shows/", host="[::1]:80")),
    ask("PUT /shows/", body=b"\x00\xff"),
    ask("POST /shows/", body=""),
    ask("OPTIONS /shows/"),
    form("POST /shows/", body="a=1"),
    *each("/created /length /not-modified /reason /empty /recovers /other"),
    *differing("content-length transfer-encoding", STREAMS, *each("/written /closes /generates")),
    *differing("content-length content-type", NO_CONTENT, ask("GET /no-content")),
    *another(200, FAILING, ask("GET /closes-failing", silent=True)),
    *another(500, FAILING, *each("/fails /never /line", silent=True)),
    *another(500, FORBIDDEN, ask("GET /hop", silent=True)),
    *another(200, HEAD, ask("HEAD /shows/")),
    *another(201, HEAD, ask("HEAD /created")),
    ask("POST /created", body="text"),
    *differing(
        "body",
        FIELDS,
        ask("GET /shows/", "Proxy: http://evil.example"),
        ask("GET /shows/", "X_One: 1"),
    ),
]
HERE, IN_THREADS = b"Host: 127.0.0.1\r\n", b"Host: threads\r\n"
CASES = [
    *ALONE,
    *(
        replace(case, data=case.data.replace(HERE, IN_THREADS))
        for case in ALONE
        if HERE in case.data
    ),
]
