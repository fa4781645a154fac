"""Bodies of forms."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.httputil import (
    HTTPFile,
    HTTPHeaders,
    HTTPInputError,
    ParseBodyConfig,
    ParseMultipartConfig,
    ParseUrlEncodedConfig,
    parse_body_arguments,
    parse_multipart_form_data,
    set_parse_body_config,
)

Form = tuple[dict[str, list[bytes]], dict[str, list[HTTPFile]]]


def parse(content_type: str, body: bytes, **headers: str) -> Form:
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[HTTPFile]] = {}
    fields = HTTPHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    parse_body_arguments(content_type, body, arguments, files, fields)
    return arguments, files


def parse_parts(
    body: bytes, boundary: bytes = b"b", config: ParseMultipartConfig | None = None
) -> Form:
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[HTTPFile]] = {}
    parse_multipart_form_data(boundary, body, arguments, files, config=config)
    return arguments, files


def part(disposition: str, content: bytes = b"data", more: str = "") -> bytes:
    return b"--b\r\nContent-Disposition: %b\r\n%b\r\n%b\r\n" % (
        disposition.encode(),
        more.encode(),
        content,
    )


END = b"--b--\r\n"


# urlencoded


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
        "Application/X-WWW-Form-Urlencoded ;x",
    ],
)
def test_urlencoded(content_type: str) -> None:
    arguments, files = parse(content_type, b"a=1&b=%C3%A9+&a=&c")
    assert arguments == {"a": [b"1", b""], "b": [b"\xc3\xa9 "], "c": [b""]}
    assert files == {}


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/json",
        "application/x-www-form-urlencodedx",
        "multipart/mixed; boundary=b",
    ],
)
def test_other_types_are_left_alone(content_type: str) -> None:
    assert parse(content_type, b"a=1", Content_Encoding="gzip") == ({}, {})


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
)
def test_a_content_coding_is_not_supported(content_type: str) -> None:
    with pytest.raises(HTTPInputError) as caught:
        parse(content_type, b"a=1", Content_Encoding="gzip")
    assert caught.value.status == 415


def test_they_are_added_to_what_is_there() -> None:
    arguments = {"a": [b"0"]}
    parse_body_arguments("application/x-www-form-urlencoded", b"a=1", arguments, {})
    assert arguments == {"a": [b"0", b"1"]}


# multipart


@pytest.mark.parametrize(
    ("body", "arguments"),
    [
        (part('form-data; name="a"') + END, {"a": [b"data"]}),
        (part('form-data; name="a"') + b"--b--", {"a": [b"data"]}),
        (part("form-data; name=a") + END, {"a": [b"data"]}),
        (part("Form-Data ; NAME = a") + END, {"a": [b"data"]}),
        (part('form-data; name="a"', b"") + END, {"a": [b""]}),
        (part('form-data; name="a"', b"\r\n\r\n") + END, {"a": [b"\r\n\r\n"]}),
        (
            part('form-data; name="a"', b"x\n--b\ny --b\r\n-- b") + END,
            {"a": [b"x\n--b\ny --b\r\n-- b"]},
        ),
        (part('form-data; name="a"', b"\xff\0") + END, {"a": [b"\xff\0"]}),
        (part('form-data; name="a"') * 2 + END, {"a": [b"data"] * 2}),
        (part('form-data; name="a"', more="Content-Type: text/x\r\n") + END, {"a": [b"data"]}),
        (part('form-data; name="a"; filename=""') + END, {"a": [b"data"]}),
        (part('form-data; name="\u00e9 \u2603"') + END, {"\u00e9 \u2603": [b"data"]}),
        # White space behind a boundary, text before the first and behind the last (RFC 2046 section 5.1.1).
        (b"--b \t\r\n" + part('form-data; name="a"')[5:] + END, {"a": [b"data"]}),
        (b"preamble\r\n" + part('form-data; name="a"') + END + b"epilogue", {"a": [b"data"]}),
        # Headers alone.
        (b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + END, {"a": [b""]}),
        (b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n--b--', {"a": [b""]}),
        (b"--b--", {}),
        (b"\r\n--b--\r\n", {}),
    ],
)
def test_fields(body: bytes, arguments: dict[str, list[bytes]]) -> None:
    assert parse_parts(body) == (arguments, {})
    assert parse('multipart/form-data; charset=x; boundary="b"', body) == (arguments, {})


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('form-data; name="f"; filename="a.txt"', "a.txt"),
        ("form-data; filename=a.txt; name=f", "a.txt"),
        ('form-data; name="f"; filename="a b;c=d,.txt"', "a b;c=d,.txt"),
        ('form-data; name="f"; filename="a\\"b\\\\c"', 'a"b\\c'),
        ('form-data; name="f"; filename="C:\\path\\n.txt"', "C:\\path\\n.txt"),
        ('form-data; name="f"; filename="%22.txt"', "%22.txt"),
        ('form-data; name="f"; filename="\u00e9.txt"', "\u00e9.txt"),
        ("form-data; name=\"f\"; filename*=UTF-8''%C3%A9.txt", "\u00e9.txt"),
        ('form-data; name="f"; filename*=iso-8859-1\'en\'%E9.txt; filename="e.txt"', "\u00e9.txt"),
        ('form-data; name="f"; filename="e.txt"; filename*=nonsense\'\'%E9', "e.txt"),
        ('form-data; name="f"; filename="../../etc/passwd"', "../../etc/passwd"),
    ],
)
def test_files(disposition: str, filename: str) -> None:
    arguments, files = parse_parts(part(disposition, b"x\r\n", "Content-Type: text/x\r\n") + END)
    assert arguments == {}
    (file,) = files["f"]
    assert file == {"filename": filename, "body": b"x\r\n", "content_type": "text/x"}
    assert (file.filename, file.body, file.content_type) == (filename, b"x\r\n", "text/x")


def test_a_file_without_a_type() -> None:
    _, files = parse_parts(part('form-data; name="f"; filename="a"') + END)
    assert files["f"][0].content_type == "application/unknown"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"nonsense", 400),
        (b"--b\r\n", 400),
        (b"--b", 400),
        (b"--bb--", 400),
        (b"x--b--", 400),
        (part('form-data; name="a"'), 400),
        (part('form-data; name="a"') + b"--b-", 400),
        (part('form-data; name="a"') + b"\r\n--b\r\n", 400),
        (part('form-data; name="a"').replace(b"\r\n", b"\n") + END, 400),
        (part('form-data; name=""') + END, 400),
        (part("form-data") + END, 400),
        (part('form-data; filename="x"') + END, 400),
        (part('attachment; name="a"') + END, 400),
        (part("") + END, 400),
        (b"--b\r\nX: y\r\n\r\ndata\r\n" + END, 400),
        (b"--b\r\n\r\ndata\r\n" + END, 400),
        (b"--b\r\ndata\r\n" + END, 400),
        (b"--b\r\n" + END, 400),
        (b"--bx\r\n" + END, 400),
        (b"--b x\r\nContent-Disposition: form-data; name=a\r\n\r\ndata\r\n" + END, 400),
        (part('form-data; name="a\r\nb"') + END, 400),
        (part('form-data; name="a"\r\n folded') + END, 400),
        (part('form-data; name="a\0"') + END, 400),
        (b"--b\r\nContent-Disposition: form-data; name=\xff\r\n\r\n\r\n" + END, 400),
        (part('form-data; name="a"', more="no colon\r\n") + END, 400),
        (part('form-data; name="a"', more=f"X: {'y' * 11000}\r\n") + END, 431),
        (part('form-data; name="a"') * 1001 + END, 413),
    ],
)
def test_what_is_refused(body: bytes, status: int) -> None:
    with pytest.raises(HTTPInputError) as caught:
        parse_parts(body)
    assert caught.value.status == status


@pytest.mark.parametrize("boundary", ["x", "a-b_c.d:e=f?g'h(i)j+k,l/m", "a b", "x" * 70])
def test_boundaries(boundary: str) -> None:
    body = part('form-data; name="a"').replace(b"--b\r", f"--{boundary}\r".encode())
    body += f"--{boundary}--".encode()
    for quoted in (f'"{boundary}"', *([] if set(boundary) & set(" ,") else [boundary])):
        assert parse(f"multipart/form-data; boundary={quoted}", body)[0] == {"a": [b"data"]}
    assert parse_parts(body, f'"{boundary}"'.encode())[0] == {"a": [b"data"]}


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/form-data; boundary=" + "x" * 71,
        'multipart/form-data; boundary="a "',
        'multipart/form-data; boundary="\xe9"',
        'multipart/form-data; boundary="a\\"b"',
        'multipart/form-data; boundary="a',
    ],
)
def test_no_boundary(content_type: str) -> None:
    with pytest.raises(HTTPInputError):
        parse(content_type, b"--a--")


@given(
    fields=st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs"]), min_size=1),
            st.one_of(st.none(), st.text('ab.\\"; =', min_size=1)),
            st.binary(),
        )
    )
)
def test_what_was_written_is_read(fields: list[tuple[str, str | None, bytes]]) -> None:
    boundary = b"boundary-that-nobody-draws"
    body = b""
    expected: list[Any] = []
    for name, filename, content in fields:
        disposition = f'form-data; name="{name}"'
        if filename is not None:
            quoted = filename.replace("\\", "\\\\").replace('"', '\\"')
            disposition += f'; filename="{quoted}"'
        head = f"Content-Disposition: {disposition}\r\n".encode()
        body += b"--%b\r\n%b\r\n%b\r\n" % (boundary, head, content)
        expected.append((name, filename, content))
    arguments, files = parse_parts(body + b"--%b--\r\n" % boundary, boundary)
    found = [(name, None, value) for name in arguments for value in arguments[name]]
    found += [(name, file.filename, file.body) for name in files for file in files[name]]
    assert sorted(found, key=repr) == sorted(expected, key=repr)


@given(
    pieces=st.lists(
        st.sampled_from(
            [b"--b", b"--", b"\r\n", b"\r", b"\n", b"-", b"b", b" ", b"x", b"\xff", b'"', b"; name=a",
             b"Content-Disposition: form-data", b":", b'; filename="', b"\r\n\r\n"]
        )
    )
)  # fmt: skip
def test_no_body_is_too_strange(pieces: list[bytes]) -> None:
    try:
        parse_parts(b"".join(pieces))
    except HTTPInputError:
        pass


# Limits


@pytest.fixture
def configured() -> Iterator[None]:
    set_parse_body_config(
        ParseBodyConfig(ParseMultipartConfig(max_parts=1), ParseUrlEncodedConfig(max_arguments=1))
    )
    yield
    set_parse_body_config(ParseBodyConfig())


def test_limits_of_a_call() -> None:
    body = part('form-data; name="a"') + END
    for config, status in (
        (ParseMultipartConfig(max_parts=1), None),
        (ParseMultipartConfig(max_parts=0), 413),
        (ParseMultipartConfig(max_part_header_size=10), 431),
        (ParseMultipartConfig(enabled=False), 415),
    ):
        if status is None:
            parse_parts(body, config=config)
        else:
            with pytest.raises(HTTPInputError) as caught:
                parse_parts(body, config=config)
            assert caught.value.status == status
    arguments: dict[str, list[bytes]] = {}
    limited = ParseBodyConfig(urlencoded=ParseUrlEncodedConfig(max_arguments=2, max_size=12))
    for body, status in ((b"a=1&a=2", None), (b"a=1&a=2&a=3", 413), (b"a=" + b"1" * 11, 413)):
        if status is None:
            parse_body_arguments(
                "application/x-www-form-urlencoded", body, arguments, {}, config=limited
            )
        else:
            with pytest.raises(
                HTTPInputError, match=r"Max number of fields|larger than 12"
            ) as caught:
                parse_body_arguments(
                    "application/x-www-form-urlencoded", body, arguments, {}, config=limited
                )
            assert caught.value.status == status


@pytest.mark.usefixtures("configured")
def test_limits_of_the_process() -> None:
    part_a = part('form-data; name="a"')
    assert parse("multipart/form-data; boundary=b", part_a + END)[0] == {"a": [b"data"]}
    with pytest.raises(HTTPInputError, match="too many parts"):
        parse("multipart/form-data; boundary=b", part_a * 2 + END)
    with pytest.raises(HTTPInputError, match="Max number of fields"):
        parse("application/x-www-form-urlencoded", b"a=1&b=2")


def test_the_defaults() -> None:
    config = ParseBodyConfig()
    assert config.multipart == ParseMultipartConfig(True, 1000, 10 * 1024)
    assert config.urlencoded == ParseUrlEncodedConfig(1000)


@pytest.mark.parametrize(
    "piece", [b"\r\n", b"--b", b"\r\n--", b"\r\n--b", b"-", b"\r\n--b\r\n", b"\r"]
)
def test_long_bodies_take_linear_time(piece: bytes) -> None:
    for start, end in ((b"", b""), (b"--b\r\n", b"\r\n--b--"), (b"", b"--b--")):
        try:
            parse_parts(start + piece * 200_000 + end)
        except HTTPInputError:
            pass
