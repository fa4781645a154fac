"""The rules of PEP 3333 for what an application says."""

import sys

import pytest

from tests.wsgi.apps import PLAIN, Closing, answering
from tornadolike.wsgi.files import FileWrapper
from tornadolike.wsgi.response import HOP_BY_HOP, Response, run


def pieces_of(application, method="GET", send_files=False):
    """The pieces that an application gives, what it writes among them, and the response."""
    sent = []
    response = Response(method, lambda data: sent.append((data, False)))
    sent.extend(run(application, {}, response, send_files))
    return sent, response


def body_of(application, method="GET"):
    sent, response = pieces_of(application, method)
    return b"".join(piece for piece, last in sent), response.headers.get("Content-Length")


def test_a_list_is_one_piece():
    sent, response = pieces_of(answering(b"one", b"", b"two", status="201 Made it"))
    assert sent == [(b"onetwo", True)]
    assert (response.status, response.reason) == (201, "Made it")
    assert response.headers["Content-Length"] == "6"
    assert response.headers["Content-Type"] == "text/plain"
    assert response.headers["Server"] == "tornadolike"
    assert "Date" in response.headers


def test_an_iterable_that_has_one_block_is_whole():
    class One(Closing):
        def __len__(self):
            return 1

    assert pieces_of(answering(b"one", wrap=One))[0] == [(b"one", True)]


def test_others_come_piece_by_piece():
    sent, response = pieces_of(answering(b"one", b"", b"two", wrap=iter))
    assert sent == [(b"one", False), (b"two", False), (b"", True)]
    assert "Content-Length" not in response.headers


def test_the_last_piece_is_known_by_the_length():
    headers = [("Content-Length", "6")]
    assert pieces_of(answering(b"one", b"two", b"", headers=headers, wrap=iter))[0] == [
        (b"one", False),
        (b"two", True),
    ]


def test_no_piece_is_fetched_before_the_one_before_it_is_sent():
    fetched = []

    def application(environ, start_response):
        start_response("200 OK", PLAIN)
        for number in range(3):
            fetched.append(number)
            yield b"%d" % number

    pieces = run(application, {}, Response("GET", None), False)
    next(pieces)
    assert fetched == [0]
    pieces.close()


def test_the_head_may_come_with_the_first_piece():
    def application(environ, start_response):
        yield b""
        start_response("200 OK", PLAIN)
        yield b"x"

    assert pieces_of(application)[0] == [(b"x", False), (b"", True)]


@pytest.mark.parametrize(
    "application", [lambda *args: [], lambda *args: [b"x"], lambda *args: iter((b"x",))]
)
def test_without_start_response_there_is_no_response(application):
    with pytest.raises(RuntimeError, match="calls start_response"):
        pieces_of(application)


def test_what_is_written_comes_first():
    def application(environ, start_response):
        write = start_response("200 OK", PLAIN)
        write(b"one")
        write(b"")
        write(b"two")
        return [b"three"]

    sent, response = pieces_of(application)
    assert sent == [(b"one", False), (b"two", False), (b"three", True)]
    assert "Content-Length" not in response.headers


def test_all_may_be_written():
    def application(environ, start_response):
        start_response("200 OK", [("Content-Length", "1")])(b"x")
        return []

    assert pieces_of(application)[0] == [(b"x", False), (b"", True)]


def test_nothing_is_written_behind_the_end():
    kept = []

    def application(environ, start_response):
        kept.append(start_response("200 OK", PLAIN))
        return iter([b"x"])

    pieces_of(application)
    with pytest.raises(RuntimeError, match="this response is over"):
        kept[0](b"more")


# Lengths


@pytest.mark.parametrize("wrap", [list, iter])
def test_what_is_too_long_is_cut(wrap, caplog):
    result = Closing([])

    def forever():
        while True:
            yield b"12345"

    blocks = [b"12345"] * 3 if wrap is list else forever()
    application = answering(headers=[("Content-Length", "8")], wrap=lambda _: blocks)
    assert body_of(application) == (b"12345123", "8")
    assert len(caplog.records) == 1
    assert "longer than its Content-Length" in caplog.text
    assert not result.closed


@pytest.mark.parametrize("wrap", [list, iter, Closing])
def test_what_is_too_short_is_an_error(wrap):
    with pytest.raises(RuntimeError, match="ends 1 bytes short"):
        pieces_of(answering(b"12", headers=[("Content-Length", "3")], wrap=wrap))


def test_nothing_is_written_past_the_length():
    def application(environ, start_response):
        write = start_response("200 OK", [("Content-Length", "2")])
        write(b"1")
        write(b"23")

    with pytest.raises(ValueError, match="past the Content-Length: 1 bytes"):
        pieces_of(application)


@pytest.mark.parametrize("wrap", [list, iter])
@pytest.mark.parametrize(
    ("method", "status", "headers", "length"),
    [
        ("HEAD", "200 OK", [], "list"),
        ("HEAD", "200 OK", [("Content-Length", "99")], "99"),
        ("GET", "204 No Content", [("Content-Length", "1")], None),
        ("GET", "304 Not Modified", [("Content-Length", "99")], "99"),
        ("GET", "304 Not Modified", [], None),
    ],
)
def test_no_body_is_sent_where_there_is_none(wrap, method, status, headers, length):
    application = answering(b"body", b"more", status=status, headers=headers, wrap=wrap)
    if length == "list":  # known of a list only
        length = "8" if wrap is list else None
    assert body_of(application, method) == (b"", length)


def test_an_empty_answer_to_head_tells_no_length():
    assert body_of(answering(), "HEAD") == (b"", None)
    assert body_of(answering(), "GET") == (b"", "0")


def test_the_rest_is_not_fetched_where_no_body_is_sent():
    def endless():
        while True:
            yield b"x"

    assert body_of(answering(wrap=lambda _: endless()), "HEAD") == (b"", None)


def test_a_type_is_added_where_none_is_said():
    headers = pieces_of(answering(headers=[]))[1].headers
    assert headers["Content-Type"] == "text/html; charset=UTF-8"
    assert "Content-Type" not in pieces_of(answering(status="204 x", headers=[]))[1].headers


# Closing


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("length", ["2", "1", None])
def test_what_is_returned_is_closed_once(method, length):
    result = Closing([b"1", b"2"])
    headers = [("Content-Length", length)] if length else []
    pieces_of(answering(headers=headers, wrap=lambda _: result), method)
    assert result.closed == 1


@pytest.mark.parametrize("blocks", [["text"], (b"x" if n == 0 else 1 / 0 for n in range(2)), [3]])
def test_it_is_closed_after_an_error(blocks):
    result = Closing(blocks)
    with pytest.raises((TypeError, ZeroDivisionError)):
        pieces_of(answering(wrap=lambda _: result))
    assert result.closed == 1


def test_it_is_closed_when_nobody_wants_more():
    result = Closing([b"1", b"2"])
    pieces = run(answering(wrap=lambda _: result), {}, Response("GET", None), False)
    next(pieces)
    pieces.close()
    assert result.closed == 1


# start_response


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("200", ValueError),
        ("200OK", ValueError),
        ("20 OK", ValueError),
        ("099 OK", ValueError),
        ("+20 OK", ValueError),
        ("٢٠٠ OK", ValueError),
        ("2000 OK", ValueError),
        (" 200 OK", ValueError),
        ("", ValueError),
        ("200 OK\r\nSet-Cookie: a=b", ValueError),
        ("200 OK\n", ValueError),
        ("200 \u20ac", ValueError),
        ("100 Continue", ValueError),
        ("101 Switching Protocols", ValueError),
        (200, TypeError),
        (b"200 OK", TypeError),
        (None, TypeError),
    ],
)
def test_a_status_that_is_none(status, error):
    with pytest.raises(error):
        Response("GET", None).start(status, [])


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ([("X", "a\r\nSet-Cookie: a=b")], ValueError),
        ([("X", "a\nb")], ValueError),
        ([("X", "a\0b")], ValueError),
        ([("X", "\u20ac")], ValueError),
        ([("X\r\nY", "a")], ValueError),
        ([("X:", "a")], ValueError),
        ([("X Y", "a")], ValueError),
        ([("", "a")], ValueError),
        ([("X",)], ValueError),
        ([("X", "a", "b")], ValueError),
        ([("Content-Length", "-1")], ValueError),
        ([("Content-Length", "+1")], ValueError),
        ([("Content-Length", "1_0")], ValueError),
        ([("Content-Length", "01")], ValueError),
        ([("Content-Length", "9" * 30)], ValueError),
        ([("Content-Length", "")], ValueError),
        ([("Content-Length", "1"), ("content-length", "1")], ValueError),
        ([("X", 1)], TypeError),
        ([("X", b"a")], TypeError),
        ([(b"X", "a")], TypeError),
        ([("X", None)], TypeError),
        ([1], TypeError),
        ((("X", "a"),), TypeError),
        ({"X": "a"}, TypeError),
        (None, TypeError),
        *[([(name.upper(), "x")], ValueError) for name in sorted(HOP_BY_HOP)],
    ],
)
def test_headers_that_are_none(headers, error):
    response = Response("GET", None)
    with pytest.raises(error):
        response.start("200 OK", headers)
    assert response.headers is None  # so that another call may do better


def test_headers_as_they_are_sent():
    response = Response("GET", None)
    response.start(
        "200 ",
        [
            ("set-cookie", "a=1"),
            ("Connection", "keep-alive"),
            ("Set-Cookie", " b=2\t"),
            ("keep-alive", "timeout=5"),
            ("X", "\xe9"),
            ("Y", ""),
        ],
    )
    assert list(response.headers.get_all()) == [
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("X", "\xe9"),
        ("Y", ""),
    ]
    assert response.reason == ""


def test_a_second_call_needs_an_exception():
    response = Response("GET", None)
    response.start("200 OK", [])
    with pytest.raises(RuntimeError, match="only with exc_info"):
        response.start("500 Oh", [])


def failing(before):
    """An application that fails when some of its pieces have been given, and says so."""

    def application(environ, start_response):
        start_response("200 OK", [("X-Old", "1"), ("Content-Length", "2")])
        yield from before
        try:
            raise KeyError("mine")
        except KeyError:
            start_response("500 Oh", [("X-New", "1")], sys.exc_info())
        yield b"sorry"

    return application


def test_an_error_before_the_first_piece_replaces_the_head():
    sent, response = pieces_of(failing([b""]))
    assert sent == [(b"sorry", False), (b"", True)]
    assert (response.status, "X-Old" in response.headers) == (500, False)


def test_an_error_behind_it_is_raised():
    with pytest.raises(KeyError, match="mine") as caught:
        pieces_of(failing([b"x"]))
    assert caught.traceback[-1].name == "application"


# Files


def test_files_are_given_as_a_whole(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    for length, method, size in [(None, "GET", 8), ("4", "GET", 4), (None, "HEAD", 0)]:
        file = path.open("rb")
        file.read(2)
        headers = [("Content-Length", length)] if length else []
        application = answering(headers=headers, wrap=lambda _, file=file: FileWrapper(file))
        sent, response = pieces_of(application, method, send_files=True)
        assert [(part[1:], last) for part, last in sent] == [((2, size), True)]
        assert response.headers["Content-Length"] == length or "8"
        assert file.closed


def test_a_file_that_is_too_short_is_an_error(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    headers = [("Content-Length", "11")]
    application = answering(headers=headers, wrap=lambda _: FileWrapper(path.open("rb")))
    with pytest.raises(RuntimeError, match="1 bytes short"):
        pieces_of(application, send_files=True)
