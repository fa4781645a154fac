"""Forms into a reader in every way that they may arrive, and what it made of them."""

from collections.abc import Iterable, Iterator

import pytest

from tornadolike.httputil import HTTPInputError, MultipartReader, ParseMultipartConfig
from tornadolike.httputil.multipart import End, PartHead

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
