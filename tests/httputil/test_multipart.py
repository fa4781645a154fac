"""The reader of multipart forms, however the bytes are cut."""

import tracemalloc
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from tornadolike.httputil import HTTPInputError, MultipartReader, ParseMultipartConfig
from tornadolike.httputil.multipart import MAX_PADDING, End, PartHead

END = b"--b--\r\n"
DISPOSITION = b"Content-Disposition: form-data; "


def part(content: bytes = b"data", head: bytes = DISPOSITION + b'name="a"') -> bytes:
    return b"--b\r\n%b\r\n\r\n%b\r\n" % (head, content)


Part = tuple[str, str | None, str | None, tuple[tuple[str, str], ...], bytes]


def a(content: bytes, name: str = "a", filename: str | None = None) -> Part:
    """What :func:`part` is read as."""
    value = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    return name, filename, None, (("Content-Disposition", value),), content


def read(
    pieces: Iterable[bytes], config: ParseMultipartConfig | None = None, boundary: bytes = b"b"
) -> tuple[list[Part], int | None]:
    """The parts that are read, and the status of the refusal if there is one."""
    reader = MultipartReader(boundary, config or ParseMultipartConfig())
    parts: list[Part] = []
    head: PartHead | None = None
    content: list[bytes] = []
    ended = False
    try:
        for piece in pieces:
            reader.feed(piece)
            while (event := reader.next_event()) is not None:
                assert not ended
                if type(event) is PartHead:
                    assert head is None
                    head = event
                    content = []
                elif type(event) is bytes:
                    assert head is not None
                    assert event
                    content.append(event)
                elif event is End.PART:
                    assert head is not None
                    fields = tuple(head.headers.get_all())
                    parts.append(
                        (head.name, head.filename, head.content_type, fields, b"".join(content))
                    )
                    head = None
                else:
                    assert event is End.FORM
                    ended = True
        reader.feed_eof()
    except HTTPInputError as error:
        reader.feed(part() + END)
        with pytest.raises(HTTPInputError):
            reader.next_event()
        return parts, error.status
    assert ended
    return parts, None


def ways(data: bytes) -> Iterator[list[bytes]]:
    yield [data]
    yield [data[at : at + 1] for at in range(len(data))]
    for at in range(1, len(data), 1 + len(data) // 300):
        yield [data[:at], data[at:]]


def assert_reads(
    data: bytes,
    parts: list[Part],
    status: int | None = None,
    config: ParseMultipartConfig | None = None,
) -> None:
    for way in ways(data):
        assert read(way, config) == (parts, status), way


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (END, []),
        (b"--b--", []),
        (b"\r\n--b--", []),
        (part() + END, [a(b"data")]),
        (part() + b"--b--", [a(b"data")]),
        (part(b"") + END, [a(b"")]),
        (part(b"\r\n") + END, [a(b"\r\n")]),
        (part(b"--b") + END, None),
        (part(b"1") + part(b"2") + END, [a(b"1"), a(b"2")]),
        # What only looks like a delimiter.
        (part(b"\n--b\r--b --b\r\n-- b\r\n-\r\n\r\n--\r\r\n--B--") + END,
         [a(b"\n--b\r--b --b\r\n-- b\r\n-\r\n\r\n--\r\r\n--B--")]),
        (part(b"\r\r\r\n-") + END, [a(b"\r\r\r\n-")]),
        (part(bytes(range(256))) + END, [a(bytes(range(256)))]),
        # RFC 2046 section 5.1.1: padding, preamble, epilogue, and a line break for two.
        (b"--b \t \r\n" + part()[5:] + b"--b--", [a(b"data")]),
        (b"This is a message in\r\nparts.\r\n--\r\n" + part() + END + b"--c- the end", [a(b"data")]),
        (b"\r\n" + part() + END + b"\r\n\r\n", [a(b"data")]),
        (b"--b\r\n" + DISPOSITION + b'name="a"\r\n\r\n' + part(b"2") + END, [a(b""), a(b"2")]),
        (b"--b\r\n" + DISPOSITION + b'name="a"\r\n\r\n--b--', [a(b"")]),
        (b"--b\r\n" + DISPOSITION + b'name="a"\r\n\r\n--c\r\n--b--', [a(b"--c")]),
        (b"--b\r\n" + DISPOSITION + b'name="a"\r\n\r\n\r--c\r\n--b--', [a(b"\r--c")]),
    ],
)  # fmt: skip
def test_what_is_read(data: bytes, parts: list[Part] | None) -> None:
    if parts is None:
        assert_reads(data, [a(b"")], 400)
    else:
        assert_reads(data, parts)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        # As Firefox and Chromium write them, curl, requests, aiohttp, and Node's form-data.
        (b'Content-Disposition: form-data; name="a"; filename="b.png"\r\nContent-Type: image/png',
         ("a", "b.png", "image/png")),
        (b'Content-Disposition: form-data; name="a"; filename=""\r\n'
         b"Content-Type: application/octet-stream", ("a", "", "application/octet-stream")),
        (b'Content-Disposition: form-data; name="a%22b"; filename="c%0D%0A.png"',
         ("a%22b", "c%0D%0A.png", None)),
        ('Content-Disposition: form-data; name="\u00e9"; filename="\u2603.png"'.encode(),
         ("\u00e9", "\u2603.png", None)),
        (b'Content-Disposition: form-data; name="a"; filename="b\\"c\\\\d"', ("a", 'b"c\\d', None)),
        (b'Content-Disposition: form-data; name="a"; filename="C:\\new.txt"',
         ("a", "C:\\new.txt", None)),
        (b"Content-Disposition: form-data; name=\"a\"; filename*=utf-8''%E2%98%83.png",
         ("a", "\u2603.png", None)),
        (b'Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="a"',
         ("a", None, "text/plain; charset=utf-8")),
        (b'content-disposition: form-data; name="a"\r\ncontent-length: 4', ("a", None, None)),
        (b'Content-Disposition:form-data;name="a";filename="b"', ("a", "b", None)),
        (b"Content-Disposition: Form-Data; NAME=a; Size=4", ("a", None, None)),
    ],
)  # fmt: skip
def test_heads(head: bytes, expected: tuple[str, str | None, str | None]) -> None:
    for way in ways(part(head=head) + END):
        ((*found, fields, content),), status = read(way)
        assert (tuple(found), status, content) == (expected, None, b"data")
        assert len(fields) == head.count(b"\r\n") + 1


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"", []),
        (b"\r\n", []),
        (b"nonsense", []),
        (b"--", []),
        (b"--b", []),
        (b"--b-", []),
        (b"--b\r", []),
        (b"--b\r\n", []),
        (b"x--b--", []),
        (b"\n--b--", []),
        (b"--bb--", []),
        (b"--b-x", []),
        (b"--b --", []),
        (b"--b\n" + part()[5:] + END, []),
        (b"--b\rx\n" + part()[5:] + END, []),
        (b"--b x\r\n" + part()[5:] + END, []),
        (b"--b\r\n" + END, []),
        (b"--b\r\n\r\n" + END, []),
        (part()[:-1], []),
        (part() + b"--b", [a(b"data")]),
        (part() + b"--b-", [a(b"data")]),
        (part() + b"--b- ", [a(b"data")]),
        (part() + b"--b\r\n--b--", [a(b"data")]),
        (part() + END + b"--b--", [a(b"data")]),
        (part() + END + part(), [a(b"data")]),
        (part(head=b""), []),
        (part(head=b"no colon"), []),
        (part(head=b"Content-Type: text/plain"), []),
        (part(head=b"Content-Disposition: form-data"), []),
        (part(head=DISPOSITION + b'name=""'), []),
        (part(head=DISPOSITION + b'filename="b"'), []),
        (part(head=b'Content-Disposition: attachment; name="a"'), []),
        (part(head=(DISPOSITION + b'name="a"\r\n') * 2), []),
        (part(head=DISPOSITION + b'name="a"\r\n folded'), []),
        (part(head=DISPOSITION + b'name="a"\nX: y'), []),
        (part(head=DISPOSITION + b'name="a"\r\nX: y\n'), []),
        (part(head=DISPOSITION + b'name="a\rb"'), []),
        (part(head=DISPOSITION + b'name="a\0"'), []),
        (part(head=DISPOSITION + b'name="\xff"'), []),
        (part(head=DISPOSITION + b'name="a"\r\nX Y: z'), []),
        # A delimiter is one wherever it stands, be it among fields and look like one.
        (part(head=DISPOSITION + b'name="a"\r\n--b: c'), []),
        (part(b"1\r\n--bc"), [a(b"1")]),
    ],
)
def test_what_is_refused(data: bytes, parts: list[Part]) -> None:
    assert_reads(data, parts, 400)


@pytest.mark.parametrize(
    ("data", "config", "parts", "status"),
    [
        (part() * 2 + END, ParseMultipartConfig(max_parts=2), 2, None),
        (part() * 3 + END, ParseMultipartConfig(max_parts=2), 2, 413),
        (END, ParseMultipartConfig(max_parts=0), 0, None),
        (part(), ParseMultipartConfig(max_parts=0), 0, 413),
        # The line break before the head counts.
        (part() + END, ParseMultipartConfig(max_part_header_size=42), 1, None),
        (part() + END, ParseMultipartConfig(max_part_header_size=41), 0, 431),
        (b"--b\r\n" + b"x" * 100, ParseMultipartConfig(max_part_header_size=42), 0, 431),
        (part(head=DISPOSITION + b"name=a" + b"\r\nX: y" * 2) + END,
         ParseMultipartConfig(max_part_header_count=3), 1, None),
        (part(head=DISPOSITION + b"name=a" + b"\r\nX: y" * 3) + END,
         ParseMultipartConfig(max_part_header_count=3), 0, 431),
        (b"x" * 98 + b"\r\n" + part() + END + b"x" * 98, ParseMultipartConfig(max_preamble_size=100),
         1, None),
        (b"x" * 101 + b"\r\n" + part() + END, ParseMultipartConfig(max_preamble_size=100), 0, 413),
        (b"x" * 1000, ParseMultipartConfig(max_preamble_size=100), 0, 413),
        (part() + END + b"x" * 99, ParseMultipartConfig(max_preamble_size=100), 1, 413),
        (b"--b" + b" " * MAX_PADDING + part()[3:] + END, ParseMultipartConfig(), 1, None),
        (b"--b" + b" " * (MAX_PADDING + 1) + part()[3:] + END, ParseMultipartConfig(), 0, 400),
    ],
)  # fmt: skip
def test_limits(data: bytes, config: ParseMultipartConfig, parts: int, status: int | None) -> None:
    for way in ways(data):
        found, refused = read(way, config)
        assert (len(found), refused) == (parts, status), way


def test_forms_that_are_not_to_be_read() -> None:
    with pytest.raises(HTTPInputError) as caught:
        MultipartReader(b"b", ParseMultipartConfig(enabled=False))
    assert caught.value.status == 415


@pytest.mark.parametrize(
    "boundary", [b"", b" ", b"a ", b"x" * 71, b"a\r\nb", b'a"', b"\xe9", b"a\\"]
)
def test_boundaries_that_are_none(boundary: bytes) -> None:
    with pytest.raises(HTTPInputError, match="no valid boundary"):
        MultipartReader(boundary, ParseMultipartConfig())


@pytest.mark.parametrize(
    "boundary", [b"b", b"x" * 70, b"a b", b"-----------------------------735", b"'()+_,-./:=?"]
)
def test_boundaries(boundary: bytes) -> None:
    data = part().replace(b"--b\r", b"--%b\r" % boundary) + b"--%b--" % boundary
    for way in ways(data):
        assert read(way, boundary=boundary) == ([a(b"data")], None)


def test_the_content_comes_as_it_is_fed() -> None:
    """Nothing waits but what may be the beginning of a delimiter; and what need not be copied is not."""
    reader = MultipartReader(b"boundary", ParseMultipartConfig())
    reader.feed(b'--boundary\r\nContent-Disposition: form-data; name="a"\r\n\r\n')
    assert type(reader.next_event()) is PartHead
    for piece in (b"1", b"22", b"3\r3", b"4\r\n--bound4", b"\r\n--boundarx"):
        assert reader.next_event() is None
        reader.feed(piece)
        assert reader.next_event() is piece
    for piece, rest in ((b"5\r", b"\n5"), (b"6\r\n--bound", b"6"), (b"7\r\n\r\n--", b"b7")):
        reader.feed(piece)
        assert reader.next_event() == piece[: piece.rindex(b"\r")]
        assert reader.next_event() is None
        reader.feed(rest)
        assert reader.next_event() == piece[piece.rindex(b"\r") :] + rest
    reader.feed(b"\r\n--boundary--")
    assert [reader.next_event() for _ in range(3)] == [End.PART, End.FORM, None]
    reader.feed_eof()


def test_much_passes_through_little_memory() -> None:
    reader = MultipartReader(b"b", ParseMultipartConfig())
    piece = b"\r\n--a" * 20_000
    reader.feed(part()[:-6])
    assert type(reader.next_event()) is PartHead
    tracemalloc.start()
    try:
        size = 0
        for _ in range(500):
            reader.feed(piece)
            while event := reader.next_event():
                size += len(event)  # type: ignore[arg-type]
        assert size >= 500 * len(piece) - 10
        assert tracemalloc.get_traced_memory()[1] < 4 * len(piece)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "piece",
    [b"\r\n", b"--b", b"\r\n--", b"\r\n--b", b"-", b"\r\n--b\r\n", b"\r", b" ", b"\r\n--b--"],
)
@pytest.mark.parametrize("start", [b"", b"--b", b"--b\r\n", part()[:-6], END])
@pytest.mark.parametrize("size", [1, 100_000])
def test_strange_bytes_take_linear_time(start: bytes, piece: bytes, size: int) -> None:
    data = start + piece * 20_000
    config = ParseMultipartConfig(max_preamble_size=10**9, max_part_header_size=10**4)
    read((data[at : at + size] for at in range(0, len(data), size)), config)


def test_a_reader_keeps_nothing_of_a_form_that_it_refused() -> None:
    reader: Any = MultipartReader(b"b", ParseMultipartConfig())
    reader.feed(b"--bx" + b"x" * 100_000)
    for _ in range(2):
        with pytest.raises(HTTPInputError):
            reader.next_event()
        assert reader._buffer == b""
        reader.feed(b"")
