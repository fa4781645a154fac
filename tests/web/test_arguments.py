"""Arguments of the query, of forms and of the path."""

from typing import Any

import pytest

from tests.web.helpers import make_handler
from tornadolike.web import HTTPError, MissingArgumentError, RequestHandler

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("a=1", ["1"]),
        ("a=1&a=2&b=3&a=4", ["1", "2", "4"]),
        ("a=", [""]),
        ("a", [""]),
        ("b=1", []),
        ("", []),
        ("a=%C3%A9", ["é"]),
        ("a=\xc3\xa9", ["é"]),  # not encoded by the client
        ("a=%20+x%2B%20", ["x+"]),
        ("a=%00%01x%1f%0ay", ["x \ny"]),  # control characters that no text needs become spaces
        ("%61=1", ["1"]),
        ("a=%zz%", ["%zz%"]),
        ("a=b=c", ["b=c"]),
        ("a=1;a=2", ["1;a=2"]),
        ("&&a=1&&", ["1"]),
    ],
)
def test_values(query: str, values: list[str]) -> None:
    handler = make_handler(request=f"GET /?{query}")
    assert handler.get_arguments("a") == values
    assert handler.get_query_arguments("a") == values
    assert handler.get_body_arguments("a") == []
    assert handler.get_argument("a", None) == (values[-1] if values else None)
    posted = make_handler(request="POST /", headers=FORM, body=query.encode("latin1"))
    assert posted.get_arguments("a") == values
    assert posted.get_body_arguments("a") == values
    assert posted.get_query_arguments("a") == []


def test_white_space_is_stripped_unless() -> None:
    handler = make_handler(request="GET /?a=+x+")
    assert handler.get_argument("a") == "x"
    assert handler.get_argument("a", strip=False) == " x "
    assert handler.get_arguments("a", strip=False) == [" x "]


def test_the_query_comes_before_the_form() -> None:
    handler = make_handler(request="POST /?a=1&b=2", headers=FORM, body=b"a=3")
    assert handler.get_arguments("a") == ["1", "3"]
    assert handler.get_argument("a") == "3"
    assert handler.get_query_argument("a") == "1"
    assert handler.get_body_argument("a") == "3"
    assert handler.get_argument("b") == "2"
    assert handler.get_body_argument("b", "none") == "none"


@pytest.mark.parametrize("method", ["get_argument", "get_query_argument", "get_body_argument"])
def test_a_missing_argument_is_400(method: str) -> None:
    with pytest.raises(MissingArgumentError) as caught:
        getattr(make_handler(), method)("name")
    assert caught.value.arg_name == "name"
    assert caught.value.status_code == 400
    assert str(caught.value) == "HTTP 400: Bad Request (Missing argument name)"


@pytest.mark.parametrize("method", ["get_argument", "get_arguments", "get_query_argument"])
def test_what_is_no_utf8_is_400(method: str) -> None:
    with pytest.raises(HTTPError) as caught:
        getattr(make_handler(request="GET /?a=%ff"), method)("a")
    assert caught.value.status_code == 400


def test_decode_argument_is_for_the_author() -> None:
    class Handler(RequestHandler):
        def decode_argument(self, value: bytes, name: str | None = None) -> Any:
            return f"{name}={value!r}"

    assert make_handler(Handler, "GET /?a=%ff").get_argument("a") == "a=b'\\xff'"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"a=1&" * 1001, FORM, 413),
        (b"junk", {"Content-Type": "multipart/form-data; boundary=b"}, 400),
        (b"junk", {"Content-Type": "multipart/form-data"}, 400),
        (b"a=1", {**FORM, "Content-Encoding": "gzip"}, 415),
    ],
)
def test_a_malformed_form_is_refused_before_anything_runs(
    body: bytes, headers: dict[str, str], status: int
) -> None:
    class Handler(RequestHandler):
        def prepare(self) -> None:
            raise AssertionError

    handler = make_handler(Handler, "POST /", headers, body)
    handler._run_request((), {})
    assert handler.request.connection.status == status


def test_the_page_about_a_malformed_form_may_ask_for_arguments() -> None:
    class Handler(RequestHandler):
        def write_error(self, status_code: int, **kwargs: Any) -> None:
            asked = self.get_argument("a"), self.get_body_argument("b", "none"), self.request.files
            self.write(f"{status_code} {asked}")

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    handler = make_handler(Handler, "POST /?a=query", headers, b"junk")
    handler._run_request((), {})
    assert handler.request.connection.body == b"400 ('query', 'none', {})"


def test_bodies_of_other_types_are_the_handlers_affair() -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    handler = make_handler(request="POST /", headers=headers, body=b"a=1")
    assert handler.get_arguments("a") == []
    assert handler.request.body == b"a=1"


def test_path_arguments_are_there_before_the_handler_runs() -> None:
    class Handler(RequestHandler):
        def prepare(self) -> None:
            self.write({"args": self.path_args, "kwargs": self.path_kwargs})
            self.finish()

    for args, kwargs, expected in (
        ((), {}, b'{"args": [], "kwargs": {}}'),
        ((b"a", None), {}, b'{"args": ["a", null], "kwargs": {}}'),
        ((), {"x": b"\xc3\xa9"}, b'{"args": [], "kwargs": {"x": "\\u00e9"}}'),
    ):
        handler = make_handler(Handler)
        handler._run_request(args, kwargs)
        assert handler.request.connection.body == expected


def test_a_path_that_is_no_utf8_is_400() -> None:
    handler = make_handler()
    handler._run_request((b"\xff",), {})
    assert handler.request.connection.status == 400


def test_get_arguments_has_no_default() -> None:
    default: Any = []
    with pytest.raises(TypeError, match="takes no default"):
        make_handler().get_arguments("a", default)


def test_each_value_has_to_be_text() -> None:
    for query in ("a=%FF&a=1", "a=1&a=%FF"):
        handler = make_handler(request=f"GET /?{query}")
        with pytest.raises(HTTPError) as raised:
            handler.get_argument("a")
        assert raised.value.status_code == 400
        assert raised.value.detail == "Invalid unicode in a: it has to be UTF-8"
        # Error pages of programs written for Tornado show it as it is, not formatted.
        assert raised.value.log_message is not None
        assert raised.value.log_message.startswith("Invalid unicode in a: b'")
