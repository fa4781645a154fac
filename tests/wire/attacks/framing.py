"""Where a body ends, told so that two do not agree."""

from .attack import (
    BODY_OF_POISON,
    CHUNK_OF_POISON,
    LAST,
    POISON,
    Attack,
    length,
    post,
    read_once,
    refused,
    shown,
)

BOTH = [
    refused("CL.TE", post(length(LAST + POISON), b"Transfer-Encoding: chunked", body=LAST)),
    refused("TE.CL", post(b"Transfer-Encoding: chunked", b"Content-Length: 4", body=LAST)),
    refused("TE.CL of nothing", post(b"Transfer-Encoding: chunked", b"Content-Length: 0")),
    refused(
        "TE.CL with the poison in a chunk",
        post(
            b"Content-Length: 4",
            b"Transfer-Encoding: chunked",
            body=b"%x\r\n%b\r\n" % (len(POISON), POISON) + LAST,
        ),
    ),
    refused("CL.TE, far apart", post(b"Content-Length: 4", b"A: b", b"TRANSFER-encoding:chunked")),
    refused(
        "CL.TE of HTTP/1.0",
        post(
            b"Content-Length: 5",
            b"Transfer-Encoding: chunked",
            body=LAST,
            line=b"POST /first HTTP/1.0",
        ),
    ),
    refused(
        "TE of HTTP/1.0",
        post(
            b"Transfer-Encoding: chunked",
            b"Connection: keep-alive",
            body=LAST,
            line=b"POST /first HTTP/1.0",
        ),
    ),
    refused(
        "a length of nonsense beside chunks",
        post(b"Content-Length: x", b"Transfer-Encoding: chunked", body=LAST),
    ),
]


def with_coding(line: bytes) -> bytes:
    """A coding that only some see, in front of chunks; whoever does not see it goes by the length."""
    body = LAST + POISON
    return post(length(body), line, body=LAST)


def with_coding_alone(line: bytes) -> bytes:
    return post(line, body=LAST)


NAME, CODING = b"Transfer-Encoding", b"chunked"
CONTROLS = b"\0\x01\x04\x08\x09\x0a\x0b\x0c\x0d\x1b\x1f\x20\x7f\x85\xa0\xad\xff"

HIDDEN_CODINGS = [
    b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding: chunkedx",
    b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: ,chunked",
    b"Transfer-Encoding: chunked,",
    b"Transfer-Encoding: chunked;x=y",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding:",
    b'Transfer-Encoding: "chunked"',
    b"Transfer-Encoding: 'chunked'",
    b"Transfer-Encoding: [chunked]",
    b"Transfer-Encoding: x chunked",
    b"Transfer-Encoding: :chunked",
    b"Transfer-Encoding: ch\xc4\xb1nked",
    b"Transfer-Encoding: chun\xe2\x84\xaaed",
    b"Transfer-Encoding : chunked",
    b"Transfer-Encoding\t:\tchunked",
    b" Transfer-Encoding: chunked",
    b"\tTransfer-Encoding: chunked",
    b"Transfer-Encoding:\r\n chunked",
    b"Transfer-Encoding:\r\n\tchunked",
    b"A: b\r\n Transfer-Encoding: chunked",
    b"A: b\nTransfer-Encoding: chunked",
    b"A: b\rTransfer-Encoding: chunked",
    b"A: b\0Transfer-Encoding: chunked",
    b"Transfer-Encoding x: chunked",
    b"Transfer Encoding: chunked",
    b"Transfer\\Encoding: chunked",
    b"Transfer-Encoding/: chunked",
    b"(Transfer-Encoding): chunked",
    b"Transfer\xe2\x80\x90Encoding: chunked",
    b"\xef\xbb\xbfTransfer-Encoding: chunked",
    b":Transfer-Encoding: chunked",
    b": chunked",
    b"Transfer-Encoding chunked",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked, x",
    b"Transfer-Encoding: chunked\r\ntransfer-encoding:",
    *[NAME + bytes([byte]) + b": " + CODING for byte in CONTROLS],
    *[bytes([byte]) + NAME + b": " + CODING for byte in CONTROLS],
    *[NAME + b": " + bytes([byte]) + CODING for byte in CONTROLS if byte not in b"\t "],
    *[NAME + b": " + CODING + bytes([byte]) for byte in CONTROLS if byte not in b"\t "],
    *[NAME + b": chun" + bytes([byte]) + b"ked" for byte in CONTROLS],
]
"""Lines in which only some see that the body comes in chunks."""

UNKNOWN_CODINGS = [
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: identity, chunked",
    b"Transfer-Encoding: cow, chunked",
    b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
]

NO_CODINGS = [
    b"Transfer_Encoding: chunked",
    b"Transfer-Encodin: chunked",
    b"X-Transfer-Encoding: chunked",
    b"Transfer-%45ncoding: chunked",
    b"Transfer.Encoding: chunked",
    b"Content-Encoding: chunked",
    b"TE: chunked",
    b"A: b\x85Transfer-Encoding: chunked",
    b"A: Transfer-Encoding: chunked",
    b"Connection: Transfer-Encoding",
]
"""Lines that are something else to everybody who reads strictly: the length counts."""


def by_length(line: bytes) -> Attack:
    body = LAST + POISON
    data = post(length(body), line, body=body)
    return read_once(shown(line), data, f"POST /first [{body.decode()}]")


# One length, of which it is in doubt which

BAD_LENGTHS = [
    *[b"+5", b"-5", b"-0", b"0x5", b"0o5", b"0b1", b"5.0", b"5e0", b"1_0", b"5,", b",5", b"5,5"],
    *[b"5, 5", b"5, 6", b"5 5", b"5;5", b"5 x", b"5\0", b"\x0b5", b"5\x0c", b"5\x0b", b"\xa05"],
    *[b"", b"x", b'"5"', b"'5'", b"(5)", b"5b", b"0 5", b"\xb2", b"5\xc2\xa0", b"5\x85", b"five"],
    *["\u0665".encode(), "\uff15".encode(), b"5\r\n 0", b"5\n0", b"5\r0", b"\r\n 5", b"5\r\n\t"],
]

DUPLICATE_LENGTHS = [
    b"Content-Length: 0\r\nContent-Length: 5",
    b"Content-Length: 5\r\nContent-Length: 0",
    b"Content-Length: 5\r\nContent-Length: 5",
    b"Content-Length: 5\r\ncontent-length: 5",
    b"Content-Length: 5\r\nA: b\r\nCONTENT-LENGTH: 05",
    b"Content-Length: 5\r\nContent-Length:",
    b"Content-Length:\r\nContent-Length: 5",
]

HIDDEN_LENGTHS = [
    b"Content-Length : 5",
    b"Content-Length\t: 5",
    b" Content-Length: 5",
    b"A: b\r\n Content-Length: 5",
    b"A: b\nContent-Length: 5",
    b"A: b\rContent-Length: 5",
    b"A: b\0\r\n\tContent-Length: 5",
    b"Content-Length 5",
    b"Content Length: 5",
    b"Content-Length\0: 5",
    b"\0Content-Length: 5",
    b"Content-Length\xa0: 5",
    b"Content\xadLength: 5",
    b"Content-Length\x0b: 5",
    b":content-length: 5",
]

HUGE_LENGTHS = [
    b"4294967301",
    b"9223372036854775808",
    b"18446744073709551621",
    b"340282366920938463463374607431768211461",
    b"9" * 5000,
]


def with_length(value: bytes) -> bytes:
    return post(b"Content-Length: " + value, body=b"hello")


def with_lines(lines: bytes) -> bytes:
    return post(lines, body=b"hello")


ODD_LENGTHS = [
    read_once(
        "leading zeros are no octal",
        post(b"Content-Length: 010", body=b"0123456789"),
        "POST /first [0123456789]",
    ),
    read_once(
        "white space around", post(b"Content-Length:\t 5 \t", body=b"hello"), "POST /first [hello]"
    ),
    read_once("another header", post(b"Content_Length: 5", b"Content-Lengt: 5"), "POST /first"),
    read_once(
        "Connection: Content-Length",
        post(length(POISON), b"Connection: Content-Length", body=POISON),
        f"POST /first [{POISON.decode()}]",
    ),
]


# A body where some do not look for one

IGNORED_BODIES = [
    attack
    for method in (b"GET", b"HEAD", b"DELETE", b"OPTIONS", b"PATCH", b"TRACE", b"get", b"SEARCH")
    for attack in (
        read_once(
            f"{method.decode()} with a length",
            post(length(POISON), body=POISON, line=method + b" /first HTTP/1.1"),
            f"{method.decode()} /first {BODY_OF_POISON}",
        ),
        read_once(
            f"{method.decode()} in chunks",
            post(
                b"Transfer-Encoding: chunked",
                body=CHUNK_OF_POISON,
                line=method + b" /first HTTP/1.1",
            ),
            f"{method.decode()} /first {BODY_OF_POISON}",
        ),
    )
] + [
    read_once(
        "OPTIONS * with a length",
        post(length(POISON), body=POISON, line=b"OPTIONS * HTTP/1.1"),
        f"OPTIONS * {BODY_OF_POISON}",
    ),
    read_once(
        "an absolute target",
        post(length(POISON), body=POISON, line=b"POST http://x/first HTTP/1.1"),
        f"POST /first {BODY_OF_POISON}",
    ),
    read_once(
        "HTTP/1.0, kept alive",
        post(length(POISON), b"Connection: keep-alive", body=POISON, line=b"POST /first HTTP/1.0"),
        f"POST /first {BODY_OF_POISON}",
    ),
    read_once(
        "a type that once told its own end",
        post(length(POISON), b"Content-Type: multipart/byteranges; boundary=x", body=POISON),
        f"POST /first {BODY_OF_POISON}",
    ),
    refused(
        "a type that once told its own end, and no length",
        post(b"Content-Type: multipart/byteranges; boundary=x", body=b"--x\r\n\r\n--x--\r\n"),
        400,
        "POST /first",
    ),
    refused("a body without any length", post(body=b"x=1&y="), 400, "POST /first"),
    refused(
        "a body longer than its length by a byte",
        post(b"Content-Length: 4", body=b"hello "),
        400,
        "POST /first [hell]",
    ),
]
