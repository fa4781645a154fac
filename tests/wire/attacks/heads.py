"""Hosts, request lines, header lines, and heads beyond the limits."""

from tests.wire.client import get

from .attack import (
    BODY_OF_POISON,
    LAST,
    POISON,
    chunked,
    for_each,
    length,
    post,
    read_once,
    refused,
    shown,
)

HOSTS = (
    for_each(
        lambda lines: b"GET / HTTP/1.1\r\n" + lines + b"\r\n\r\n",
        *[
            b"A: b",
            b"Host: x\r\nHost: x",
            b"Host: x\r\nHost: y",
            b"Host: x\r\nhost:",
            b"Host:\r\nHost: x",
        ],
        *[
            b"Host : x",
            b" Host: x",
            b"Host: x\r\n Host: y",
            b"Host: x, y",
            b"Host: x y",
            b"Host: x\0y",
        ],
        *[b"Host: x/y", b"Host: u@x", b"Host: x#y", b"Host: x?y", b"Host: x\\y", b"Host: http://x"],
        *[
            b"Host: x:80:80",
            b"Host: x:a",
            b"Host: [::1",
            b"Host: \xd1\x85",
            b"Host: x\x0b",
            b"Host\0: x",
        ],
    )
    + [
        refused(shown(target), post(line=b"GET " + target + b" HTTP/1.1"))
        for target in (
            *[
                b"http://u@y/",
                b"http:///",
                b"http://:80/",
                b"http:/y",
                b"http:y",
                b"//y\\@z x",
                b"y/",
            ],
            *[
                b"http://y\\z/",
                b"ftp://y/",
                b"javascript:y",
                b"y:80",
                b"http://y:a/",
                b"http://\xd1\x85/",
            ],
            *[
                b"*",
                b"?y",
                b"#y",
                b"/y#z",
                b"http://y/#z",
                b"\\y",
                b"@y/",
                b"http://y@/",
                b"http://[::1/",
            ],
        )
    ]
    + [
        refused("an absolute target but no Host", b"GET http://x/ HTTP/1.1\r\n\r\n"),
        refused("CONNECT to a path", post(line=b"CONNECT / HTTP/1.1")),
        refused("CONNECT to a URL", post(line=b"CONNECT http://x/ HTTP/1.1")),
    ]
)

# Request lines

LINES = (
    for_each(
        lambda line: post(line=line),
        *[
            b"GET /first",
            b"GET /first HTTP/1.1 HTTP/1.1",
            b"GET  /first HTTP/1.1",
            b"GET /first  HTTP/1.1",
        ],
        *[
            b"GET\t/first\tHTTP/1.1",
            b"GET\x0b/first\x0bHTTP/1.1",
            b"GET\x0c/first HTTP/1.1",
            b" GET / HTTP/1.1",
        ],
        *[
            b"GET /first\xa0HTTP/1.1",
            b"GET /first HTTP/1.1 ",
            b"GET /first HTTP/1.1\t",
            b"\tGET / HTTP/1.1",
        ],
        *[
            b"GET /first \tHTTP/1.1",
            b"GET /first\rHTTP/1.1",
            b"GET /fi\nrst HTTP/1.1",
            b"GET /\0 HTTP/1.1",
        ],
        *[
            b"GET /first HTTP/1.1\rX: X",
            b"GET /first HTTP/1.1\nX: X",
            b"GET /fi rst HTTP/1.1",
            b"GET",
            b""" """,
        ],
        *[
            b"GE\0T / HTTP/1.1",
            b"\0GET / HTTP/1.1",
            b"GE\rT / HTTP/1.1",
            b"G\xc3\x89T / HTTP/1.1",
            b"\x7f",
        ],
        *[
            b"GET: / HTTP/1.1",
            b"(GET) / HTTP/1.1",
            b'"GET" / HTTP/1.1',
            b"GET, / HTTP/1.1",
            b"{ / HTTP/1.1",
        ],
        *[
            b"GET /first HTTP/1",
            b"GET /first HTTP/1.",
            b"GET /first HTTP/1.10",
            b"GET /first HTTP/01.1",
        ],
        *[
            b"GET /first http/1.1",
            b"GET /first HTTP/1,1",
            b"GET /first HTTP/+1.1",
            b"GET /first HTTP 1.1",
        ],
        *[
            b"GET /first HTTP/1.1.1",
            b"GET /first HTTP/1.x",
            b"GET /first HTTP/1.\xb9",
            b"GET /first /1.1",
        ],
        *[
            b"GET /first HTTPS/1.1",
            b"GET /first ICY/1.1",
            b"GET /first HTTP/1.1\0",
            b"GET /first HTTP/-1.1",
        ],
        *[
            b"\xef\xbb\xbfGET / HTTP/1.1",
            b"HTTP/1.1 200 OK",
            b":method: GET",
            b"\r",
            b"\n",
            b"\r\r",
        ],
    )
    + for_each(
        lambda line: post(line=line),
        *[
            b"GET /first HTTP/2.0",
            b"GET /first HTTP/0.9",
            b"GET /first HTTP/3.0",
            b"GET /first HTTP/0.0",
        ],
        b"PRI * HTTP/2.0",
        status=505,
    )
    + [
        read_once(
            "HTTP/1.2 is 1.1",
            post(length(POISON), body=POISON, line=b"PUT /first HTTP/1.2"),
            f"PUT /first {BODY_OF_POISON}",
        ),
        refused("five empty lines before", b"\r\n" * 5 + get()),
        refused("HTTP/0.9", b"GET /first\r\n"),
        refused("a method of 33 bytes", post(line=b"A" * 33 + b" / HTTP/1.1"), 501),
    ]
)

# Header lines, wherever they stand

FIELDS = for_each(
    lambda line: post(b"A: b", line, b"C: d"),
    *[b"X : y", b"X\t: y", b" X: y", b"\tX: y", b"X", b": y", b":", b"X y", b"X y: z", b"X\0: y"],
    *[
        b"X: y\r\n z",
        b"X: y\r\n\tz",
        b"X: y\r\n ",
        b"X: \0",
        b"X: y\rz",
        b"X: y\nz",
        b"X: y\r",
        b"X:\n",
    ],
    *[b"X: \x0by", b"X: \x0cy", b"X: y\x1b[2J", b"X: \x7f", b"X\xa0: y", b"\xa0X: y", b"X\x85: y"],
    *[
        b"X[]: y",
        b'"X": y',
        b"X/y: z",
        b"X@y: z",
        b":path: /poison",
        b":method: GET",
        b"{X}: y",
        b"X\\: y",
    ],
)

# Limits are cuts too

LIMITS = [
    refused("a target that is too long", post(line=b"GET /" + b"x" * 17_000 + b" HTTP/1.1"), 414),
    refused("headers that are too long", post(b"X: " + b"x" * 70_000), 431),
    refused("headers that are too many", post(*[b"X: y"] * 200), 431),
    refused("a body that is too long", post(b"Content-Length: 104857601", body=b"hello"), 413),
    refused("a chunk that is too long", chunked(b"6400001\r\nhello\r\n"), 413),
    refused(
        "a chunk's header that is too long", chunked(b"5;" + b"a" * 2000 + b"\r\nhello\r\n" + LAST)
    ),
    refused("trailers that are too long", chunked(b"0\r\nX: " + b"x" * 70_000 + b"\r\n\r\n"), 431),
    refused("trailers that are too many", chunked(b"0\r\n" + b"X: y\r\n" * 200 + b"\r\n"), 431),
]
