"""Field lines: RFC 9112 section 5, RFC 9110 sections 5 and 7.6.1."""

from tests.http1.feeding import Message

from .case import Case, accepted, refused, with_fields


def good(name: str, line: bytes, *pairs: tuple[str, str]) -> Case:
    return accepted("5", name, with_fields(line), Message(fields=(("Host", "a"), *pairs)))


def bad(section: str, name: str, line: bytes, status: int = 400) -> Case:
    return refused(section, name, with_fields(line), status)


CASES = [
    good("name in odd case", b"x-oDD-cAse: b", ("X-Odd-Case", "b")),
    good(
        "every token character in a name", b"!#$%&'*+-.^_`|~09az: b", ("!#$%&'*+-.^_`|~09az", "b")
    ),
    good("no space before the value", b"A:b", ("A", "b")),
    good("spaces around the value", b"A: \t b c \t ", ("A", "b c")),
    good("empty value", b"A:", ("A", "")),
    good("value of spaces", b"A: \t ", ("A", "")),
    good("colons in the value", b"A: :b:c:", ("A", ":b:c:")),
    good("tab in the value", b"A: b\tc", ("A", "b\tc")),
    good(
        "bytes beyond ASCII in the value", b"A: \xc3\xa9\x85\xa0\xff", ("A", "\xc3\xa9\x85\xa0\xff")
    ),
    good("no-break space is no white space", b"A: \xa0", ("A", "\xa0")),
    good("underscore is no hyphen", b"Content_Length: 5", ("Content_length", "5")),
    good(
        "repeated", b"A: b\r\nB: c\r\na: d\r\nA: e", ("A", "b"), ("A", "d"), ("A", "e"), ("B", "c")
    ),
    good("one thousand commas", b"A: " + b"," * 1000, ("A", "," * 1000)),
    bad("5.1", "no colon", b"A"),
    bad("5.1", "no colon but a space", b"A b"),
    bad("5.1", "no name", b": b"),
    bad("5.1", "colon only", b":"),
    bad("5.1", "space before the colon", b"A : b"),
    bad("5.1", "tab before the colon", b"A\t: b"),
    bad("5.1", "space in the name", b"A b: c"),
    bad("5.1", "space before the name", b" A: b"),
    bad("5.1", "tab before the name", b"\tA: b"),
    bad("5.1", "no-break space before the colon", b"A\xa0: b"),
    bad("5.1", "NUL before the colon", b"A\0: b"),
    bad("5.1", "vertical tab before the colon", b"A\x0b: b"),
    bad("5.1", "CR before the colon", b"A\r: b"),
    bad("5.1", "LF before the colon", b"A\n: b"),
    bad("5.1", "quotes around the name", b'"A": b'),
    bad("5.1", "brackets in the name", b"A[]: b"),
    bad("5.1", "slash in the name", b"A/b: c"),
    bad("5.1", "at sign in the name", b"A@b: c"),
    bad("5.1", "byte beyond ASCII in the name", b"\xc3\x89: b"),
    bad("5.1", "DEL in the name", b"A\x7f: b"),
    bad("5.2", "folded line", b"A: b\r\n c"),
    bad("5.2", "folded by a tab", b"A: b\r\n\tc"),
    bad("5.2", "folded, and nothing in it", b"A: b\r\n "),
    bad("5.2", "folded framing", b"Transfer-Encoding:\r\n chunked"),
    bad("5.2", "folded length", b"Content-Length: 1\r\n 0"),
    bad("5.5", "NUL in the value", b"A: b\0c"),
    bad("5.5", "CR in the value", b"A: b\rc"),
    bad("5.5", "CR at the end of the value", b"A: b\r"),
    bad("5.5", "LF in the value", b"A: b\nc"),
    bad("5.5", "a second line behind LF", b"A: b\nTransfer-Encoding: chunked"),
    bad("5.5", "a second line behind CR", b"A: b\rTransfer-Encoding: chunked"),
    bad("5.5", "LF CR in the value", b"A: b\n\rc"),
    bad("5.5", "vertical tab in the value", b"A: \x0bb"),
    bad("5.5", "form feed in the value", b"A: \x0cb"),
    bad("5.5", "backspace in the value", b"A: b\x08"),
    bad("5.5", "escape in the value", b"A: \x1b[31m"),
    bad("5.5", "DEL in the value", b"A: \x7f"),
    # RFC 9110 section 7.6.1
    good("Connection: close", b"Connection: close", ("Connection", "close")),
    good(
        "Connection of many",
        b"Connection: , Upgrade,, CLOSE ,",
        ("Connection", ", Upgrade,, CLOSE ,"),
    ),
    # RFC 9110 section 10.1.1: what it asks is for the connection to judge
    good("Expect", b"Expect: 100-Continue", ("Expect", "100-Continue")),
]
