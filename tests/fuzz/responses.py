"""Responses as they stand on the wire, good ones and bad ones; what we make of them is tested with the reader."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Response:
    name: str
    data: bytes
    asked: tuple[str, ...] = ("GET",)
    """The methods of the requests that were sent."""
    ends: bool = False
    """Whether the connection ends behind it."""


R = Response


def ok(*lines: bytes, body: bytes = b"", line: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join([line, *lines, b"", body])


def long(body: bytes = b"hello", line: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return ok(b"Content-Length: %d" % len(body), body=body, line=line)


def chunked(body: bytes, *lines: bytes) -> bytes:
    return ok(b"Transfer-Encoding: chunked", *lines, body=body)


def by_line(*lines: bytes) -> list[Response]:
    """Responses with these status lines."""
    return [R(f"line {ascii(line)[2:-1]}", long(line=line)) for line in lines]


def by_length(*values: bytes) -> list[Response]:
    return [
        R(f"length {ascii(value)[2:-1]}", ok(b"Content-Length: " + value, body=b"hello"))
        for value in values
    ]


def by_coding(*values: bytes) -> list[Response]:
    return [
        R(f"coding {ascii(value)[2:-1]}", ok(b"Transfer-Encoding: " + value, body=b"0\r\n\r\n"))
        for value in values
    ]


def by_field(*lines: bytes) -> list[Response]:
    return [
        R(f"field {ascii(line)[2:-1]}", ok(b"Content-Length: 5", line, b"A: b", body=b"hello"))
        for line in lines
    ]


def by_chunks(**bodies: bytes) -> list[Response]:
    return [R(name.replace("_", " "), chunked(body)) for name, body in bodies.items()]


NEXT = long(b"next")
LAST = b"0\r\n\r\n"

CORPUS = [
    # Status lines (RFC 9112 section 4)
    R("by length", long()),
    R("in chunks", chunked(b"5\r\nhello\r\n" + LAST)),
    R("until the end", ok(body=b"hello"), ends=True),
    R("until the end, and nothing", ok(), ends=True),
    R("no end yet", ok(body=b"hello")),
    *by_line(
        *[b"HTTP/1.1 200 ", b"HTTP/1.1 200", b"HTTP/1.1 200 \xe9\t!", b"HTTP/1.1 200 OK  really "],
        *[
            b"HTTP/1.1 599 x",
            b"HTTP/1.1 999 x",
            b"HTTP/1.1 600 x",
            b"HTTP/1.9 200 OK",
            b"HTTP/1.2 200 OK",
        ],
        *[
            b"HTTP/1.1 099 x",
            b"HTTP/1.1 000 x",
            b"HTTP/1.1 20 x",
            b"HTTP/1.1 2000 x",
            b"HTTP/1.1 -20 x",
        ],
        *[
            b"HTTP/1.1 +20 x",
            b"HTTP/1.1 2x0 x",
            b"HTTP/1.1 0x1 x",
            b"HTTP/1.1  200 OK",
            b"HTTP/1.1 200\tOK",
        ],
        *[b"HTTP/1.1\t200 OK", b" HTTP/1.1 200 OK", b"HTTP/1.1 200 O\0K", b"HTTP/1.1 200 O\x7fK"],
        *[b"HTTP/1.1 200 O\rK", b"HTTP/1.1 200 O\nK", b"HTTP/1.1 200 OK\r", b"HTTP/2.0 200 OK"],
        *[
            b"HTTP/0.9 200 OK",
            b"HTTP/2 200",
            b"HTTP/1 200 OK",
            b"HTTP/1.10 200 OK",
            b"HTTP/01.1 200 OK",
        ],
        *[
            b"http/1.1 200 OK",
            b"HTTPS/1.1 200 OK",
            b"ICY 200 OK",
            b"HTTP/1.1",
            b"HTTP 200 OK",
            b"200 OK",
        ],
        *[b"SSH-2.0-OpenSSH_9.2", b"220 mail ESMTP", b"", b"\xb2", b"HTTP/1.1 \xb2\xb2\xb2 x"],
    ),
    R("two empty lines before", b"\r\n\r\n" + long()),
    # Where it ends (section 6.3)
    R("HTTP/1.0 by length", long(line=b"HTTP/1.0 200 OK")),
    R("HTTP/1.0 until the end", ok(line=b"HTTP/1.0 200 OK", body=b"hello"), ends=True),
    R("HTTP/1.0 in chunks", ok(b"Transfer-Encoding: chunked", line=b"HTTP/1.0 200 OK", body=LAST)),
    R("204", ok(line=b"HTTP/1.1 204 No Content")),
    R("204 with length of nothing", ok(b"Content-Length: 0", line=b"HTTP/1.1 204 No Content")),
    R("204 with a length", long(line=b"HTTP/1.1 204 No Content")),
    R(
        "204 in chunks",
        ok(b"Transfer-Encoding: chunked", line=b"HTTP/1.1 204 No Content", body=LAST),
    ),
    R("205 by length", long(line=b"HTTP/1.1 205 Reset Content")),
    R("304", ok(line=b"HTTP/1.1 304 Not Modified")),
    R("304 with a length", ok(b"Content-Length: 5", line=b"HTTP/1.1 304 Not Modified")),
    R("304 in chunks", ok(b"Transfer-Encoding: chunked", line=b"HTTP/1.1 304 Not Modified")),
    R("to HEAD", ok(b"Content-Length: 5"), ("HEAD",)),
    R("to HEAD, in chunks", ok(b"Transfer-Encoding: chunked"), ("HEAD",)),
    R("to HEAD, without length", ok(), ("HEAD",)),
    R("to HEAD, with a body", long(), ("HEAD",)),
    R("2xx to CONNECT", ok(), ("CONNECT",)),
    R("2xx to CONNECT, with a length", ok(b"Content-Length: 5", body=b"hello"), ("CONNECT",)),
    R("4xx to CONNECT", long(line=b"HTTP/1.1 403 Forbidden"), ("CONNECT",)),
    R("length and chunks", ok(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=LAST)),
    R("chunks and length", ok(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=LAST)),
    R("length and gzip", ok(b"Content-Length: 5", b"Transfer-Encoding: gzip", body=b"hello")),
    R("length that is not reached", long()[:-1], ends=True),
    R("chunks that break off", chunked(b"5\r\nhel"), ends=True),
    R("chunks without the last", chunked(b"5\r\nhello\r\n"), ends=True),
    R("a head that breaks off", ok(b"A: b")[:-2], ends=True),
    R("nothing at all", b"", ends=True),
    *by_length(
        *[
            b"5",
            b" 5 ",
            b"05",
            b"",
            b"+5",
            b"-5",
            b"0x5",
            b"5.0",
            b"5e0",
            b"1_0",
            b"5,",
            b"5,5",
            b"5, 5",
        ],
        *[
            b"5, 6",
            b"5 5",
            b"5;x",
            b"5\0",
            b"\x0b5",
            b"\xa05",
            b"x",
            b"\xb2",
            b"5\r\n 0",
            b"5\r\nContent-Length: 5",
        ],
        *[b"5\r\nContent-Length: 6", b"5\r\nContent-Length: 05", b"18446744073709551621"],
    ),
    *by_coding(
        *[
            b"chunked",
            b"CHUNKED",
            b" chunked ",
            b"gzip, chunked",
            b"identity, chunked",
            b"chunked, gzip",
        ],
        *[b"chunked, chunked", b"identity", b"gzip", b"", b",chunked", b"chunked,", b"xchunked"],
        *[
            b"chunked;x",
            b'"chunked"',
            b"\x0bchunked",
            b"chunked\0",
            b"\r\n chunked",
            b"chunked\r\nTransfer-Encoding: x",
        ],
    ),
    # Fields (section 5)
    *by_field(
        *[
            b"X: y",
            b"X:y",
            b"X:",
            b"X: \xe9",
            b"X: y\tz",
            b"x_y: z",
            b"X : y",
            b"X\t: y",
            b" X: y",
            b"\tX: y",
        ],
        *[
            b"X",
            b": y",
            b"X y",
            b"X y: z",
            b"X: y\r\n z",
            b"X: y\0",
            b"X: y\rz",
            b"X: y\nz",
            b"X: \x0b",
        ],
        *[
            b"X: \x7f",
            b"X\0: y",
            b"X\xa0: y",
            b"X[]: y",
            b'"X": y',
            b"Content-Length : 9",
            b"\nX: y",
            b"X: y\r",
        ],
    ),
    R("lines end in LF", long().replace(b"\r\n", b"\n")),
    R(
        "head ends in LF LF",
        ok(b"Content-Length: 5\n", body=b"hello").replace(b"\n\r\n\r\n", b"\n\n"),
    ),
    R("lines end in CR", long().replace(b"\r\n", b"\r")),
    # Chunks (section 7.1)
    *by_chunks(
        nothing_in_chunks=LAST,
        extension=b"5;a=b\r\nhello\r\n" + LAST,
        quoted_extension=b'5;a="b c"\r\nhello\r\n' + LAST,
        space_before_an_extension=b"5 ;a\r\nhello\r\n" + LAST,
        trailer=b"5\r\nhello\r\n0\r\nA: b\r\n\r\n",
        length_in_a_trailer=b"0\r\nContent-Length: 5\r\n\r\n",
        coding_in_a_trailer=b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
        folded_trailer=b"0\r\nA: b\r\n c\r\n\r\n",
        space_behind_a_size=b"5 \r\nhello\r\n" + LAST,
        space_before_a_size=b" 5\r\nhello\r\n" + LAST,
        size_with_0x=b"0x5\r\nhello\r\n" + LAST,
        size_with_plus=b"+5\r\nhello\r\n" + LAST,
        size_with_underscore=b"0_5\r\nhello\r\n" + LAST,
        no_size=b"\r\nhello\r\n" + LAST,
        size_of_sixteen_digits=b"0" * 15 + b"5\r\nhello\r\n" + LAST,
        size_of_sixty_four_bits=b"f" * 16 + b"\r\nhello",
        size_ends_in_LF=b"5\nhello\r\n" + LAST,
        size_ends_in_CR=b"5\rhello\r\n" + LAST,
        chunk_ends_in_LF=b"5\r\nhello\n" + LAST,
        chunk_ends_in_nothing=b"5\r\nhello" + LAST,
        chunk_ends_in_XX=b"5\r\nhelloXX" + LAST,
        LF_in_an_extension=b"5;a\nb\r\nhello\r\n" + LAST,
        CR_in_an_extension=b"5;a\rb\r\nhello\r\n" + LAST,
        line_break_in_a_quoted_value=b'5;a="\r\n"\r\nhello\r\n' + LAST,
        body_ends_in_LF=b"0\r\n\n",
        body_ends_in_CR=b"0\r\n\r\r",
        last_chunk_ends_in_LF=b"0\n\r\n",
    ),
    # Interim responses (RFC 9110 section 15.2), and other protocols (7.8)
    R("100", ok(line=b"HTTP/1.1 100 Continue") + long()),
    R("103 with fields", ok(b"Link: x", line=b"HTTP/1.1 103 Early Hints") + long()),
    R("three of them", ok(line=b"HTTP/1.1 102 Processing") * 3 + long()),
    R(
        "100 with length of nothing",
        ok(b"Content-Length: 0", line=b"HTTP/1.1 100 Continue") + long(),
    ),
    R("100 with a length", long(line=b"HTTP/1.1 100 Continue") + long()),
    R(
        "100 in chunks",
        ok(b"Transfer-Encoding: chunked", line=b"HTTP/1.1 100 Continue", body=LAST) + long(),
    ),
    R("only 100", ok(line=b"HTTP/1.1 100 Continue")),
    R("only 100, and the end", ok(line=b"HTTP/1.1 100 Continue"), ends=True),
    R("101", ok(b"Connection: upgrade", b"Upgrade: x", line=b"HTTP/1.1 101 Switching Protocols")),
    # One after another (RFC 9112 sections 9.2, 9.3)
    R("two, and both were asked for", long() + NEXT, ("GET", "GET")),
    R("chunks, then length", chunked(b"5\r\nhello\r\n" + LAST) + NEXT, ("GET", "GET")),
    R("to HEAD, then to GET", ok(b"Content-Length: 5") + NEXT, ("HEAD", "GET")),
    R("204, then to GET", ok(line=b"HTTP/1.1 204 No Content") + NEXT, ("GET", "GET")),
    R(
        "304 with a length, then to GET",
        ok(b"Content-Length: 5", line=b"HTTP/1.1 304 x") + NEXT,
        ("GET", "GET"),
    ),
    R("two, and one was asked for", long() + NEXT),
    R("one, and two were asked for", long(), ("GET", "GET")),
    R("garbage behind it", long() + b"garbage\r\n\r\n"),
    R("a line break behind it", long() + b"\r\n" + NEXT, ("GET", "GET")),
    R(
        "the last, then another",
        ok(b"Connection: close", b"Content-Length: 5", body=b"hello") + NEXT,
        ("GET", "GET"),
    ),
    R("HTTP/1.0, then another", long(line=b"HTTP/1.0 200 OK") + NEXT, ("GET", "GET")),
    R(
        "HTTP/1.0 kept alive, then another",
        ok(b"Connection: keep-alive", b"Content-Length: 5", line=b"HTTP/1.0 200 OK", body=b"hello")
        + NEXT,
        ("GET", "GET"),
    ),
    R("until the end, then another", ok(body=NEXT), ("GET", "GET"), ends=True),
]

assert len({response.name for response in CORPUS}) == len(CORPUS)
