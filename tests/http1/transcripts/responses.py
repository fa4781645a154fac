"""Responses: status lines (RFC 9112 section 4), fields (5), framing (6, 7), sequences (9)."""

from tests.http1.feeding import Pairs
from tests.http1.feeding_responses import Response, ResponseCase, ResponseReading

LENGTH = b"Content-Length: 5"
LENGTH_READ: Pairs = (("Content-Length", "5"),)
CHUNKED = b"Transfer-Encoding: chunked"
CHUNKED_READ: Pairs = (("Transfer-Encoding", "chunked"),)
OK = b"HTTP/1.1 200 OK"
OLD = b"HTTP/1.0 200 OK"
LAST = ResponseReading(keep_alive=False)
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"


def wire(*lines: bytes, body: bytes = b"") -> bytes:
    """A head of these lines, and a body."""
    return b"\r\n".join([*lines, b"", body])


HELLO = wire(OK, LENGTH, body=b"hello")
HELLO_READ = Response(200, LENGTH_READ, b"hello")


def whole(
    section: str, name: str, data: bytes, *responses: Response, methods: tuple[str, ...] = ("GET",)
) -> ResponseCase:
    """Read whole, and the connection may be used again."""
    return ResponseCase(section, name, data, ResponseReading(responses), methods)


def last(
    section: str,
    name: str,
    data: bytes,
    *responses: Response,
    methods: tuple[str, ...] = ("GET",),
    eof: bool = False,
) -> ResponseCase:
    """Read whole, and the connection is not to be used again."""
    return ResponseCase(
        section, name, data, ResponseReading(responses, keep_alive=False), methods, eof
    )


def malformed(
    section: str,
    name: str,
    data: bytes,
    *before: Response,
    methods: tuple[str, ...] = ("GET",),
    eof: bool = False,
) -> ResponseCase:
    reading = ResponseReading(before, "malformed", keep_alive=False)
    return ResponseCase(section, name, data, reading, methods, eof)


def cut(section: str, name: str, data: bytes, *before: Response) -> ResponseCase:
    """The connection ends where it should not."""
    reading = ResponseReading(before, "too soon", keep_alive=False)
    return ResponseCase(section, name, data, reading, eof=True)


def waits(section: str, name: str, data: bytes, what: str, *, stays: bool = True) -> ResponseCase:
    return ResponseCase(section, name, data, ResponseReading((), "", what, keep_alive=stays))


def line(name: str, text: bytes, **read: object) -> ResponseCase:
    """A status line that is read."""
    response = Response(fields=LENGTH_READ, body=b"hello", **read)  # type: ignore[arg-type]
    return whole("4", name, wire(text, LENGTH, body=b"hello"), response)


def no_line(name: str, text: bytes) -> ResponseCase:
    return malformed("4", name, wire(text, LENGTH, body=b"hello"))


STATUS_LINES = [
    line("plain", OK),
    line("no reason", b"HTTP/1.1 200 ", reason=""),
    line("no reason and no space", b"HTTP/1.1 200", reason=""),
    line(
        "reason of several words", b"HTTP/1.1 404 Not  Found\t!", status=404, reason="Not  Found\t!"
    ),
    line("reason that begins with a space", b"HTTP/1.1 200  OK", reason=" OK"),
    line("reason beyond ASCII", b"HTTP/1.1 200 Tr\xe8s bien", reason="Tr\xe8s bien"),
    line("highest status", b"HTTP/1.1 999 ?", status=999, reason="?"),
    line("HTTP/1.2 is 1.1", b"HTTP/1.2 200 OK"),
    line("HTTP/1.9 is 1.1", b"HTTP/1.9 200 OK"),
    no_line("nothing", b""),
    no_line("space before", b" HTTP/1.1 200 OK"),
    no_line("an empty line before", b"\r\n" + OK),
    no_line("LF before", b"\n" + OK),
    no_line("lower case", b"http/1.1 200 OK"),
    no_line("HTTP/2", b"HTTP/2 200"),
    no_line("HTTP/2.0", b"HTTP/2.0 200 OK"),
    no_line("HTTP/0.9", b"HTTP/0.9 200 OK"),
    no_line("HTTP/1", b"HTTP/1 200 OK"),
    no_line("HTTP/1.10", b"HTTP/1.10 200 OK"),
    no_line("HTTP/01.1", b"HTTP/01.1 200 OK"),
    no_line("version in other digits", "HTTP/1.\u0661 200 OK".encode()),
    no_line("ICY", b"ICY 200 OK"),
    no_line("no version", b"200 OK"),
    no_line("no status", b"HTTP/1.1"),
    no_line("no status but a space", b"HTTP/1.1 "),
    no_line("reason for a status", b"HTTP/1.1 OK"),
    no_line("two digits", b"HTTP/1.1 20 OK"),
    no_line("four digits", b"HTTP/1.1 2000 OK"),
    no_line("status of zeros", b"HTTP/1.1 000 OK"),
    no_line("leading zero", b"HTTP/1.1 099 OK"),
    no_line("sign", b"HTTP/1.1 +20 OK"),
    no_line("hexadecimal", b"HTTP/1.1 2a0 OK"),
    no_line("other digits", b"HTTP/1.1 20\xb2 OK"),
    no_line("two spaces before the status", b"HTTP/1.1  200 OK"),
    no_line("tab before the status", b"HTTP/1.1\t200 OK"),
    no_line("tab behind the status", b"HTTP/1.1 200\tOK"),
    no_line("reason without a space", b"HTTP/1.1 200OK"),
    no_line("NUL in the reason", b"HTTP/1.1 200 O\0K"),
    no_line("CR in the reason", b"HTTP/1.1 200 O\rK"),
    no_line("LF in the reason", b"HTTP/1.1 200 O\nK"),
    no_line("escape in the reason", b"HTTP/1.1 200 O\x1bK"),
    no_line("DEL in the reason", b"HTTP/1.1 200 O\x7fK"),
    malformed("4", "line ends in LF", b"HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\nhello"),
    malformed("4", "lines end in LF", b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"),
    malformed("4", "a page without a head", b"<html>\r\n<body>"),
    malformed("4", "a request", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    malformed("4", "SSH", b"SSH-2.0-OpenSSH_9.6\r\n"),
    malformed("4", "TLS alert", b"\x15\x03\x03\x00\x02\x02\x28"),
    waits("4", "part of a line", b"HTTP/1.1 20", "head"),
    waits("4", "part of a version", b"HT", "head"),
]


def field_line(name: str, text: bytes) -> ResponseCase:
    return malformed("5", name, wire(OK, LENGTH, text, body=b"hello"))


FIELDS = [
    whole(
        "5",
        "repeated fields",
        wire(OK, b"Set-Cookie: a=b", LENGTH, b"set-cookie: c=d", b"X:", body=b"hello"),
        Response(
            200,
            (("Set-Cookie", "a=b"), ("Set-Cookie", "c=d"), ("Content-Length", "5"), ("X", "")),
            b"hello",
        ),
    ),
    whole(
        "5",
        "what is Host and Expect in a request",
        wire(OK, LENGTH, b"Host: a", b"Host: b/c", b"Expect: what", body=b"hello"),
        Response(200, (*LENGTH_READ, ("Host", "a"), ("Host", "b/c"), ("Expect", "what")), b"hello"),
    ),
    field_line("no colon", b"A"),
    field_line("no name", b": b"),
    field_line("space before the colon", b"A : b"),
    field_line("tab before the colon", b"A\t: b"),
    field_line("space before the name", b" A: b"),
    field_line("folded line", b"A: b\r\n c"),
    field_line("NUL in a value", b"A: b\0c"),
    field_line("CR in a value", b"A: b\rSet-Cookie: c"),
    field_line("LF in a value", b"A: b\nSet-Cookie: c"),
    field_line("name beyond ASCII", b"\xc4: b"),
    malformed("5", "folded status line", wire(OK, b" folded", LENGTH, body=b"hello")),
]


def refused_length(name: str, *lengths: bytes) -> ResponseCase:
    lines = [b"Content-Length: " + length for length in lengths]
    return malformed("6.3 rule 5", name, wire(OK, *lines, body=b"hello"))


def refused_coding(name: str, *codings: bytes, head: bytes = OK) -> ResponseCase:
    lines = [b"Transfer-Encoding: " + coding for coding in codings]
    return malformed("6.3 rule 4", name, wire(head, *lines, body=CHUNKS))


FRAMING = [
    whole("6.3 rule 6", "by length", HELLO, HELLO_READ),
    whole(
        "6.3 rule 6",
        "length of nothing",
        wire(OK, b"Content-Length: 0"),
        Response(200, (("Content-Length", "0"),)),
    ),
    whole(
        "6.3 rule 5",
        "the same length twice",
        wire(OK, LENGTH, LENGTH, body=b"hello"),
        HELLO_READ,
    ),
    whole(
        "6.3 rule 5",
        "list of equal lengths",
        wire(OK, b"Content-Length: 5, 5,\t5", body=b"hello"),
        HELLO_READ,
    ),
    whole(
        "6.3 rule 5",
        "list of nothings",
        wire(OK, b"Content-Length: 0,0"),
        Response(200, (("Content-Length", "0"),)),
    ),
    refused_length("two lengths", b"5", b"6"),
    refused_length("list of lengths", b"5, 6"),
    refused_length("lengths that are equal as numbers", b"5, 05"),
    refused_length("list with nothing in it", b"5,"),
    refused_length("empty length", b""),
    refused_length("negative length", b"-5"),
    refused_length("length with a plus", b"+5"),
    refused_length("hexadecimal length", b"0x5"),
    refused_length("length with an underscore", b"0_5"),
    refused_length("length with a fraction", b"5.0"),
    refused_length("length with a space in it", b"1 5"),
    refused_length("length in other digits", "\u0665".encode()),
    refused_length("superscript length", b"\xb2"),
    refused_length("length beyond 64 bits", b"18446744073709551621"),
    refused_length("two lengths beyond 64 bits", *[b"18446744073709551621"] * 2),
    refused_length("length over the limit", b"104857601"),
    whole(
        "7.1",
        "chunks",
        wire(OK, CHUNKED, body=b'3;a="b"\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n'),
        Response(200, CHUNKED_READ, b"hello"),
    ),
    whole(
        "7.1.2",
        "trailers",
        wire(OK, CHUNKED, body=b"0\r\nEtag: a\r\nB: c\r\n\r\n"),
        Response(200, CHUNKED_READ, trailers=(("Etag", "a"), ("B", "c"))),
    ),
    malformed(
        "7.1.2", "length in a trailer", wire(OK, CHUNKED, body=b"0\r\nContent-Length: 5\r\n\r\n")
    ),
    malformed("7.1", "size beyond 64 bits", wire(OK, CHUNKED, body=b"10000000000000005\r\nhello")),
    malformed("7.1", "chunk longer than its size", wire(OK, CHUNKED, body=b"3\r\nhello\r\n")),
    malformed("7.1", "chunk ends in LF", wire(OK, CHUNKED, body=b"5\r\nhello\n0\r\n\r\n")),
    malformed("7.1.1", "LF in an extension", wire(OK, CHUNKED, body=b"5;\nhello\r\n0\r\n\r\n")),
    malformed("6.3 rule 3", "length and chunks", wire(OK, LENGTH, CHUNKED, body=CHUNKS)),
    malformed("6.3 rule 3", "chunks and length", wire(OK, CHUNKED, LENGTH, body=CHUNKS)),
    malformed(
        "6.3 rule 3",
        "chunks and length of nothing",
        wire(OK, CHUNKED, b"Content-Length: 0", body=CHUNKS),
    ),
    malformed("6.1", "chunks in HTTP/1.0", wire(OLD, CHUNKED, body=CHUNKS)),
    refused_coding("gzip, chunked", b"gzip, chunked"),
    refused_coding("gzip and chunked in two lines", b"gzip", b"chunked"),
    refused_coding("chunked, gzip", b"chunked, gzip"),
    refused_coding("chunked twice", b"chunked, chunked"),
    refused_coding("identity", b"identity"),
    refused_coding("gzip alone", b"gzip"),
    refused_coding("empty coding", b""),
    refused_coding("xchunked", b"xchunked"),
    refused_coding("quoted", b'"chunked"'),
    refused_coding("vertical tab before", b"\x0bchunked"),
    refused_coding("no-break space before", b"\xa0chunked"),
    refused_coding("chunked with a parameter", b"chunked;a=b"),
    # rule 1: no body, whatever the fields say
    whole("6.3 rule 1", "to HEAD", wire(OK, LENGTH), Response(200, LENGTH_READ), methods=("HEAD",)),
    whole(
        "6.3 rule 1",
        "to HEAD, chunks",
        wire(OK, CHUNKED),
        Response(200, CHUNKED_READ),
        methods=("HEAD",),
    ),
    whole("6.3 rule 1", "to HEAD, nothing said", wire(OK), Response(200), methods=("HEAD",)),
    whole(
        "6.3 rule 1",
        "304 with a length",
        wire(b"HTTP/1.1 304 Not Modified", LENGTH),
        Response(304, LENGTH_READ, reason="Not Modified"),
    ),
    whole("6.3 rule 1", "204", wire(b"HTTP/1.1 204 OK"), Response(204)),
    whole(
        "6.3 rule 1",
        "204 with a length of nothing",
        wire(b"HTTP/1.1 204 OK", b"Content-Length: 0"),
        Response(204, (("Content-Length", "0"),)),
    ),
    malformed("6.3 rule 1", "204 with a length", wire(b"HTTP/1.1 204 OK", LENGTH, body=b"hello")),
    malformed("6.3 rule 1", "204 in chunks", wire(b"HTTP/1.1 204 OK", CHUNKED, body=CHUNKS)),
    malformed(
        "6.3 rule 1", "204 with a body", wire(b"HTTP/1.1 204 OK", body=b"hello"), Response(204)
    ),
    malformed(
        "6.3 rule 1",
        "to HEAD with a body",
        wire(OK, LENGTH, body=b"hello"),
        Response(200, LENGTH_READ),
        methods=("HEAD",),
    ),
    malformed("6.3 rule 6", "longer than its length", HELLO + b"!", HELLO_READ),
    # rule 8
    last(
        "6.3 rule 8",
        "until the end",
        wire(OK, body=b"hello"),
        Response(200, (), b"hello"),
        eof=True,
    ),
    last("6.3 rule 8", "nothing until the end", wire(OK), Response(200), eof=True),
    last(
        "6.3 rule 8",
        "until the end, and it is kept alive",
        wire(OK, b"Connection: keep-alive", body=b"hello" + HELLO),
        Response(200, (("Connection", "keep-alive"),), b"hello" + HELLO),
        eof=True,
    ),
    last(
        "6.3 rule 8",
        "205 is as any other",
        wire(b"HTTP/1.1 205 OK", body=b"hello"),
        Response(205, (), b"hello"),
        eof=True,
    ),
    waits("6.3 rule 8", "no end yet", wire(OK, body=b"hello"), "end", stays=False),
    waits("6.3 rule 6", "a part of its length", HELLO[:-1], "body"),
    waits("7.1", "a part of the last chunk", wire(OK, CHUNKED, body=CHUNKS[:-2]), "body"),
    # section 8: the end of the connection
    cut("8", "no response", b""),
    cut("8", "in the status line", b"HTTP/1.1 200"),
    cut("8", "in the fields", b"HTTP/1.1 200 OK\r\nA: b\r\n"),
    cut("8", "before the body", wire(OK, LENGTH)),
    cut("8", "in the body", HELLO[:-1]),
    cut("8", "before the first chunk", wire(OK, CHUNKED)),
    cut("8", "in a chunk", wire(OK, CHUNKED, body=b"5\r\nhell")),
    cut("8", "behind a chunk", wire(OK, CHUNKED, body=b"5\r\nhello\r\n")),
    cut("8", "in the last chunk", wire(OK, CHUNKED, body=b"0\r\n")),
    cut("8", "in the trailers", wire(OK, CHUNKED, body=b"0\r\nA: b\r\n")),
    cut("8", "behind an interim response", wire(b"HTTP/1.1 103 Early Hints")),
    last("8", "behind a whole response", HELLO, HELLO_READ, eof=True),
]

EARLY = wire(b"HTTP/1.1 103 Early Hints", b"Link: a")
EARLY_READ = (103, (("Link", "a"),))
UPGRADE: Pairs = (("Upgrade", "b"),)


def handed_over(
    name: str, data: bytes, rest: bytes, response: Response, method: str
) -> ResponseCase:
    reading = ResponseReading((response,), handed_over=rest, keep_alive=False)
    return ResponseCase("RFC 9110 9.3.6, 7.8", name, data + rest, reading, (method,))


SEQUENCES = [
    whole(
        "9.3",
        "three responses",
        HELLO + wire(OK, CHUNKED, body=CHUNKS) + wire(OK, LENGTH),
        HELLO_READ,
        Response(200, CHUNKED_READ, b"hello"),
        Response(200, LENGTH_READ),
        methods=("GET", "POST", "HEAD"),
    ),
    whole(
        "9.3",
        "each by its method",
        wire(OK, LENGTH) + HELLO,
        Response(200, LENGTH_READ),
        HELLO_READ,
        methods=("HEAD", "GET"),
    ),
    last(
        "9.3",
        "HTTP/1.0",
        wire(OLD, LENGTH, body=b"hello"),
        Response(200, LENGTH_READ, b"hello", version="HTTP/1.0"),
    ),
    whole(
        "9.3",
        "HTTP/1.0, kept alive",
        wire(OLD, LENGTH, b"Connection: Keep-Alive", body=b"hello"),
        Response(
            200,
            (*LENGTH_READ, ("Connection", "Keep-Alive")),
            b"hello",
            version="HTTP/1.0",
        ),
    ),
    last(
        "9.6",
        "the last one",
        wire(OK, LENGTH, b"Connection: Close, x", body=b"hello"),
        Response(200, (*LENGTH_READ, ("Connection", "Close, x")), b"hello"),
    ),
    malformed("9.3", "garbage behind a response", HELLO + b"\0", HELLO_READ),
    malformed("9.3", "an empty line behind a response", HELLO + b"\r\n", HELLO_READ),
    malformed(
        "9.3",
        "an empty line between two responses",
        HELLO + b"\r\n" + HELLO,
        HELLO_READ,
        methods=("GET", "GET"),
    ),
    malformed("9.2", "a response nobody asked for", b"HTTP/1.1 408 Time-out\r\n\r\n", methods=()),
    ResponseCase("9.2", "nothing asked and nothing said", b"", ResponseReading(), ()),
    last("9.2", "nothing asked, and the end", b"", methods=(), eof=True),
    malformed(
        "9.2",
        "splitting: a response in a header's place",
        wire(OK, b"A: b\r\n\r\nHTTP/1.1 200 OK", LENGTH, body=b"hello").replace(b"A", LENGTH, 1),
    ),
    whole(
        "RFC 9110 15.2",
        "interim responses",
        wire(b"HTTP/1.1 100 Continue") + EARLY + EARLY + HELLO,
        Response(200, LENGTH_READ, b"hello", interim=((100, ()), EARLY_READ, EARLY_READ)),
    ),
    whole(
        "RFC 9110 15.2",
        "interim responses to HEAD and to the next",
        EARLY + wire(OK, LENGTH) + EARLY + HELLO,
        Response(200, LENGTH_READ, interim=(EARLY_READ,)),
        Response(200, LENGTH_READ, b"hello", interim=(EARLY_READ,)),
        methods=("HEAD", "GET"),
    ),
    whole(
        "RFC 9110 15.2",
        "unknown interim response with close",
        wire(b"HTTP/1.1 199 What", b"Connection: close") + HELLO,
        Response(200, LENGTH_READ, b"hello", interim=((199, (("Connection", "close"),)),)),
    ),
    malformed(
        "RFC 9110 15.2", "interim response with a length", wire(b"HTTP/1.1 103 Early Hints", LENGTH)
    ),
    malformed("RFC 9110 15.2", "interim response in chunks", wire(b"HTTP/1.1 100 C", CHUNKED)),
    malformed("RFC 9110 15.2", "endless interim responses", EARLY * 33),
    handed_over(
        "101",
        wire(b"HTTP/1.1 101 OK", b"Upgrade: b"),
        b"\x81\x00",
        Response(101, UPGRADE),
        "GET",
    ),
    handed_over(
        "101 behind an interim response",
        EARLY + wire(b"HTTP/1.1 101 OK", b"Upgrade: b"),
        b"",
        Response(101, UPGRADE, interim=(EARLY_READ,)),
        "POST",
    ),
    malformed("RFC 9110 7.8", "101 in HTTP/1.0", wire(b"HTTP/1.0 101 OK", b"Upgrade: b")),
    handed_over("2xx to CONNECT", wire(OK), b"\x16\x03", Response(200), "CONNECT"),
    handed_over(
        "2xx to CONNECT with fields to be ignored",
        wire(b"HTTP/1.0 204 OK", b"Content-Length: 5, x", CHUNKED, b"Connection: close"),
        b"hello",
        Response(
            204,
            (
                ("Content-Length", "5, x"),
                *CHUNKED_READ,
                ("Connection", "close"),
            ),
            version="HTTP/1.0",
        ),
        "CONNECT",
    ),
    whole(
        "RFC 9110 9.3.6",
        "CONNECT is refused",
        wire(b"HTTP/1.1 403 OK", LENGTH, body=b"hello"),
        Response(403, LENGTH_READ, b"hello"),
        methods=("CONNECT",),
    ),
]

RESPONSES = [*STATUS_LINES, *FIELDS, *FRAMING, *SEQUENCES]

assert len({case.name for case in RESPONSES}) == len(RESPONSES)
