"""Several messages in a row: RFC 9112 section 9.3; what is wrong with one must not touch the one before,
and nothing is read behind it."""

from tests.http1.feeding import Message, Reading

from .case import Case, accepted, chunked, post, with_line
from .framing import CHUNKED

GET = with_line(b"GET / HTTP/1.1")
LONG = post(b"Content-Length: 5", body=b"hello")
CHUNKS = chunked(b"5\r\nhello\r\n0\r\n\r\n")

LONG_READ = Message("POST", fields=(("Host", "a"), ("Content-Length", "5")), body=b"hello")
CHUNKS_READ = Message("POST", fields=CHUNKED, body=b"hello")


def then_refused(name: str, data: bytes, *before: Message, status: int = 400) -> Case:
    return Case("9.3", name, data, Reading(before, status))


CASES = [
    accepted("9.3", "three requests", GET * 3, *[Message()] * 3),
    accepted(
        "9.3", "length, chunks, nothing", LONG + CHUNKS + GET, LONG_READ, CHUNKS_READ, Message()
    ),
    accepted(
        "9.3", "chunks, chunks, length", CHUNKS + CHUNKS + LONG, CHUNKS_READ, CHUNKS_READ, LONG_READ
    ),
    accepted(
        "9.3",
        "empty lines between",
        b"\r\n".join([LONG, CHUNKS, GET, b""]),
        LONG_READ,
        CHUNKS_READ,
        Message(),
    ),
    accepted(
        "9.3", "four empty lines behind each of five", (LONG + b"\r\n" * 4) * 5, *[LONG_READ] * 5
    ),
    accepted(
        "9.3",
        "HTTP/1.0, then 1.1",
        with_line(b"GET / HTTP/1.0") + GET,
        Message(version="HTTP/1.0"),
        Message(),
    ),
    then_refused("five empty lines between", LONG + b"\r\n" * 5 + GET, LONG_READ),
    then_refused("body longer than its length", LONG + b" world\r\n", LONG_READ),
    then_refused("good, then no Host", GET + b"GET / HTTP/1.1\r\n\r\n" + GET, Message()),
    then_refused("good, then garbage", GET + b"\0", Message()),
    then_refused("good, then LF", GET + b"\n" + GET, Message()),
    then_refused(
        "good, then two lengths",
        GET + post(b"Content-Length: 0", b"Content-Length: 5") + GET,
        Message(),
    ),
    then_refused(
        "good, then too long", GET + post(b"Content-Length: 104857601"), Message(), status=413
    ),
    then_refused(
        "good, then HTTP/2", GET + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Message(), status=505
    ),
    then_refused(
        "LF behind a body that ends in CR",
        post(b"Content-Length: 1", body=b"\r") + b"\n",
        Message("POST", fields=(("Host", "a"), ("Content-Length", "1")), body=b"\r"),
    ),
    then_refused("chunks, then a stray chunk", CHUNKS + b"5\r\nhello\r\n", CHUNKS_READ),
    then_refused("chunks, then a stray end", CHUNKS + b"0\r\n\r\n", CHUNKS_READ),
    # RFC 9110 section 7.8: the other protocol begins behind the whole request
    accepted(
        "9.3",
        "upgrade with a body",
        post(b"Connection: upgrade", b"Upgrade: b", b"Content-Length: 5", body=b"hello") + GET,
        Message(
            "POST",
            fields=(
                ("Host", "a"),
                ("Connection", "upgrade"),
                ("Upgrade", "b"),
                ("Content-Length", "5"),
            ),
            body=b"hello",
        ),
        Message(),
    ),
    # CL.TE and TE.CL, as if only the one or the other were seen
    then_refused(
        "poison behind a length",
        post(b"Content-Length: 6", body=b"0\r\n\r\nX") + GET.replace(b"GET", b"\x7fGET"),
        Message("POST", fields=(("Host", "a"), ("Content-Length", "6")), body=b"0\r\n\r\nX"),
    ),
    then_refused(
        "both lengths",
        GET + post(b"Content-Length: 6", b"Transfer-Encoding: chunked", body=b"0\r\n\r\nX"),
        Message(),
    ),
    then_refused("chunk of another length", chunked(b"3\r\nabcdef\r\n0\r\n\r\n") + GET),
]
