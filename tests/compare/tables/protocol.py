"""Requests that are not as they should be, and some that only look so."""

from tests.compare.cases import another, ask, differing, raw
from tests.compare.differences import (
    ALLOW,
    BEHIND_CLOSE,
    CHUNKS,
    DESERVED,
    EMPTY_LINES,
    OPTIONS,
    REFUSED,
    STAYING,
)

HOST = "Host: a\r\n"
GET = f"GET / HTTP/1.1\r\n{HOST}"
POST = f"POST / HTTP/1.1\r\n{HOST}"
CHUNKED = f"{POST}Transfer-Encoding: chunked\r\n\r\n"
REFUSAL = "body connection content-type"
"""What a refusal has, with us; the status is the same."""

FIRST_LINES = [
    "GET  / HTTP/1.1",
    "GET / HTTP/1.1 ",
    " GET / HTTP/1.1",
    "GET /",
    "GET",
    "text",
    "GET / HTTP/1",
    "GET / http/1.1",
    "GET / HTTP/1.10",
    "GET / FTP/1.1",
    "GET\t/\tHTTP/1.1",
    "G@T / HTTP/1.1",
    "GET /\x01 HTTP/1.1",
    "GET /\x7f HTTP/1.1",
    "GET /a b HTTP/1.1",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
]
FIELDS = [
    "X-Y : z",
    " X-Y: z",
    "X-Y: z\r\n folded",
    "X-Y",
    ": z",
    "X Y: z",
    "X-Y: a\x00b",
    "X-Y: a\x0bb",
    "X-Y: a\x7fb",
    "X-Y: a\rb",
    "X-Y: a\nb",
    "X-\xff: z",
    "X(Y): z",
    "Host: b",
]
GOOD_FIELDS = [
    "X-Y:",
    "X-Y:\tz\t",
    "X-Y: \xff",
    "X_Y: z",
    "\r\n".join(f"X-{n}: z" for n in range(100)),
    "Connection: upgrade\r\nUpgrade: h2c",
    "TE: trailers",
]
LENGTHS = ["+4", "-4", "4,5", "4.0", "0x4", "1_0", "\xb2", "", "x", "4\r\nContent-Length: 5"]
BAD_CHUNKS = [
    "4\r\ntextX\r\n0\r\n\r\n",
    "5\r\ntext\r\n0\r\n\r\n",
    "+4\r\ntext\r\n0\r\n\r\n",
    "0x4\r\ntext\r\n0\r\n\r\n",
    "4 \r\ntext\r\n0\r\n\r\n",
    "-1\r\ntext\r\n0\r\n\r\n",
    "\r\ntext\r\n0\r\n\r\n",
    "x\r\ntext\r\n0\r\n\r\n",
    "4\r\ntext0\r\n\r\n",
    "fffffffffffffffff\r\ntext\r\n0\r\n\r\n",
]

CASES = [
    # The first line.
    *(
        raw(f"{line}\r\n{HOST}\r\n")
        for line in ("GET / HTTP/1.1", "GET /\\ HTTP/1.1", "GET /? HTTP/1.1", "\r\nGET / HTTP/1.1")
    ),
    raw(f"GET /{'x' * 3000} HTTP/1.1\r\n{HOST}\r\n"),
    *differing(REFUSAL, DESERVED, *(raw(f"{line}\r\n{HOST}\r\n") for line in FIRST_LINES)),
    *another(
        505,
        DESERVED,
        raw(f"GET / HTTP/2.0\r\n{HOST}\r\n"),
        raw(f"GET / HTTP/0.9\r\n{HOST}\r\n"),
        raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ),
    *another(
        400,
        REFUSED,
        raw(f"GET x HTTP/1.1\r\n{HOST}\r\n"),
        raw(f"GET ?x HTTP/1.1\r\n{HOST}\r\n"),
        raw("GET / HTTP/1.1\nHost: a\n\n"),
        raw("GET / HTTP/1.1\r\nHost: a\n\r\n"),
        raw("GET / HTTP/1.1\rHost: a\r\r", silent=True),
    ),
    *another(200, EMPTY_LINES, raw(f"\r\n\r\n\r\n{GET}\r\n")),
    *differing("stays", STAYING, raw(f"GET / HTTP/1.2\r\n{HOST}\r\n")),
    *differing(
        "connection stays",
        REFUSED,
        *differing("allow", ALLOW, raw(f"CONNECT a:80 HTTP/1.1\r\n{HOST}\r\n")),
    ),
    *another(431, DESERVED, raw(f"GET /{'x' * 5000} HTTP/1.1\r\n{HOST}\r\n")),
    # Fields.
    *(raw(f"{GET}{field}\r\n\r\n") for field in GOOD_FIELDS),
    *differing(REFUSAL, DESERVED, *(raw(f"{GET}{field}\r\n\r\n") for field in FIELDS)),
    *another(431, DESERVED, raw(f"{GET}X-Y: {'z' * 5000}\r\n\r\n")),
    *differing("connection stays", OPTIONS, raw(f"{GET}Connection: close, x\r\n\r\n")),
    *another(417, REFUSED, raw(f"{GET}Expect: something\r\n\r\n")),
    # Lengths.
    *(raw(f"{POST}Content-Length: {length}\r\n\r\ntext") for length in ("4", "04", "4 ")),
    raw(f"{POST}Content-Length: 5\r\n\r\ntext", ends=True),
    raw(f"{POST}\r\n"),
    *differing(
        REFUSAL,
        DESERVED,
        *(raw(f"{POST}Content-Length: {length}\r\n\r\ntext") for length in LENGTHS),
        raw(f"{POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ),
    *another(
        400,
        REFUSED,
        raw(f"{POST}Content-Length: 4, 4\r\n\r\ntext"),
        raw(f"{POST}Content-Length: 4\r\nContent-Length: 4\r\n\r\ntext"),
    ),
    *another(
        413,
        DESERVED,
        raw(f"{POST}Content-Length: 99999999999999999999999\r\n\r\ntext"),
        raw(f"{POST}Content-Length: 1001\r\n\r\ntext"),
        ask("GET /", body="x" * 1001),
    ),
    # Chunks.
    raw(f"{CHUNKED}4\r\ntext\r\n0\r\n\r\n"),
    raw(f"{CHUNKED}4\r\nte", ends=True),
    raw(f"{CHUNKED}4\r\ntext\r\n", ends=True),
    raw(f"{POST}Transfer-Encoding: Chunked\r\n\r\n4\r\ntext\r\n0\r\n\r\n"),
    raw(f"{GET}Transfer-Encoding: chunked\r\n\r\n4\r\ntext\r\n0\r\n\r\n"),
    *another(
        200,
        CHUNKS,
        raw(f"{CHUNKED}4;x=y\r\ntext\r\n0\r\n\r\n"),
        raw(f"{CHUNKED}4\r\ntext\r\n0\r\nX-Trailer: yes\r\n\r\n"),
    ),
    *differing(REFUSAL, DESERVED, *(raw(CHUNKED + body) for body in BAD_CHUNKS)),
    *differing(
        REFUSAL,
        DESERVED,
        *(
            raw(f"{POST}Transfer-Encoding: {coding}\r\n\r\n4\r\ntext\r\n0\r\n\r\n")
            for coding in ("identity", "gzip", "chunked, chunked", "", "x")
        ),
        raw(f"{POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ),
    *another(
        400,
        REFUSED,
        raw(f"{CHUNKED}4\ntext\n0\n\n", silent=True),
        raw("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ),
    *another(413, DESERVED, raw(f"{CHUNKED}400\r\n{'x' * 0x400}\r\n0\r\n\r\n")),
    *another(
        501, DESERVED, raw(f"{POST}Transfer-Encoding: gzip, chunked\r\n\r\n4\r\ntext\r\n0\r\n\r\n")
    ),
    # The client ends its side.
    raw("GET / HT", ends=True),
    raw(GET, ends=True),
    raw("", ends=True),
    # Several at once.
    raw(f"{GET}\r\n" * 2, answers=2),
    raw(f"{POST}Content-Length: 4\r\n\r\ntext{POST}Content-Length: 2\r\n\r\n!!", answers=2),
    raw(f"{CHUNKED}4\r\ntext\r\n0\r\n\r\n{GET}\r\n", answers=2),
    raw(f"HEAD / HTTP/1.1\r\n{HOST}\r\n"),
    *differing("log", BEHIND_CLOSE, raw(f"{GET}Connection: close\r\n\r\n" * 2)),
    *differing("more", DESERVED, raw(f"{GET}\r\nnonsense\r\n\r\n", answers=2)),
]
