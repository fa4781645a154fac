"""Etags, and requests that are conditional on them (RFC 9110 section 13)."""

import hashlib

import pytest

from tests.web.helpers import make_handler
from tornadolike.web import RequestHandler

HASH = hashlib.sha1(b"Hello").hexdigest()


class Hello(RequestHandler):
    def get(self) -> None:
        self.write("Hel")
        self.write("lo")

    head = post = get


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (None, 200),
        (f'"{HASH}"', 304),
        (f'W/"{HASH}"', 304),  # the weak comparison
        (f'"x", W/"y",  "{HASH}"', 304),
        ("*", 304),
        ('"x"', 200),
        ('"*"', 200),
        ('"x", *', 200),
        (HASH, 200),  # no quotes, no Etag
        (f'"{HASH.upper()}"', 200),
        ("", 200),
        ('"', 200),
    ],
)
def test_if_none_match(method: str, condition: str | None, status: int) -> None:
    headers = {} if condition is None else {"If-None-Match": condition}
    handler = make_handler(Hello, f"{method} /", headers)
    handler._run_request((), {})
    connection = handler.request.connection
    assert connection.status == status
    if status == 304:
        assert connection.body == b""
        assert connection.headers["Etag"] == f'"{HASH}"'
        assert "Content-Type" not in connection.headers
    else:
        assert connection.extra == f'Etag: "{HASH}"\r\n'.encode()
        assert connection.body == b"Hello"


def test_of_several_headers_each_counts() -> None:
    handler = make_handler(Hello)
    handler.request.headers.add("If-None-Match", '"x"')
    handler.request.headers.add("If-None-Match", f'"{HASH}"')
    handler._run_request((), {})
    assert handler.request.connection.status == 304


@pytest.mark.parametrize("status", [200, 201, 404])
def test_only_a_200_to_get_and_head_has_one(status: int) -> None:
    for method in ("GET", "POST"):
        handler = make_handler(Hello, f"{method} /", {"If-None-Match": "*"})
        handler.set_status(status)
        handler._run_request((), {})
        expected = 304 if (status, method) == (200, "GET") else status
        assert handler.request.connection.status == expected


def test_the_handlers_own_etag_is_kept() -> None:
    class Own(RequestHandler):
        def get(self) -> None:
            self.set_header("Etag", '"mine"')
            self.write("x")

    for condition in ('"mine"', "*"):
        handler = make_handler(Own, headers={"If-None-Match": condition})
        handler._run_request((), {})
        assert (
            handler.request.connection.status == 200
        )  # who makes the Etag makes the comparison too
        assert handler.request.connection.headers.get_list("Etag") == ['"mine"']


@pytest.mark.parametrize("etag", ['"mine"', b'"mine"', 'W/"mine"', '"\xe9"'])
def test_compute_etag_overridden(etag: str) -> None:
    class Own(RequestHandler):
        def compute_etag(self) -> str:
            return etag

        def get(self) -> None:
            self.write("x")

    text = etag.decode() if isinstance(etag, bytes) else etag
    for condition, status in ((text, 304), ('"other"', 200)):
        handler = make_handler(Own, headers={"If-None-Match": condition})
        handler._run_request((), {})
        assert handler.request.connection.status == status
        assert handler._headers["Etag"] == text


def test_none_for_no_etag() -> None:
    class Without(RequestHandler):
        def compute_etag(self) -> None:
            return None

        def get(self) -> None:
            self.write("x")

    handler = make_handler(Without, headers={"If-None-Match": "*"})
    handler._run_request((), {})
    assert handler.request.connection.status == 200
    assert handler.request.connection.extra == b""


def test_a_check_before_the_body_is_made() -> None:
    class Early(RequestHandler):
        def compute_etag(self) -> str:
            return '"version-1"'

        def get(self) -> None:
            self.set_etag_header()
            if self.check_etag_header():
                self.set_status(304)
                return
            self.write("expensive")

    handler = make_handler(Early, headers={"If-None-Match": '"version-1"'})
    handler._run_request((), {})
    assert handler.request.connection.status == 304
    handler = make_handler(Early)
    handler._run_request((), {})
    assert handler.request.connection.body == b"expensive"
    assert handler.request.connection.extra == b'Etag: "version-1"\r\n'


def test_an_etag_that_is_changed_behind_the_hash() -> None:
    class Changed(RequestHandler):
        def get(self) -> None:
            self.set_etag_header()
            if self.request.path == "/cleared":
                self.clear_header("Etag")
                self.write("x")
            else:
                self.set_header("Etag", '"mine"')
                assert self.check_etag_header()

    cleared = make_handler(Changed, "GET /cleared")
    cleared._run_request((), {})
    assert cleared.request.connection.headers["Etag"] == f'"{hashlib.sha1(b"x").hexdigest()}"'
    set_anew = make_handler(Changed, "GET /set", {"If-None-Match": '"mine"'})
    set_anew._run_request((), {})
    assert set_anew.request.connection.headers["Etag"] == '"mine"'


def test_an_unsafe_etag_is_refused() -> None:
    class Unsafe(RequestHandler):
        def compute_etag(self) -> str:
            return '"a\r\nb"'

    with pytest.raises(ValueError, match="Unsafe"):
        make_handler(Unsafe).finish("x")


def test_no_etag_of_a_large_body() -> None:
    class Bounded(RequestHandler):
        max_etag_size = 5

        def get(self) -> None:
            self.write("x" * int(self.get_argument("size")))

    for size, has_one in ((5, True), (6, False)):
        handler = make_handler(Bounded, f"GET /?size={size}")
        handler._run_request((), {})
        assert handler.request.connection.extra.startswith(b"Etag: ") == has_one
        assert len(handler.request.connection.body) == size
