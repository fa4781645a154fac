"""Chunked bodies: RFC 9112 section 7.1."""

from tests.http1.feeding import Message, Pairs

from .case import Case, accepted, chunked, refused, waits
from .framing import CHUNKED


def good(name: str, wire: bytes, body: bytes, trailers: Pairs = (), section: str = "7.1") -> Case:
    expected = Message("POST", fields=CHUNKED, body=body, trailers=trailers)
    return accepted(section, name, chunked(wire), expected)


def bad(name: str, wire: bytes, status: int = 400, section: str = "7.1") -> Case:
    return refused(section, name, chunked(wire), status)


def header(line: bytes) -> bytes:
    """A chunk of five bytes and the last one."""
    return line + b"\r\nhello\r\n0\r\n\r\n"


def good_extension(name: str, extension: bytes) -> Case:
    return good(name, header(b"5" + extension), b"hello", section="7.1.1")


def bad_extension(name: str, extension: bytes) -> Case:
    return bad(name, header(b"5" + extension), section="7.1.1")


def bad_trailer(name: str, lines: bytes) -> Case:
    return bad(name, b"0\r\n" + lines + b"\r\n\r\n", section="7.1.2")


CASES = [
    good("one chunk", header(b"5"), b"hello"),
    good("two chunks", b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", b"hello world"),
    good("last chunk only", b"0\r\n\r\n", b""),
    good("many zeros for the last chunk", b"00000\r\n\r\n", b""),
    good("zeros before the size", header(b"0005"), b"hello"),
    good("size in lower case", b"a\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    good("size in upper case", b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    good("size of fifteen digits", header(b"0" * 14 + b"5"), b"hello"),
    good("chunk that looks like the end", b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", b"0\r\n\r\n"),
    good("chunk of line breaks", b"4\r\n\r\n\r\n\r\n0\r\n\r\n", b"\r\n\r\n"),
    good("chunk of every byte", b"100\r\n%b\r\n0\r\n\r\n" % bytes(range(256)), bytes(range(256))),
    good("chunks of one byte", b"1\r\na\r\n" * 20 + b"0\r\n\r\n", b"a" * 20),
    waits("7.1", "no chunk yet", chunked(b""), "body"),
    waits("7.1", "half a size", chunked(b"5"), "body"),
    waits("7.1", "half a chunk", chunked(b"5\r\nhel"), "body"),
    waits("7.1", "no line break behind a chunk", chunked(b"5\r\nhello"), "body"),
    waits("7.1", "half a line break behind a chunk", chunked(b"5\r\nhello\r"), "body"),
    waits("7.1", "no last chunk", chunked(b"5\r\nhello\r\n"), "body"),
    waits("7.1", "no line break at the end", chunked(b"0\r\n"), "body"),
    waits("7.1", "half a line break at the end", chunked(b"0\r\n\r"), "body"),
    waits("7.1", "half a trailer", chunked(b"0\r\nA: b\r\n"), "body"),
    bad("no size", header(b"")),
    bad("size with 0x", header(b"0x5")),
    bad("size with plus", header(b"+5")),
    bad("size with minus", header(b"-5")),
    bad("size of minus nothing", b"-0\r\n\r\n"),
    bad("size with underscore", header(b"0_5")),
    bad("size with point", header(b"5.")),
    bad("size with comma", header(b"5,5")),
    bad("size with letter beyond f", header(b"5g")),
    bad("size in quotes", header(b'"5"')),
    bad("size with h", header(b"5h")),
    bad("space before the size", header(b" 5")),
    bad("tab before the size", header(b"\t5")),
    bad("space behind the size", header(b"5 ")),
    bad("tab behind the size", header(b"5\t")),
    bad("space in the size", header(b"0 5")),
    bad("vertical tab behind the size", header(b"5\x0b")),
    bad("NUL behind the size", header(b"5\0")),
    bad("no-break space behind the size", header(b"5\xa0")),
    bad("superscript for a size", header(b"\xb2")),
    bad("CR behind the size", header(b"5\r")),
    bad("empty line before the size", header(b"\r\n5")),
    bad("size of sixteen digits", header(b"0" * 15 + b"5")),
    bad("size of sixty-four bits", header(b"ffffffffffffffff")),
    bad("size that wraps to five", header(b"10000000000000005")),
    bad("size over the limit", header(b"6400001"), 413),
    bad("sizes over the limit together", header(b"5")[:10] + b"63ffffc\r\n", 413),
    bad("size line ends in LF", b"5\nhello\r\n0\r\n\r\n"),
    bad("size line ends in CR", b"5\rhello\r\n0\r\n\r\n"),
    bad("size line ends in LF CR", b"5\n\rhello\r\n0\r\n\r\n"),
    bad("chunk ends in LF", b"5\r\nhello\n0\r\n\r\n"),
    bad("chunk ends in CR", b"5\r\nhello\r0\r\n\r\n"),
    bad("chunk ends in nothing", b"5\r\nhello0\r\n\r\n"),
    bad("chunk longer than its size", b"4\r\nhello\r\n0\r\n\r\n"),
    bad("chunk longer by a CR", b"4\r\nhell\r\r\n0\r\n\r\n"),
    bad("chunk shorter than its size", b"6\r\nhello\r\n0\r\n\r\n"),
    bad("last chunk ends in LF", b"0\n\r\n"),
    bad("body ends in LF", b"0\r\n\n"),
    bad("body ends in CR CR", b"0\r\n\r\r"),
    bad("no line break before the next request", b"0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    # 7.1.1
    good_extension("extension", b";a"),
    good_extension("extension with value", b";a=b"),
    good_extension("extension with quoted value", b';a="b c;d\\"\t\xff"'),
    good_extension("empty quoted value", b';a=""'),
    good_extension("several extensions", b';a;b=c;d="e"'),
    good_extension("spaces around everything", b" ; a = b \t;\tc"),
    good("extension of the last chunk", b"0;a=b\r\n\r\n", b"", section="7.1.1"),
    bad_extension("extension without name", b";"),
    bad_extension("extension without name, with value", b";=b"),
    bad_extension("extension without value", b";a="),
    bad_extension("two semicolons", b";;a"),
    bad_extension("space behind an extension", b";a "),
    bad_extension("no semicolon", b" a"),
    bad_extension("two words for a value", b";a=b c"),
    bad_extension("quote left open", b';a="b'),
    bad_extension("something behind a quote", b';a="b"c'),
    bad_extension("slash in an extension", b";a/b"),
    bad_extension("LF in an extension", b";a\nb"),
    bad_extension("CR in an extension", b";a\rb"),
    bad_extension("CR at the end of an extension", b";a\r"),
    bad_extension("NUL in an extension", b";a\0"),
    bad_extension("LF in a quoted value", b';a="\n"'),
    bad_extension("CR in a quoted value", b';a="\r"'),
    bad_extension("line break in a quoted value", b';a="\r\n"'),
    bad_extension("escaped LF in a quoted value", b';a="\\\n"'),
    bad_extension("NUL in a quoted value", b';a="\0"'),
    bad_extension("DEL in a quoted value", b';a="\x7f"'),
    bad_extension("byte beyond ASCII in an extension", b";\xc3\xa9"),
    # A terminator hidden from those who let LF end the line
    bad("last chunk hidden in an extension", b"5;a\n0\n\nhello\r\n0\r\n\r\n", section="7.1.1"),
    # 7.1.2
    good("trailer", b"0\r\nA: b\r\n\r\n", b"", (("A", "b"),), "7.1.2"),
    good(
        "trailers",
        header(b"5")[:-2] + b"A: b\r\nc:d\r\na: e\r\n\r\n",
        b"hello",
        (("A", "b"), ("A", "e"), ("C", "d")),
        "7.1.2",
    ),
    good("trailer beyond ASCII", b"0\r\nA: \xff\r\n\r\n", b"", (("A", "\xff"),), "7.1.2"),
    bad_trailer("length in a trailer", b"Content-Length: 5"),
    bad_trailer("coding in a trailer", b"A: b\r\ntransfer-encoding: chunked"),
    bad_trailer("Host in a trailer", b"Host: b"),
    bad_trailer("trailer without colon", b"A"),
    bad_trailer("trailer without name", b": b"),
    bad_trailer("space before the colon of a trailer", b"A : b"),
    bad_trailer("folded trailer", b"A: b\r\n c"),
    bad_trailer("trailer that starts with a space", b" A: b"),
    bad_trailer("NUL in a trailer", b"A: \0"),
    bad_trailer("CR in a trailer", b"A: b\rc"),
    bad_trailer("LF in a trailer", b"A: b\nc: d"),
    bad_trailer("CR at the end of a trailer", b"A: b\r"),
]
