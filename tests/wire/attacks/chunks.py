"""Line breaks that are none, and chunks that two read otherwise."""

from .attack import CHUNK_OF_POISON, LAST, POISON, Attack, chunked, read_once, refused, shown

GOOD = chunked(b"5\r\nhello\r\n0\r\nT: u\r\n\r\n", b"A: b")
BREAKS = [at for at in range(len(GOOD)) if GOOD.startswith(b"\r\n", at)]
NOT_BREAKS = [b"\n", b"\r", b"\r\r\n", b"\n\r", b"\n\n", b"\0\r\n", b"\x0b", b"\x0c", b"\rX", b""]


def other_breaks() -> list[Attack]:
    """Each line break of a chunked request, replaced by each thing that some take for one."""
    found = []
    for at in BREAKS:
        for other in NOT_BREAKS:
            data = GOOD[:at] + other + GOOD[at + 2 :]
            if other == b"" and at == len(GOOD) - 2:
                continue  # then the poison would be a trailer, and the end is still to come
            line = GOOD[:at].rpartition(b"\r\n")[2]
            found.append(refused(f"{shown(other)} behind {shown(line)} at {at}", data))
    return found


CHUNK_SIZES = [
    *[b"", b" 5", b"\t5", b"5 ", b"5\t", b"0x5", b"0X5", b"+5", b"-5", b"-0", b"0_5", b"_5", b"5_"],
    *[
        b"5.",
        b"5,5",
        b"5g",
        b'"5"',
        b"0 5",
        b"5\x0b",
        b"5\x0c",
        b"5\0",
        b"\x005",
        b"5\xa0",
        b"\xb2",
    ],
    *[b"5\r", b"\r5", b"5\n", b"\n5", b"\r\n5", b"5h", b"#5", b"5;\n", "\uff15".encode(), b"(5)"],
    *[b"0" * 15 + b"5", b"ffffffffffffffff", b"10000000000000005", b"100000005" * 2, b"5" * 900],
]

EXTENSIONS = [
    *[b"\n;a", b"\r;a", b" \n;a", b";a\n=b", b";a=\nb", b";a=b\n;c", b";a \r\r=b", b"\x0b;a"],
    *[
        b";\n",
        b";a\n",
        b";a\nb",
        b";\r",
        b";a\r",
        b";a\rb",
        b";\r\r",
        b";a\r\rb",
        b";a=\n",
        b";a\n\r",
    ],
    *[b';a="\n"', b';a="\r"', b';a="\r\n"', b';a="\\\n"', b';a="\\\r"', b';a="b', b';a="b"c'],
    *[
        b";",
        b";;",
        b";=b",
        b";a=",
        b";a ",
        b" a",
        b"g",
        b";a b",
        b";a=b c",
        b";a\0",
        b";\xa0",
        b";a:b",
    ],
    *[b";\nx\r\n5", b";a\x0b", b";a\x7f", b";a\x85b", b";a/b"],
]

SPILL = b"%x\r\n" % (len(LAST) + len(POISON))
TERMINATORS = [
    b"\n",
    b"\r",
    b"",
    b"XX",
    b"\rX",
    b"\r\r",
    b"\n\r",
    b"\n\n",
    b"X\r\n",
    b" \r\n",
    b"\0\r\n",
]


def with_chunk_size(size: bytes) -> bytes:
    return chunked(size + b"\r\nhello\r\n" + LAST)


def with_extension(extension: bytes) -> bytes:
    return chunked(b"5" + extension + b"\r\nhello\r\n" + LAST)


def with_last_extension(extension: bytes) -> bytes:
    return chunked(b"0" + extension + b"\r\n\r\n")


def with_terminator(terminator: bytes) -> bytes:
    return chunked(b"5\r\nhello" + terminator + LAST)


CHUNK_TRICKS = [
    refused("TERM.EXT: the front lets LF end the line", chunked(b"2;\nxx\r\n2d\r\n" + LAST)),
    refused("EXT.TERM: the back lets LF end the line", chunked(b"2d;\nxx\r\n" + LAST)),
    refused("TERM.SPILL", chunked(b"5\r\nAAAAA\nX\r\n" + SPILL)),
    refused("SPILL.TERM", chunked(b"5\r\nAAAAAXX" + SPILL + b"\r\n")),
    refused("ONE.TWO", chunked(b"2\r\nAA\n" + SPILL)),
    refused("ZERO.TWO", chunked(b"2\r\nAA" + SPILL)),
    refused("a chunk longer than it says", chunked(b"3\r\nhello\r\n" + LAST)),
    refused("a chunk shorter than it says", chunked(b"6\r\nhello\r\n" + LAST)),
    refused("no line break behind the last chunk", chunked(b"0\r\n")),
    refused("garbage behind the last chunk", chunked(b"0\r\nX\r\n\r\n")),
    refused("the next request for a trailer", chunked(b"0\r\nGET /poison HTTP/1.1\r\n\r\n")),
    refused("a length in a trailer", chunked(b"0\r\nContent-Length: 50\r\n\r\n")),
    refused("a coding in a trailer", chunked(b"0\r\nTransfer-Encoding: chunked\r\n\r\n")),
    refused("a Host in a trailer", chunked(b"0\r\nHost: y\r\n\r\n")),
    refused("a folded trailer", chunked(b"0\r\nA: b\r\n c\r\n\r\n")),
    refused("a trailer without colon", chunked(b"0\r\nA\r\n\r\n")),
    refused("a space before a trailer", chunked(b"0\r\n A: b\r\n\r\n")),
    refused("a second last chunk", chunked(LAST + LAST), 400, "POST /first"),
    read_once(
        "the end of a body in a chunk",
        chunked(b"5\r\n%b\r\n%b" % (LAST, CHUNK_OF_POISON)),
        f"POST /first [{LAST.decode()}{POISON.decode()}]",
    ),
    read_once("many zeros for the last", chunked(b"00000\r\n\r\n"), "POST /first"),
]
