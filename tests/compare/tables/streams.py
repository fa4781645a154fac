"""Bodies: in pieces, in chunks, too large, compressed."""

import gzip

from tests.compare.cases import another, ask, differing, form, raw
from tests.compare.differences import (
    CODED_BODY,
    CONTINUE,
    DATA_RECEIVED,
    DESERVED,
    GONE,
    LEFT_OVER,
)

HEAD = "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
BOMB = gzip.compress(b"x" * 100_000, mtime=0)
ZIPPED = gzip.compress(b"text of the body", mtime=0)


def chunked(path: str, body: str, *fields: str) -> str:
    return HEAD.format(path, CHUNKED + "".join(f"{field}\r\n" for field in fields)) + body


CASES = [
    ask("PUT /streamed", body="text"),
    ask("POST /streamed", body="text"),
    ask("GET /streamed"),
    ask("PUT /streamed", body=""),
    ask("PUT /streamed"),
    form("POST /streamed?b=1", body="a=1"),
    *differing("stays", LEFT_OVER, ask("PUT /streamed?refuse=1", body="text")),
    *another(500, DATA_RECEIVED, ask("PUT /streamed", body="fail")),
    ask("POST /early-end", body="text"),
    ask("POST /counted", body="three pieces, at the most"),
    raw(HEAD.format("/counted", CHUNKED) + 12 * "1\r\nx\r\n" + "0\r\n\r\n"),
    ask("POST /unprepared", body=""),
    ask("GET /detached"),
    ask("POST /large", body="x" * 10_000),
    ask("POST /protected", body="x" * 1000),
    ask("POST /protected", "Authorization: x", body="x" * 1000),
    *differing(
        "interim",
        CONTINUE,
        ask("POST /large", "Expect: 100-continue", body="text"),
        ask("PUT /streamed", "Expect: 100-continue", body="text"),
    ),
    *differing("log", GONE, ask("POST /streamed", "Content-Length: 9", ends=True)),
    # In chunks.
    *(
        raw(chunked(path, body))
        for path in ("/large", "/streamed")
        for body in (
            "0\r\n\r\n",
            "4\r\ntext\r\n0\r\n\r\n",
            "4\r\ntext\r\n2\r\n!!\r\n0\r\n\r\n",
            "00004\r\ntext\r\n0\r\n\r\n",
            "A\r\n0123456789\r\n0\r\n\r\n",
        )
    ),
    # Compressed.
    *another(415, CODED_BODY, ask("POST /large", "Content-Encoding: other", body="text")),
    *differing(
        "body connection content-type",
        DESERVED,
        ask("POST /large", "Content-Encoding: gzip", body="text"),
        ask("POST /large", "Content-Encoding: gzip", body=ZIPPED[:-9]),
    ),
    *another(413, DESERVED, ask("POST /large", "Content-Encoding: gzip", body=BOMB)),
    ask("POST /large", "Content-Encoding: gzip", body=ZIPPED),
    ask("PUT /streamed", "Content-Encoding: gzip", body=ZIPPED),
]
