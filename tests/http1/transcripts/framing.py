"""Where a message ends: RFC 9112 section 6. Most of smuggling is here."""

from tests.http1.feeding import Message

from .case import Case, accepted, post, refused, waits

CHUNKED = (("Host", "a"), ("Transfer-Encoding", "chunked"))
EMPTY = b"0\r\n\r\n"


def length(value: bytes) -> bytes:
    return b"Content-Length: " + value


def coding(value: bytes) -> bytes:
    return b"Transfer-Encoding: " + value


def long(name: str, value: bytes, body: bytes) -> Case:
    fields = (("Host", "a"), ("Content-Length", value.decode().strip(" \t")))
    return accepted(
        "6.2", name, post(length(value), body=body), Message("POST", fields=fields, body=body)
    )


def bad_length(name: str, *lines: bytes, status: int = 400) -> Case:
    return refused("6.2", name, post(*lines, body=b"hello"), status)


def bad_coding(name: str, *lines: bytes, status: int = 400) -> Case:
    return refused("6.1", name, post(*lines, body=EMPTY), status)


CASES = [
    # 6.2 Content-Length
    accepted("6.2", "no body", post(), Message("POST")),
    long("length of nothing", b"0", b""),
    long("length", b"5", b"hello"),
    long("length with spaces around", b" \t5\t ", b"hello"),
    long("length with leading zeros", b"005", b"hello"),
    long("body that looks like a request", b"18", b"GET / HTTP/1.1\r\n\r\n"),
    long("body of line breaks", b"8", b"\r\n\r\n\r\n\r\n"),
    long("body of every byte", b"256", bytes(range(256))),
    accepted(
        "6.2",
        "GET with a body",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
        Message(fields=(("Host", "a"), ("Content-Length", "2")), body=b"hi"),
    ),
    waits("6.2", "a body that is not whole", post(length(b"6"), body=b"hello"), "body"),
    waits("6.2", "a body that has not begun", post(length(b"6")), "body"),
    bad_length("empty length", length(b"")),
    bad_length("length of spaces", length(b" \t")),
    bad_length("length with plus", length(b"+5")),
    bad_length("length with minus", length(b"-5")),
    bad_length("length of minus nothing", length(b"-0")),
    bad_length("length in hexadecimal", length(b"0x5")),
    bad_length("length in hexadecimal letters", length(b"a")),
    bad_length("length in octal", length(b"0o5")),
    bad_length("length with point", length(b"5.0")),
    bad_length("length with exponent", length(b"5e0")),
    bad_length("length with underscore", length(b"1_0")),
    bad_length("length with comma", length(b"5,")),
    bad_length("list of equal lengths", length(b"5, 5")),
    bad_length("list of lengths", length(b"5, 6")),
    bad_length("two words for a length", length(b"5 6")),
    bad_length("length in quotes", length(b'"5"')),
    bad_length("length with unit", length(b"5b")),
    bad_length("length with parameter", length(b"5;q=1")),
    bad_length("superscript for a length", length(b"\xb2")),
    bad_length("Arabic digit for a length", length("\u0665".encode())),
    bad_length("full-width digit for a length", length("\uff15".encode())),
    bad_length("no-break space before a length", length(b"\xa05")),
    bad_length("vertical tab before a length", length(b"\x0b5")),
    bad_length("NUL behind a length", length(b"5\0")),
    bad_length("two lengths", length(b"5"), length(b"6")),
    bad_length("the same length twice", length(b"5"), length(b"5")),
    bad_length("the same length in other case", length(b"5"), b"CONTENT-LENGTH: 5"),
    bad_length("two lengths far apart", length(b"5"), b"A: b", length(b"0")),
    bad_length("length with space before the colon", b"Content-Length : 5"),
    bad_length("length with space before the name", b" Content-Length: 5"),
    bad_length("length beyond 63 bits", length(b"9223372036854775808"), status=413),
    bad_length("length beyond 64 bits", length(b"18446744073709551621"), status=413),
    bad_length("length of five thousand digits", length(b"9" * 5000), status=413),
    bad_length("length over the limit", length(b"104857601"), status=413),
    # 6.1 Transfer-Encoding
    accepted(
        "6.1", "chunked", post(coding(b"chunked"), body=EMPTY), Message("POST", fields=CHUNKED)
    ),
    accepted(
        "6.1",
        "chunked in capitals",
        post(coding(b"CHUNKED"), body=EMPTY),
        Message("POST", fields=(CHUNKED[0], ("Transfer-Encoding", "CHUNKED"))),
    ),
    accepted(
        "6.1",
        "chunked with spaces around",
        post(coding(b" \tchunked\t "), body=EMPTY),
        Message("POST", fields=CHUNKED),
    ),
    accepted(
        "6.1",
        "GET in chunks",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        Message(fields=CHUNKED),
    ),
    bad_coding("chunked twice", coding(b"chunked, chunked")),
    bad_coding("chunked in two lines", coding(b"chunked"), coding(b"chunked")),
    bad_coding("chunked not last", coding(b"chunked, gzip")),
    bad_coding("chunked not last, in two lines", coding(b"chunked"), coding(b"identity")),
    bad_coding("chunked three times among others", coding(b"chunked, gzip, chunked")),
    bad_coding("no chunked", coding(b"gzip")),
    bad_coding("identity", coding(b"identity")),
    bad_coding("empty coding", coding(b"")),
    bad_coding("chunked and a comma", coding(b"chunked,")),
    bad_coding("comma and chunked", coding(b",chunked")),
    bad_coding("empty coding, then chunked", coding(b""), coding(b"chunked")),
    bad_coding("chunked with parameter", coding(b"chunked;q=1")),
    bad_coding("chunked with empty parameter", coding(b"chunked;")),
    bad_coding("xchunked", coding(b"xchunked")),
    bad_coding("chunkedx", coding(b"chunkedx")),
    bad_coding("x chunked", coding(b"x chunked")),
    bad_coding("chunked in quotes", coding(b'"chunked"')),
    bad_coding("chunked in single quotes", coding(b"'chunked'")),
    bad_coding("colon before chunked", coding(b": chunked")),
    bad_coding("vertical tab before chunked", coding(b"\x0bchunked")),
    bad_coding("form feed before chunked", coding(b"\x0cchunked")),
    bad_coding("NUL behind chunked", coding(b"chunked\0")),
    bad_coding("no-break space before chunked", coding(b"\xa0chunked")),
    bad_coding("dotless letters in chunked", coding("ch\u0131nked".encode())),
    bad_coding("LF before chunked", coding(b"\nchunked")),
    bad_coding("CR before chunked", coding(b"\rchunked")),
    bad_coding("CR behind chunked", coding(b"chunked\r")),
    bad_coding("space before the colon of a coding", b"Transfer-Encoding : chunked"),
    bad_coding("tab before the colon of a coding", b"Transfer-Encoding\t: chunked"),
    bad_coding("space before a coding's name", b" Transfer-Encoding: chunked"),
    bad_coding("coding in a folded line", b"A: b\r\n Transfer-Encoding: chunked"),
    bad_coding("coding behind a bare LF", b"A: b\nTransfer-Encoding: chunked"),
    bad_coding("no coding at all, then chunked", coding(b"(a), chunked")),
    bad_coding("gzip, chunked", coding(b"gzip, chunked"), status=501),
    bad_coding("gzip and chunked in two lines", coding(b"gzip"), coding(b"chunked"), status=501),
    bad_coding("identity, chunked", coding(b"identity, chunked"), status=501),
    bad_coding("unknown, chunked", coding(b"cow, chunked"), status=501),
    bad_coding("coding with parameter, chunked", coding(b'a;b="c", chunked'), status=501),
    refused("6.1", "HTTP/1.0 in chunks", post(coding(b"chunked"), body=EMPTY, version=b"HTTP/1.0")),
    # 6.3 both
    refused("6.3", "length and chunked", post(length(b"5"), coding(b"chunked"), body=EMPTY)),
    refused("6.3", "chunked and length", post(coding(b"chunked"), length(b"5"), body=EMPTY)),
    refused(
        "6.3", "chunked and length of nothing", post(coding(b"chunked"), length(b"0"), body=EMPTY)
    ),
    refused("6.3", "chunked and empty length", post(coding(b"chunked"), length(b""), body=EMPTY)),
    refused("6.3", "length and gzip", post(length(b"5"), coding(b"gzip"), body=b"hello")),
    refused("6.3", "length and empty coding", post(length(b"5"), coding(b""), body=b"hello")),
    refused("6.3", "length and identity", post(length(b"5"), coding(b"identity"), body=b"hello")),
    refused("6.3", "length and unknown coding", post(length(b"5"), coding(b"cow, chunked"))),
]
