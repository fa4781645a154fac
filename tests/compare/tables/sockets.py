"""Openings of WebSockets, and frames."""

from tests.compare.cases import Case, another, ask, differing, raw
from tests.compare.differences import (
    ALLOW,
    BROKEN_PROTOCOL,
    CLOSED_ERROR,
    CODES,
    FAILED_SOCKET,
    KEYS,
    NO_SOCKET,
    STRICT_FRAMES,
    UPGRADES,
)

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
FIELDS = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", KEY)
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MASK = b"mask"


def frame(
    opcode: int, payload: bytes | str = b"", *, first: int = 0x80, mask: bytes = MASK
) -> bytes:
    """A client's frame; ``first`` has the bits beside the opcode."""
    data = payload.encode() if isinstance(payload, str) else payload
    short = len(data) < 126
    second = (0x80 if mask else 0) | (len(data) if short else 126)
    length = b"" if short else len(data).to_bytes(2, "big")
    if mask:
        data = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
    return bytes([first | opcode, second]) + length + mask + data


def closing(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big") + reason)


GOODBYE = closing(1000)


def opening(path: str, *fields: str, frames: bytes = GOODBYE, without: str = "") -> Case:
    kept = [field for field in FIELDS if not (without and field.startswith(without))]
    return raw(ask(f"GET {path}", *kept, *fields).data + frames)


def saying(*frames: bytes, path: str = "/echo") -> Case:
    return opening(path, frames=b"".join(frames) + GOODBYE)


CASES = [
    # Openings.
    opening("/echo"),
    *differing(
        "content-type",
        NO_SOCKET,
        opening("/echo", without="Upgrade"),
        opening("/echo", without="Connection"),
        opening("/echo", "Upgrade: h2c", without="Upgrade"),
        opening("/echo", "Connection: close", without="Connection"),
        *(
            opening("/echo", *fields.split("|"))
            for fields in (
                "Origin: http://127.0.0.1:80",
                "Origin: http://127.0.0.1:8888",
                "Origin: http://evil.example",
                "Origin: null",
                "Origin: ",
                "Origin: nonsense",
                "Sec-Fetch-Site: cross-site|Origin: http://evil.example",
                "Sec-Fetch-Site: same-site|Origin: http://127.0.0.1",
            )
        ),
        opening("/refuses?user=1", "Origin: http://other"),
        ask("GET /echo"),
    ),
    *differing(
        "body content-type",
        NO_SOCKET,
        opening("/echo", without=KEY),
        opening("/echo", "Sec-WebSocket-Key:", without=KEY),
    ),
    *differing(
        "body connection content-type upgrade",
        NO_SOCKET,
        opening("/echo", without="Sec-WebSocket-Version"),
        *(
            opening("/echo", f"Sec-WebSocket-Version: {version}", without="Sec-WebSocket-Version")
            for version in ("7", "8", "14", "x")
        ),
    ),
    *(
        opening("/echo", field, without=field.partition(":")[0])
        for field in ("Upgrade: WebSocket", "Connection: keep-alive, Upgrade")
    ),
    *another(101, UPGRADES, opening("/echo", "Upgrade: h2c, websocket", without="Upgrade")),
    *another(
        400,
        KEYS,
        opening("/echo", "Sec-WebSocket-Key: short", without=KEY),
        raw(opening("/echo").data.replace(b"HTTP/1.1", b"HTTP/1.0", 1)),
    ),
    *(
        opening("/echo", *fields.split("|"))
        for fields in (
            "Origin: http://127.0.0.1",
            "Origin: https://127.0.0.1",
            "Origin: https://trusted.example",
            "Sec-WebSocket-Origin: http://evil.example",
            "Sec-Fetch-Site: same-origin|Origin: http://127.0.0.1",
            "Sec-Fetch-Site: cross-site|Origin: https://trusted.example",
            "Sec-WebSocket-Protocol: a, b",
            "Sec-WebSocket-Extensions: permessage-deflate",
            "Sec-WebSocket-Extensions: nonsense; x=1",
        )
    ),
    opening("/told"),
    opening("/told", "Sec-WebSocket-Protocol: a, b"),
    opening("/told", "Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: c"),
    opening("/told/x/a%20b"),
    opening("/told-named/%C3%BC"),
    opening("/refuses"),
    opening("/refuses?user=1"),
    opening("/refuses?user=1", "Origin: http://other.example"),
    *differing("frames", FAILED_SOCKET, opening("/refuses?user=1&fail=1")),
    opening("/gets"),
    opening("/gets?no=1"),
    *differing("allow", ALLOW, ask("POST /echo", body=""), ask("HEAD /echo")),
    # Messages.
    saying(frame(TEXT, "text"), frame(TEXT, "grüße"), frame(BINARY, b"\xff\x00"), frame(TEXT)),
    saying(frame(TEXT, "x" * 125), frame(TEXT, "x" * 126), frame(TEXT, "x" * 1000)),
    saying(frame(TEXT, "in ", first=0), frame(0, "pie", first=0), frame(0, "ces")),
    saying(frame(TEXT, "in ", first=0), frame(PING, "between"), frame(0, "pieces")),
    saying(frame(TEXT, b"gr\xc3", first=0), frame(0, b"\xbc\xc3\x9fe")),
    saying(frame(TEXT), frame(PING), frame(PONG, "unasked")),
    saying(frame(TEXT, "text"), frame(PING, "ping"), frame(PONG, "pong"), path="/told"),
    saying(frame(TEXT, "text", mask=bytes(4))),
    # Broken ones.
    *differing(
        "frames",
        BROKEN_PROTOCOL,
        saying(frame(TEXT, b"\xff")),
        saying(frame(3, "unknown")),
        saying(frame(11, "unknown")),
        saying(frame(TEXT, "reserved", first=0xC0)),
        saying(frame(TEXT, "reserved", first=0xA0)),
        saying(frame(0, "goes on")),
        saying(frame(TEXT, "a", first=0), frame(TEXT, "b")),
        saying(frame(PING, "in pieces", first=0)),
        saying(frame(PING, b"x" * 126)),
        opening("/echo", frames=closing(1000, b"\xff")),
    ),
    saying(frame(TEXT, b"x" * 1001)),
    saying(frame(TEXT, b"x" * 600, first=0), frame(0, b"x" * 600)),
    *differing(
        "frames",
        STRICT_FRAMES,
        saying(frame(TEXT, "unmasked", mask=b"")),
        *(opening("/echo", frames=closing(code)) for code in (999, 1005, 5000)),
        opening("/echo", frames=frame(CLOSE, b"1")),
    ),
    # Ends.
    opening("/echo", frames=frame(CLOSE)),
    opening("/echo", frames=closing(1000, b"reason")),
    opening("/echo", frames=closing(4999)),
    opening("/echo", frames=GOODBYE + frame(TEXT, "behind")),
    *(
        saying(frame(TEXT, words), path="/does")
        for words in ("close", "close 1001", "close 4000 reason", "write x", "slow", "ping abc")
    ),
    *differing(
        "frames",
        FAILED_SOCKET,
        *(
            saying(frame(TEXT, words), path="/does")
            for words in (
                "fail",
                "unknown",
                "http write",
                "http set_header",
                "http finish",
                "http redirect",
                "http set_status",
            )
        ),
    ),
    *differing("frames log", CODES, saying(frame(TEXT, "close 1005"), path="/does")),
    *differing("log", CLOSED_ERROR, saying(frame(TEXT, "behind"), path="/does")),
]
