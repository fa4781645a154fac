"""Header fields."""

import copy
import pickle
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.httputil import HTTP_WHITESPACE, HTTPHeaders, HTTPInputError
from tornadolike.httputil.headers import canonical_names

TOKEN = st.text(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~", min_size=1)
VALUE = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f")
).map(lambda text: text.strip(HTTP_WHITESPACE))


def test_names_compare_without_case() -> None:
    headers = HTTPHeaders({"content-TYPE": "a/b"})
    assert (
        headers["Content-Type"] == headers["content-type"] == headers.get("CONTENT-TYPE") == "a/b"
    )
    assert "cOnTeNt-tYpE" in headers
    assert 1 not in headers
    assert list(headers) == ["Content-Type"]
    headers["CONTENT-type"] = "c/d"
    assert list(headers.get_all()) == [("Content-Type", "c/d")]
    del headers["content-type"]
    assert len(headers) == 0
    with pytest.raises(KeyError):
        headers["content-type"]
    with pytest.raises(KeyError):
        del headers["content-type"]


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("host", "Host"),
        ("etag", "Etag"),
        ("WWW-authenticate", "Www-Authenticate"),
        ("x--y", "X--Y"),
        ("-", "-"),
        ("x_y", "X_y"),
    ],
)
def test_canonical_names(name: str, canonical: str) -> None:
    assert canonical_names[name] == canonical
    assert list(HTTPHeaders({name: "1"})) == [canonical]


def test_remembered_names_are_bounded() -> None:
    names = type(canonical_names)()
    assert names["x" * 1000] == "X" + "x" * 999
    assert not dict(names)
    for number in range(names.MAX_ENTRIES + 100):
        assert names[f"x-number-{number}"] == f"X-Number-{number}"
    assert len(names) == names.MAX_ENTRIES


@pytest.mark.parametrize(
    "made",
    [
        lambda: HTTPHeaders({"A": "1", "b": "2"}),
        lambda: HTTPHeaders([("A", "1"), ("b", "2")]),
        lambda: HTTPHeaders(A="1", b="2"),
        lambda: HTTPHeaders({"A": "1"}, b="2"),
        lambda: HTTPHeaders(HTTPHeaders(A="1", b="2")),
        lambda: HTTPHeaders.from_fields({"A": "1", "B": "2"}),
        lambda: HTTPHeaders.parse("A: 1\r\nb: 2\r\n"),
        lambda: eval(repr(HTTPHeaders(A="1", b="2"))),
    ],
)
def test_ways_to_make_them(made: Any) -> None:
    assert list(made().get_all()) == [("A", "1"), ("B", "2")]
    assert made() == {"A": "1", "B": "2"}
    assert dict(made()) == {"A": "1", "B": "2"}


def test_equality_without_regard_to_case() -> None:
    headers = HTTPHeaders({"Content-Type": "a/b", "X-Y": "1"})
    assert headers == {"content-type": "a/b", "x-Y": "1"} == headers
    assert headers == HTTPHeaders(headers)
    assert headers != {"content-type": "a/b"}
    assert headers != {"content-type": "a/b", "x-y": "2"}
    assert headers != {"content-type": "a/b", "Content-Type": "a/b"}
    assert headers != {"content-type": "a/b", 1: "1"}
    assert headers != [("Content-Type", "a/b"), ("X-Y", "1")]
    twice = HTTPHeaders.parse("A: 1\r\na: 2")
    assert twice == {"a": "1,2"}
    assert twice == HTTPHeaders({"A": "1,2"})


def test_repeated_fields() -> None:
    headers = HTTPHeaders()
    for value in ("a=b", "c=d", "e=f"):
        headers.add("set-cookie", value)
    headers.add("Other", "x")
    assert headers["Set-Cookie"] == "a=b,c=d,e=f"
    assert headers.get_list("SET-COOKIE") == ["a=b", "c=d", "e=f"]
    assert headers.get_list("Other") == ["x"]
    assert headers.get_list("nope") == []
    assert list(headers.get_all())[:2] == [("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")]
    assert len(headers) == 2
    headers.get_list("Set-Cookie").clear()
    assert len(headers.get_list("Set-Cookie")) == 3
    headers["Set-Cookie"] = "g=h"
    assert headers.get_list("Set-Cookie") == ["g=h"]
    assert str(headers) == "Set-Cookie: g=h\nOther: x\n"


def test_as_a_mapping() -> None:
    headers = HTTPHeaders(A="1", B="2")
    assert headers.pop("a") == "1"
    assert headers.setdefault("B", "3") == "2"
    assert headers.setdefault("c", "3") == "3"
    headers.update({"b": "4"}, D="5")
    assert sorted(headers.items()) == [("B", "4"), ("C", "3"), ("D", "5")]
    assert list(headers.keys()) == ["B", "C", "D"]
    assert headers.get("e") is None
    headers.clear()
    assert not headers


COPIES = [
    HTTPHeaders.copy,
    copy.copy,
    copy.deepcopy,
    HTTPHeaders,
    *(
        lambda headers, protocol=protocol: pickle.loads(pickle.dumps(headers, protocol))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ),
]


@pytest.mark.parametrize("copied", COPIES)
def test_copies_share_nothing(copied: Any) -> None:
    headers = HTTPHeaders()
    headers.add("A", "1")
    headers.add("A", "2")
    headers.add("B", "3")
    twin = copied(headers)
    assert type(twin) is HTTPHeaders
    twin.add("A", "4")
    twin.add("B", "5")
    twin["C"] = "6"
    assert list(headers.get_all()) == [("A", "1"), ("A", "2"), ("B", "3")]
    assert list(twin.get_all()) == [
        *(("A", value) for value in "124"),
        *(("B", value) for value in "35"),
        ("C", "6"),
    ]


def test_a_subclass_is_copied_as_what_it_is() -> None:
    class Own(HTTPHeaders):
        pass

    own = Own({"A": "1"})
    own.note = "more"  # type: ignore[attr-defined]
    assert type(own.copy()) is Own


NOT_IN_VALUES = [chr(code) for code in [*range(9), *range(10, 32), 127]]


@pytest.mark.parametrize("char", NOT_IN_VALUES)
def test_control_characters_are_refused(char: str) -> None:
    headers = HTTPHeaders()
    for value in (char, f"a{char}b"):
        with pytest.raises(HTTPInputError):
            headers.add("A", value)
    if char not in "\r\n":
        with pytest.raises(HTTPInputError):
            headers.parse_line(f"A: a{char}b")
    assert not headers


@pytest.mark.parametrize(
    "value", [" a", "a ", "\ta", "a\t", " ", "\t", "\u0100", "a\u2028b", "\u20ac", "\U0001f600"]
)
def test_a_value_is_of_bytes_and_has_no_space_around(value: str) -> None:
    headers = HTTPHeaders()
    with pytest.raises(HTTPInputError):
        headers.add("A", value)
    headers.add("A", value, _chars_are_bytes=False)
    assert headers.get_list("A") == [value]
    if not value.isspace():
        assert HTTPHeaders.parse(f"A: {value}", _chars_are_bytes=False)["A"] == value.strip(" \t")


@pytest.mark.parametrize("value", ["", "a", "a b", "a\tb", "\x80", "\xff \xa0", b"a", b"a b"])
def test_a_value(value: Any) -> None:
    headers = HTTPHeaders()
    headers.add("A", value)
    assert headers["A"] == (value if isinstance(value, str) else value.decode())


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a:", "a\t", "\xe9", "a\r\n", "(a)", '"a"', "a,b"]
)
def test_a_name_is_a_token(name: str) -> None:
    with pytest.raises(HTTPInputError):
        HTTPHeaders().add(name, "1")


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", []),
        ("\r\n", []),
        ("A: 1", [("A", "1")]),
        ("A: 1\r\nB: 2\r\n\r\n", [("A", "1"), ("B", "2")]),
        ("A: 1\nB: 2\n", [("A", "1"), ("B", "2")]),
        ("a:1\r\na: 2", [("A", "1"), ("A", "2")]),
        ("A: \t 1 \t \r\n", [("A", "1")]),
        ("A:\r\n", [("A", "")]),
        ("A: b:c: d", [("A", "b:c: d")]),
        ("A: a\tb", [("A", "a\tb")]),
        # Only a line feed ends a line.
        *((f"A: x{char}y", [("A", f"x{char}y")]) for char in "\x85\xa0\xff"),
    ],
)
def test_parse(text: str, fields: list[tuple[str, str]]) -> None:
    assert list(HTTPHeaders.parse(text).get_all()) == fields


def test_parse_text() -> None:
    """As the headers of a form's part: only a line feed ends a line."""
    headers = HTTPHeaders.parse("A: x\u2028y\x85z\r\nB: \u20ac\r\n", _chars_are_bytes=False)
    assert list(headers.get_all()) == [("A", "x\u2028y\x85z"), ("B", "\u20ac")]


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "A 1",
        ": 1",
        " A: 1",
        "A : 1",
        "A: 1\r\n B: 2",  # folded
        "A: 1\r\n\tfolded",
        "A: 1\r\n \r\n",
        "A: 1\rB: 2",
        "A: 1\r\r\n",
        "A: 1\r",
        "A: 1\r\nB: 2\r",
        "\r",
        "A: \0",
        "A: 1\r\n\x0bB: 2",
    ],
)
def test_what_is_no_header(text: str) -> None:
    with pytest.raises(HTTPInputError):
        HTTPHeaders.parse(text)


@pytest.mark.parametrize("line", ["A: 1", "A: 1\n", "A: 1\r\n"])
def test_parse_line(line: str) -> None:
    headers = HTTPHeaders()
    headers.parse_line(line)
    headers.parse_line("\r\n")
    headers.parse_line("")
    assert list(headers.get_all()) == [("A", "1")]


@given(fields=st.lists(st.tuples(TOKEN, VALUE)))
def test_what_was_written_is_read(fields: list[tuple[str, str]]) -> None:
    headers = HTTPHeaders()
    for name, value in fields:
        headers.add(name, value)
    assert HTTPHeaders.parse(str(headers)) == headers
    assert sorted(headers.get_all()) == sorted(
        (canonical_names[name], value) for name, value in fields
    )
    for name, _ in fields:
        expected = [v for n, v in fields if n.lower() == name.lower()]
        assert headers.get_list(name) == expected
        assert headers[name.swapcase()] == ",".join(expected)


@given(text=st.text())
def test_no_text_is_too_strange(text: str) -> None:
    try:
        headers = HTTPHeaders.parse(text, _chars_are_bytes=False)
    except HTTPInputError:
        return
    for name, value in headers.get_all():
        assert "\n" not in name + value
        assert "\r" not in name + value


def test_a_long_text_takes_linear_time() -> None:
    text = "A: b\r\n" * 100_000
    assert len(HTTPHeaders.parse(text).get_list("A")) == 100_000


def test_a_wrong_value_is_not_shown() -> None:
    """It may be a password."""
    with pytest.raises(HTTPInputError, match=r"Invalid header value: that of Authorization$"):
        HTTPHeaders().add("Authorization", "Bearer s3cret\n")
