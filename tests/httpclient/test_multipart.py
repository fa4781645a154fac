"""Forms with files, as browsers write them; read by our server's parser and by the standard library's."""

import email.policy
import io
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.httpclient.test_sources import all_of
from tests.running import on_every_loop
from tornadolike.httpclient.multipart import Multipart, Part, file_parts
from tornadolike.httpclient.sources import BytesSource
from tornadolike.httputil import HTTPHeaders, parse_body_arguments


def made(files, **fields):
    fields = [Part(name, BytesSource(value)) for name, value in fields.items()]
    return Multipart([*fields, *file_parts(files)])


def parsed(multipart, body=None):
    """Fields and files as our server reads them."""
    arguments, files = {}, {}
    body = multipart.whole() if body is None else body
    headers = HTTPHeaders({"Content-Type": multipart.content_type})
    parse_body_arguments(multipart.content_type, body, arguments, files, headers)
    return arguments, {
        name: [(each["filename"], each["content_type"], each["body"]) for each in found]
        for name, found in files.items()
    }


def test_the_bytes():
    multipart = made({"f": ("a.txt", b"hi")}, n=b"v")
    b = multipart.boundary
    assert multipart.content_type == f"multipart/form-data; boundary={b}"
    assert (
        multipart.whole()
        == (
            f'--{b}\r\nContent-Disposition: form-data; name="n"\r\n\r\nv\r\n'
            f'--{b}\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n'
            f"Content-Type: text/plain\r\n\r\nhi\r\n--{b}--\r\n"
        ).encode()
    )
    assert multipart.size == len(multipart.whole())


def test_boundaries_cannot_be_guessed():
    assert made({}).boundary != made({}).boundary


@on_every_loop
async def test_all_kinds_of_files(tmp_path):
    (tmp_path / "föto.jpg").write_bytes(b"jpeg")

    async def generated():
        yield b"made"

    with (tmp_path / "föto.jpg").open("rb") as file:
        multipart = made(
            {
                "path": tmp_path / "föto.jpg",
                "open": file,
                "bytes": b"raw",
                "memory": ("x.bin", io.BytesIO(b"mem")),
                "typed": ("data", b"{}", "application/json"),
                "several": [b"1", ("2.gif", b"2")],
                "made": ("made.csv", generated()),
            },
            field=b"value",
        )
        assert multipart.whole() is None
        assert multipart.size is None
        assert not multipart.repeatable
        arguments, files = parsed(multipart, await all_of(multipart))
    assert arguments == {"field": [b"value"]}
    assert files == {
        "path": [("föto.jpg", "image/jpeg", b"jpeg")],
        "open": [("föto.jpg", "image/jpeg", b"jpeg")],
        "bytes": [("bytes", "application/octet-stream", b"raw")],
        "memory": [("x.bin", "application/octet-stream", b"mem")],
        "typed": [("data", "application/json", b"{}")],
        "several": [("several", "application/octet-stream", b"1"), ("2.gif", "image/gif", b"2")],
        "made": [("made.csv", "text/csv", b"made")],
    }


@on_every_loop
async def test_the_size_is_known_where_all_sizes_are(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 1000)
    multipart = made([("a", tmp_path / "a"), ("a", b"more")], b=b"c")
    assert multipart.whole() is None
    assert multipart.repeatable
    for _ in range(2):
        assert len(await all_of(multipart)) == multipart.size


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ('a"b', b'"a%22b"'),
        ('x"\r\nX-Evil: 1\r\n\r\nbody', b'"x%22%0D%0AX-Evil: 1%0D%0A%0D%0Abody"'),
        ("\0\x7f\t", b'"%00%7F%09"'),
        ("ü%\\;", '"ü%\\;"'.encode()),
        ("\udcff", b'"\xff"'),
    ],
)
def test_names_stay_names(name, written):
    multipart = made({name: (name, b"", "a/b")})
    [head, *_] = multipart.whole().split(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[1:] == [
        b"Content-Disposition: form-data; name=" + written + b"; filename=" + written,
        b"Content-Type: a/b",
    ]


@pytest.mark.parametrize("media_type", ["a/b\r\nX-Evil: 1", "a/b\0", "ü/b"])
def test_media_types_stay_media_types(media_type):
    with pytest.raises(ValueError, match="not a media type"):
        made({"a": ("b", b"", media_type)})


def test_wrong_files():
    with pytest.raises(TypeError, match="text is no content"):
        made({"a": "b"})
    with pytest.raises(ValueError, match="not a tuple of 4"):
        made({"a": ("b", b"", "c/d", {})})
    with pytest.raises(TypeError, match="names in a form are text"):
        made([(5, b"")])


NAMES = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"\\%'), min_size=1
)


@given(st.lists(st.tuples(NAMES, NAMES, st.binary())), st.dictionaries(NAMES, st.binary()))
def test_what_is_written_is_read(files, fields):
    multipart = made([(n, (f, c, "a/b")) for n, f, c in files], **fields)
    arguments, found = parsed(multipart)
    assert arguments == {name: [value] for name, value in fields.items()}
    wanted = {}
    for name, filename, content in files:
        wanted.setdefault(name, []).append((filename, "a/b", content))
    assert found == wanted


@given(st.text(), st.text())
def test_whatever_the_names_are_the_parts_are_two(name, filename):
    multipart = made({name: (filename, b"content")}, field=b"value")
    message = BytesParser(policy=email.policy.HTTP).parsebytes(
        f"Content-Type: {multipart.content_type}\r\n\r\n".encode() + multipart.whole()
    )
    parts = list(message.iter_parts())
    assert [part.get_payload(decode=True) for part in parts] == [b"value", b"content"]
    assert [len(part.items()) for part in parts] == [1, 2]
