"""Which responses are compressed, how, and what their headers say; without a server."""

from typing import Any

import pytest

from tests.codings.samples import NAMES, decoded, each_coding
from tests.web.helpers import make_handler
from tornadolike.codings import CODINGS
from tornadolike.httputil import HTTPHeaders, HTTPServerRequest
from tornadolike.web import (
    Application,
    ContentEncoding,
    GZipContentEncoding,
    OutputTransform,
    RequestHandler,
)
from tornadolike.web.transforms import compressing

TEXT = b"It is what it is, and again. " * 100
HTML = "text/html; charset=UTF-8"


def transform(
    accept: str | None = "gzip",
    *,
    chunk: bytes = TEXT,
    status: int = 200,
    content_type: str | None = HTML,
    method: str = "GET",
    finishing: bool = True,
    known: str | None = None,
    made: type[OutputTransform] = GZipContentEncoding,
    **headers: str,
) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a response behind its transform; all but its Content-Type."""
    fields = {"Accept-Encoding": accept, "If-None-Match": known}
    request = HTTPServerRequest(
        method,
        "/",
        headers=HTTPHeaders({name: value for name, value in fields.items() if value is not None}),
    )
    given = HTTPHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    if content_type is not None:
        given["Content-Type"] = content_type
    first = made(request).transform_first_chunk(status, given, chunk, finishing)
    assert first[0] == status
    assert first[1].pop("Content-Type", None) == content_type
    return dict(first[1]), first[2]


COMPRESSED = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
VARIES = {"Vary": "Accept-Encoding"}


@pytest.mark.parametrize("accept", ["gzip", "GZip", "deflate, gzip;q=0.2", "*", "x-gzip"])
def test_a_client_that_accepts_it(accept: str) -> None:
    headers, body = transform(accept)
    assert headers == COMPRESSED
    assert len(body) < len(TEXT)
    assert decoded("gzip", body) == TEXT


@pytest.mark.parametrize("accept", [None, "", "identity", "br", "gzip;q=0", "*;q=0", "gzip2"])
def test_a_client_that_does_not(accept: str | None) -> None:
    assert transform(accept) == (VARIES, TEXT)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "TEXT/HTML ; charset=utf-8",
        "text/event-stream",
        "application/json",
        "application/javascript; charset=x",
        "application/problem+json",
        "image/svg+xml",
        "application/wasm",
    ],
)
def test_types_worth_it(content_type: str) -> None:
    assert transform(content_type=content_type)[0] == COMPRESSED


@pytest.mark.parametrize(
    "content_type", [None, "", "image/png", "video/mp4", "x-text/html", "json"]
)
def test_types_that_are_not(content_type: str | None) -> None:
    assert transform(content_type=content_type) == ({}, TEXT)


@pytest.mark.parametrize(
    "header",
    [
        {"Content-Encoding": "br"},
        {"Cache-Control": "public, No-Transform"},
        {"Content-Digest": "sha-256=::"},
        {"Repr-Digest": "sha-256=::"},
        {"Digest": "sha-256="},
        {"Content-MD5": "x"},
    ],
)
def test_what_is_about_the_very_bytes_stays_true(header: dict[str, str]) -> None:
    assert transform(**header) == (dict(HTTPHeaders(header)), TEXT)


@pytest.mark.parametrize("status", [200, 201, 203, 404, 500])
def test_any_status_with_a_body(status: int) -> None:
    assert transform(status=status)[0] == COMPRESSED


def test_a_part_is_a_part_of_what_is_not_compressed() -> None:
    assert transform(status=206, Content_Range="bytes 0-1/9") == (
        {"Content-Range": "bytes 0-1/9", **VARIES},
        TEXT,
    )


def test_nothing_to_compress() -> None:
    assert transform(status=204, chunk=b"") == ({}, b"")
    assert transform(chunk=b"") == (VARIES, b"")


def test_small_bodies() -> None:
    least = GZipContentEncoding.MIN_LENGTH
    assert transform(chunk=b"x" * (least - 1)) == (VARIES, b"x" * (least - 1))
    assert transform(chunk=b"x" * least)[0] == COMPRESSED
    # In pieces nobody knows how small, unless it is said.
    assert transform(chunk=b"x", finishing=False)[0] == COMPRESSED
    small = {"Content-Length": str(least - 1)}
    assert transform(chunk=b"x", finishing=False, **small) == ({**small, **VARIES}, b"x")
    assert transform(chunk=b"x", finishing=False, Content_Length=str(least))[0] == COMPRESSED


def test_the_length_of_what_is_not_compressed_is_not_said() -> None:
    assert transform(Content_Length=str(len(TEXT)))[0] == COMPRESSED


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Cookie", "Cookie, Accept-Encoding"),
        ("Cookie, accept-encoding", "Cookie, accept-encoding"),
        ("*", "*"),
    ],
)
def test_what_else_it_varies_with(before: str, after: str) -> None:
    assert transform(Vary=before)[0]["Vary"] == after


def test_etags_become_weak_and_ranges_are_of_no_use() -> None:
    assert transform(Etag='"x"', Accept_Ranges="bytes")[0] == {"Etag": 'W/"x"', **COMPRESSED}
    assert transform(Etag='W/"x"')[0] == {"Etag": 'W/"x"', **COMPRESSED}
    assert transform(None, Etag='"x"', Accept_Ranges="bytes")[0] == {
        "Etag": '"x"',
        "Accept-Ranges": "bytes",
        **VARIES,
    }


@pytest.mark.parametrize(
    ("known", "etag"),
    [('W/"x"', 'W/"x"'), ('"y", W/"x"', 'W/"x"'), ('"x"', '"x"'), ("*", '"x"'), (None, '"x"')],
)
def test_a_304_repeats_what_was_said(known: str | None, etag: str) -> None:
    said = transform(status=304, chunk=b"", content_type=None, Etag='"x"', known=known)
    assert said == ({"Etag": etag, **VARIES}, b"")


def test_a_304_without_an_etag() -> None:
    assert transform(status=304, chunk=b"", content_type=None) == (VARIES, b"")


@pytest.mark.parametrize("chunk", [TEXT, b""], ids=["with a body", "without one"])
def test_head_says_the_same_but_the_length(chunk: bytes) -> None:
    told = {"Content_Length": str(len(TEXT)), "Etag": '"x"'}
    headers, body = transform(method="HEAD", chunk=chunk, **told)
    assert headers == transform(**told)[0]
    assert body == b""


# In pieces


@each_coding
def test_each_piece_can_be_read_when_it_is_sent(name: str) -> None:
    class One(ContentEncoding):
        CODINGS = (name,)

    request = HTTPServerRequest("GET", "/", headers=HTTPHeaders({"Accept-Encoding": name}))
    transform = One(request)
    headers = HTTPHeaders({"Content-Type": "text/plain"})
    _, _, first = transform.transform_first_chunk(200, headers, b"", False)
    assert headers["Content-Encoding"] == name
    assert first == b""
    decoder = CODINGS[name].make_decoder()
    for piece in (b"a", b"bc", TEXT):
        assert b"".join(decoder.decode(transform.transform_chunk(piece, False))) == piece
        assert transform.transform_chunk(b"", False) == b""
    assert b"".join(decoder.decode(transform.transform_chunk(b"last", True))) == b"last"
    decoder.finish()


# The choice


def test_what_this_server_likes_best() -> None:
    everything = ", ".join(NAMES)
    assert transform(everything, made=ContentEncoding)[0]["Content-Encoding"] == NAMES[0]
    assert transform("gzip, br;q=0", made=ContentEncoding)[0]["Content-Encoding"] == "gzip"
    assert transform("deflate", made=ContentEncoding) == (VARIES, TEXT)


def choice(setting: object) -> type[ContentEncoding]:
    (made,) = Application(compress_response=setting).transforms
    assert issubclass(made, ContentEncoding)
    return made


def test_the_setting() -> None:
    assert Application().transforms == []
    assert Application(compress_response=False).transforms == []
    assert choice(True) is ContentEncoding
    assert Application(gzip=True).transforms == [ContentEncoding]
    made = choice(
        {
            "codings": ["gzip", "deflate"],
            "levels": {"gzip": 1, "deflate": 9, "br": 0},
            "min_length": 5,
            "content_types": ["application/x-mine"],
        }
    )
    assert (made.CODINGS, made.GZIP_LEVEL, made.MIN_LENGTH) == (("gzip", "deflate"), 1, 5)
    said = transform(
        "gzip;q=0.5, deflate", made=made, chunk=b"12345", content_type="application/x-mine"
    )
    assert said[0]["Content-Encoding"] == "deflate"
    assert decoded("deflate", said[1]) == b"12345"
    assert transform(made=made, content_type="application/json")[0] == {}
    assert ContentEncoding.MIN_LENGTH == 1024


def test_levels_make_a_difference() -> None:
    noise = bytes(range(256)) * 3 + TEXT * 20
    for name in NAMES:
        sizes = [
            len(
                transform(
                    name, chunk=noise, made=choice({"codings": [name], "levels": {name: level}})
                )[1]
            )
            for level in (CODINGS[name].levels[0], CODINGS[name].levels[-1])
        ]
        assert sizes[0] >= sizes[1]
    fast, slow = (
        transform(chunk=noise, made=choice({"levels": {"gzip": level}}))[1] for level in (1, 9)
    )
    assert len(fast) > len(slow)


def test_a_coding_that_is_not_installed_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tornadolike.web.transforms.CODINGS", {"gzip": CODINGS["gzip"]})
    made = compressing({"codings": ("br", "gzip"), "levels": {"br": 5}})
    assert made.CODINGS == ("gzip",)


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ({"level": 5}, "not \\['level'\\]"),
        ({"codings": ["brotli"]}, "not 'brotli'"),
        ({"levels": {"zip": 5}}, "not 'zip'"),
        ({"levels": {"gzip": 12}}, "12 is none of gzip's"),
    ],
)
def test_a_setting_that_is_not_understood(setting: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Application(compress_response=setting)


# Transforms of the site's own


class Shout(OutputTransform):
    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        headers = headers.copy()
        headers["X-Loud"] = "yes"
        return 203, headers, self.transform_chunk(chunk, finishing)

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        return chunk.upper() + (b"!" if finishing else b"")


def test_one_of_the_authors() -> None:
    application = Application(transforms=[Shout], compress_response=True)
    assert application.transforms == [Shout]
    application.add_transform(OutputTransform)
    assert application.transforms == [Shout, OutputTransform]
    handler = make_handler()
    handler.application = application
    application.settings["log_function"] = lambda handler: None
    handler.finish("hello")
    connection = handler.request.connection
    assert (connection.status, connection.body) == (203, b"HELLO!")
    assert connection.headers["X-Loud"] == "yes"


def test_one_of_the_authors_in_pieces() -> None:
    handler: RequestHandler = make_handler()
    handler.application.add_transform(Shout)
    handler.write("a")
    handler.flush()
    handler.write("b")
    handler.flush()
    handler.finish("c")
    connection: Any = handler.request.connection
    assert (connection.status, connection.body, connection.whole) == (203, b"ABC!", True)
