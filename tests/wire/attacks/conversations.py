"""Expectations, and other protocols on the same connection."""

from .attack import (
    BODY_OF_POISON,
    CHUNK_OF_POISON,
    POISON,
    chunked,
    for_each,
    length,
    post,
    read_once,
    refused,
)

EXPECTATIONS = [
    *for_each(
        lambda value: post(length(POISON), b"Expect: " + value, body=POISON),
        *[
            b"x",
            b"y 100-continue",
            b"100-continue, x",
            b"100-continue 100-continue",
            b"",
            b"200-ok",
        ],
        *[b"100-continue;x", b"100-continu\xc3\xa9", b"\xa0100-continue"],
        status=417,
    ),
    refused(
        "twice",
        post(length(POISON), b"Expect: 100-continue", b"Expect: 100-continue", body=POISON),
        417,
    ),
    refused("folded", post(length(POISON), b"Expect:\r\n 100-continue", body=POISON)),
    refused("before the colon", post(length(POISON), b"Expect : 100-continue", body=POISON)),
    read_once(
        "a body that waits for nobody",
        post(length(POISON), b"Expect: 100-continue", body=POISON),
        f"POST /first {BODY_OF_POISON}",
    ),
    read_once(
        "GET with a body that waits for nobody",
        post(length(POISON), b"Expect: 100-CONTINUE", body=POISON, line=b"GET /first HTTP/1.1"),
        f"GET /first {BODY_OF_POISON}",
    ),
    read_once("no body at all", post(b"Expect: 100-continue"), "POST /first"),
]

UPGRADES = [
    refused(
        "h2c, and HTTP/2 at once",
        post(
            b"Connection: Upgrade, HTTP2-Settings",
            b"Upgrade: h2c",
            b"HTTP2-Settings: AAMAAABk",
            body=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ),
        505,
        "POST /first",
    ),
    read_once(
        "h2c with a body",
        post(b"Connection: Upgrade", b"Upgrade: h2c", length(POISON), body=POISON),
        f"POST /first {BODY_OF_POISON}",
    ),
    read_once(
        "WebSocket with a body",
        post(
            b"Connection: keep-alive, Upgrade",
            b"Upgrade: websocket",
            length(POISON),
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            b"Sec-WebSocket-Version: 13",
            body=POISON,
        ),
        f"POST /first {BODY_OF_POISON}",
    ),
    read_once(
        "WebSocket in chunks",
        chunked(CHUNK_OF_POISON, b"Connection: Upgrade", b"Upgrade: websocket"),
        f"POST /first {BODY_OF_POISON}",
    ),
    refused(
        "WebSocket that was not accepted, and a frame",
        post(
            b"Connection: Upgrade",
            b"Upgrade: websocket",
            b"Sec-WebSocket-Version: 777",
            body=b"\x81\x00",
        ),
        400,
        "POST /first",
    ),
    refused(
        "TLS inside",
        post(b"Connection: Upgrade", b"Upgrade: TLS/1.0", body=b"\x16\x03\x01"),
        400,
        "POST /first",
    ),
]
