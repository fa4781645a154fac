"""Responses to clients that understand codings."""

from tests.compare.cases import ask, differing
from tests.compare.differences import CODINGS, SMALL, VARY, WEAK

GZIP = "Accept-Encoding: gzip"

CASES = [
    ask("GET /sized/100", GZIP),
    ask("GET /sized/0", GZIP),
    ask("GET /sized/5000"),
    ask("GET /sized/5000", "Accept-Encoding: deflate"),
    *differing(
        "etag",
        WEAK,
        ask("GET /sized/5000", GZIP),
        ask("GET /sized/5000?type=application/json", GZIP),
        ask("GET /sized/5000?vary=Cookie", GZIP),
    ),
    *differing("etag content-length", WEAK, ask("HEAD /sized/5000", GZIP)),
    *differing(
        "vary",
        VARY,
        ask("GET /sized/5000?type=image/png", GZIP),
        ask("GET /sized/5000?coded=1", GZIP),
    ),
    *differing(
        "content-encoding content-length",
        CODINGS,
        ask("GET /sized/5000", "Accept-Encoding: gzip;q=0"),
    ),
    *differing(
        "body content-encoding etag",
        CODINGS,
        ask("GET /sized/5000", "Accept-Encoding: br, gzip"),
    ),
    ask("GET /pieces", GZIP),
    ask("GET /pieces"),
    *differing(
        "content-encoding content-length transfer-encoding",
        SMALL,
        ask("GET /files/text.txt", GZIP),
        ask("GET /files/text.txt", GZIP, "Range: bytes=0-9"),
    ),
    ask("GET /none", GZIP),
]
