"""Paths that are written as text, with parameters."""

import re
import time
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tornadolike.httputil import HTTPServerRequest
from tornadolike.routing import TypedPath, path_types, register_path_type

ONE_UUID = "12345678-1234-5678-1234-567812345678"
TOO_LONG = "9" * 5000


@pytest.fixture
def own_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """Types that are registered are forgotten again."""
    monkeypatch.setattr(path_types, "_types", dict(path_types._types))


@pytest.mark.parametrize(
    ("typed", "path", "values"),
    [
        ("/", "/", {}),
        ("/", "//", None),
        ("*", "*", {}),
        ("/users/{id:int}", "/users/7", {"id": 7}),
        ("/users/{id:int}", "/users/007", {"id": 7}),
        ("/users/{id:int}", "/users/-7", None),
        ("/users/{id:int64}", "/users/9223372036854775807", {"id": 2**63 - 1}),
        ("/users/{id:int64}", "/users/9223372036854775808", None),
        ("/users/{id:int64}", "/users/10000000000000000000", None),
        ("/users/{id:int64}", "/users/-7", None),
        ("/users/{id:int}", "/users/", None),
        ("/users/{id:int}", "/users/7/", None),
        ("/users/{id:int}", "/users/%37", None),
        ("/users/{id:int}", f"/users/{TOO_LONG}", None),
        ("/users/{id:int}", "/users/\u00b2", None),
        ("/users/{id:int}", "/Users/7", None),
        ("/{x:float}", "/1.5", {"x": 1.5}),
        ("/{x:float}", "/15", {"x": 15.0}),
        ("/{x:float}", "/nan", None),
        ("/{x:float}", "/1e5", None),
        ("/{x:float}", f"/{TOO_LONG}", None),
        ("/{name}", "/a%20b+c", {"name": b"a b+c"}),
        ("/{name}", "/a%2Fb", {"name": b"a/b"}),
        ("/{name}", "/%ff", {"name": b"\xff"}),
        ("/{name}", "/", None),
        ("/{name:str}", "/a/b", None),
        ("/{name:str}/", "/a/", {"name": b"a"}),
        ("/{rest:path}", "/", {"rest": b""}),
        ("/{rest:path}", "/a//b%2F", {"rest": b"a//b/"}),
        ("/{rest:path}/edit", "/a/edit/edit", {"rest": b"a/edit"}),
        ("/{name:slug}", "/a-B_7", {"name": b"a-B_7"}),
        ("/{name:slug}", "/a.b", None),
        ("/{id:uuid}", f"/{ONE_UUID}", {"id": UUID(ONE_UUID)}),
        ("/{id:uuid}", "/" + ONE_UUID.replace("-", ""), None),
        ("/{day:date}", "/2024-02-29", {"day": date(2024, 2, 29)}),
        ("/{day:date}", "/2023-02-29", None),
        ("/{day:date}", "/20240229", None),
        ("/{size:small|medium}", "/small", {"size": b"small"}),
        ("/{size:small|medium}", "/large", None),
        ("/{size:small|medium}", "/smallest", None),
        ("/{code:[A-Z]{2}[0-9]{1,3}}", "/AB12", {"code": b"AB12"}),
        ("/{code:[A-Z]{2}[0-9]{1,3}}", "/AB1234", None),
        (r"/{code:\}+}", "/}}", {"code": b"}}"}),
        ("/{anything:.+}", "/a/b", None),
        ("/{name}.{kind:html|txt}", "/a.b.txt", {"name": b"a.b", "kind": b"txt"}),
        ("/v{major:int}.{minor:int}", "/v3.14", {"major": 3, "minor": 14}),
        ("/{a}-{b}", "/" + "a" * 253 + "-b", {"a": b"a" * 253, "b": b"b"}),
        ("/{a}-{b}", "/" + "a" * 254 + "-b", None),
        ("/{a}", "/" + "a" * 1000, {"a": b"a" * 1000}),
        ("/{id:int}", "/7\n", None),
        ("/a.b", "/axb", None),
        ("/{{x}}", "/%7Bx%7D", {}),
        ("/{{x}}", "/{x}", {}),
        ("/stra\u00dfe/{n:int}", "/stra%C3%9Fe/1", {"n": 1}),
        ("/stra\u00dfe/{n:int}", "/stra%c3%9fe/1", {"n": 1}),
        ("/stra\u00dfe/{n:int}", "/stra\u00c3\u009fe/1", {"n": 1}),
        ("/stra\u00dfe/{n:int}", "/strasse/1", None),
        ("/a b", "/a%20b", {}),
        ("/100%", "/100%25", {}),
    ],
)
def test_what_matches(typed: str, path: str, values: dict[str, Any] | None) -> None:
    matcher = TypedPath(typed)
    assert matcher.values(path) == values
    assert matcher.match(HTTPServerRequest("GET", path)) == (
        {"path_kwargs": values} if values else values
    )


@pytest.mark.parametrize(
    ("typed", "args", "path"),
    [
        ("/about", (), "/about"),
        ("/users/{id:int}", (7,), "/users/7"),
        ("/users/{id:int}", (10**4000,), "/users/1" + "0" * 4000),
        ("/{x:float}", (1.5,), "/1.5"),
        ("/{x:float}", (2,), "/2"),
        ("/{x:float}", (1e22,), "/10000000000000000000000"),
        ("/{x:float}", (1e-7,), "/0.0000001"),
        ("/{name}", ("a b/c?\u00e4",), "/a%20b%2Fc%3F%C3%A4"),
        ("/{name}", (b"\xff",), "/%FF"),
        ("/{name}", (7,), "/7"),
        ("/{rest:path}", ("a b/c",), "/a%20b/c"),
        ("/{rest:path}", ("/evil.example",), "/%2Fevil.example"),
        ("/{id:uuid}", (UUID(ONE_UUID),), f"/{ONE_UUID}"),
        ("/{id:uuid}", (ONE_UUID,), f"/{ONE_UUID}"),
        ("/{day:date}", (date(987, 2, 3),), "/0987-02-03"),
        ("/{day:date}", ("2024-02-03",), "/2024-02-03"),
        ("/{size:small|medium}", ("small",), "/small"),
        ("/stra\u00dfe {{{n:int}}}", (1,), "/stra%C3%9Fe%20%7B1%7D"),
    ],
)
def test_the_way_back(typed: str, args: tuple[Any, ...], path: str) -> None:
    matcher = TypedPath(typed)
    assert matcher.reverse(*args) == path
    assert matcher.reverse(**dict(zip(matcher.names, args, strict=True))) == path
    assert matcher.values(path) is not None or "%2Fevil" in path


@pytest.mark.parametrize(
    ("typed", "args", "kwargs", "why"),
    [
        (
            "/{id:int}",
            ("7",),
            {},
            "'7' is nothing for 'id' in '/{id:int}': it has to be a whole number",
        ),
        ("/{id:int}", (-7,), {}, "-7 is nothing for 'id'"),
        ("/{id:int64}", (2**63,), {}, "9223372036854775808 is nothing for 'id'.*it is too large"),
        ("/{id:int}", (True,), {}, "whole number"),
        ("/{x:float}", (float("nan"),), {}, "nan is nothing"),
        ("/{x:float}", (-1.0,), {}, "-1.0 is nothing"),
        ("/{name}", ("",), {}, "'' is nothing for 'name'"),
        ("/{name}", ("..",), {}, "is no address"),
        ("/{name}", ("\ud800",), {}, "is nothing for 'name'"),
        ("/{size:small|large}", ("medium",), {}, "'medium' is nothing for 'size'"),
        ("/{code:.+}", ("a/b",), {}, None),
        ("/{id:uuid}", ("x",), {}, "'x' is nothing for 'id'"),
        ("/{day:date}", (7,), {}, "it has to be a date"),
        ("/{day:date}", ("2024-02-30",), {}, "'2024-02-30' is nothing for 'day'"),
        ("/{a}/{b}", ("x",), {}, r"takes a, b, not \('x'\)"),
        ("/{a}/{b}", ("x", "y", "z"), {}, "takes a, b"),
        ("/{a}/{b}", ("x",), {"a": "y"}, "takes a, b"),
        ("/{a}/{b}", (), {"a": "y", "c": "x"}, "takes a, b"),
        ("/", ("x",), {}, "takes no arguments"),
    ],
)
def test_what_has_no_way_back(
    typed: str, args: tuple[Any, ...], kwargs: dict[str, Any], why: str | None
) -> None:
    if why is None:
        assert TypedPath(typed).reverse(*args, **kwargs) == "/a%2Fb"
        return
    with pytest.raises(ValueError, match=why):
        TypedPath(typed).reverse(*args, **kwargs)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("users", "begins with a slash"),
        ("", "begins with a slash"),
        ("/{a", "a brace is not closed"),
        ("/{a:[}", "a brace is not closed|no regular expression"),
        ("/a}", "no brace is open"),
        ("/{}", "identifier, not ''"),
        ("/{4}", "identifier, not '4'"),
        ("/{a b}", "identifier, not 'a b'"),
        ("/{a:}", "no type behind the colon of 'a'"),
        ("/{a}/{a}", "two parameters 'a'"),
        ("/{a}{b}", "nothing between 'a' and 'b'"),
        (
            "/{a:number}",
            "no type 'number'; there are date, float, int, int64, path, slug, str, uuid",
        ),
        ("/{a:(x)}", "has a group"),
        ("/{a:x)(?:y}", "no regular expression"),
        ("/{a:(?i)x}", "no regular expression"),
        ("/{a:path}/{b:path}", "only one parameter can be a path"),
        ("/{a}-{b:path}", "a path stands between slashes"),
        ("/{b:path}-{a}", "a path stands between slashes"),
        ("/a?b", "no [?]"),
        ("/a#b", "no #"),
        ("/a%20b", "without percent-encoding"),
        ("/a\nb", "control character"),
    ],
)
def test_what_is_no_path(typed: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"{why}.*in the path|{why}.*write") as raised:
        TypedPath(typed)
    assert repr(typed)[1:-1] in str(raised.value)


def test_only_text() -> None:
    wrong: Any
    for wrong in (b"/", None, re.compile("/")):
        with pytest.raises(TypeError, match="a typed path is text"):
            TypedPath(wrong)


def test_types_of_ones_own(own_types: None) -> None:
    register_path_type("hex", "[0-9a-f]+", lambda text: int(text, 16), "{:x}".format)
    register_path_type("word", r"\w+")
    matcher = TypedPath("/{colour:hex}/{name:word}")
    assert matcher.values("/ff/a") == {"colour": 255, "name": b"a"}
    assert matcher.reverse(255, "a") == "/ff/a"
    with pytest.raises(ValueError, match="'x' is nothing for 'colour'"):
        matcher.reverse("x", "a")


def test_types_that_cannot_be(own_types: None) -> None:
    wrong: Any
    for wrong, error, why in (
        (("int", "x"), ValueError, "there is a path type 'int' already"),
        (("a b", "x"), ValueError, "is an identifier"),
        (("a", "(x)"), ValueError, "has a group"),
        (("a", "("), ValueError, "no regular expression"),
        (("a", re.compile("x")), TypeError, "a name and a regular expression"),
        (("a", "x", 7), TypeError, "are functions"),
        (("a", "x", None, None), TypeError, "are functions"),
    ):
        with pytest.raises(error, match=why):
            register_path_type(*wrong)


def test_segments() -> None:
    for typed, segments in (
        ("/", ("", "")),
        ("/a/b", ("", "a", "b")),
        ("/{a}/b/", ("", None, "b", "")),
        ("/a{b}/c", ("", None, "c")),
        ("/{a}c/d", ("", None, "d")),
        ("/a b/{c}", ("", None, None)),
        ("/a/{c:path}/d", ("", "a", ...)),
        ("/a/b{c:path}", ("", "a", ...)),
        ("{c:path}", (...,)),
    ):
        assert TypedPath(typed).segments == segments, typed


def test_what_clients_send_is_quickly_refused() -> None:
    """With time growing as a power of the length, this would not end."""
    for typed, path in (
        ("/{a}-{b}-{c}-{d}.x", "/" + "-" * 16000),
        ("/{p:path}/a/{b}/c", "/" + "/a" * 8000),
        ("/{a}/x{p:path}y", "/a/x" + "/" * 16000),
    ):
        assert TypedPath(typed).values(path) is None


SEGMENTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=12
).filter(lambda text: {".", ".."}.isdisjoint(text.split("/")))


@given(
    st.tuples(
        st.integers(0, 10**30),
        SEGMENTS,
        st.dates(),
        st.uuids(),
        st.floats(0, 1e100).filter(lambda x: x == 0 or x > 1e-100),
        st.lists(SEGMENTS, max_size=3).map("/".join),
    )
)
def test_values_come_back(given_values: tuple[Any, ...]) -> None:
    matcher = TypedPath("/x/{n:int}/{text}/{day:date}/{id:uuid}-{x:float}/{rest:path}")
    values = matcher.values(matcher.reverse(*given_values))
    assert values is not None
    decoded = [v.decode() if isinstance(v, bytes) else v for v in values.values()]
    assert tuple(decoded) == given_values


@given(
    st.text(st.sampled_from("/ab{}:|.+*[]()\\?%-é1"), max_size=20).map(lambda text: f"/{text}"),
    st.text(st.sampled_from("/ab{}:|.+%2Fff1é-"), max_size=20).map(lambda text: f"/{text}"),
)
@example("/{a:[a-z]{2}}", "/ab")
@example("/{a:b|a}", "/%ff")
def test_whatever_is_written(typed: str, path: str) -> None:
    """What is no path is told as :exc:`ValueError`; what clients send raises nothing."""
    try:
        matcher = TypedPath(typed)
    except ValueError:
        return
    values = matcher.values(path)
    assert values is None or tuple(values) == matcher.names


@pytest.mark.parametrize(
    "path",
    [
        "/{a}-{b}-{c}-{d}-{e}-{f}.txt",
        "/{a}-{b}_{c}-{d}_{e}-{f}.txt",
        "/{a}--{b}--{c}--{d}--{e}x",
        "/{a:slug}-{b:slug}-{c:slug}-{d:slug}-{e:slug}.",
        "/{a}-{b:slug}-{c:slug}-{d:slug}-{e:slug}.",
    ],
)
def test_many_places_for_the_text_between_parameters_take_no_time(path: str) -> None:
    matcher = TypedPath(path)
    began = time.process_time()
    for text in ("a-" * 127, "-" * 254, "-_" * 127, "a-" * 60 + "_b" * 60):
        assert matcher.values(f"/{text}") is None
    assert time.process_time() - began < 0.5


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "", ":slug", ":int"]),
            st.sampled_from(["-", ".", "--", "-.", "a", "\u00fc"]),
        ),
        min_size=2,
        max_size=4,
    ),
    st.lists(st.sampled_from(["-", ".", "a", "1", "%C3%BC"]), min_size=1, max_size=12),
    st.booleans(),
)
def test_the_first_parameter_of_a_segment_takes_what_it_can(
    pieces: list[tuple[str, str]], segment: list[str], ends_with_text: bool
) -> None:
    """As the regular expression says that one would write, without regard to the time it takes."""
    types = {"": "[^/]+", ":slug": "[0-9A-Za-z_-]+", ":int": "[0-9]+"}
    path, plain = "/", "/"
    for number, (kind, text) in enumerate(pieces):
        if number == len(pieces) - 1 and not ends_with_text:
            text = ""
        encoded = "(?:\u00c3\u00bc|%C3%BC)" if text == "\u00fc" else re.escape(text)
        path += f"{{p{number}{kind}}}{text}"
        plain += f"(?P<p{number}>{types[kind]}){encoded}"
    asked = "/" + "".join(segment)
    expected = re.fullmatch(plain, asked)
    found = TypedPath(path).regex.match(asked)
    assert (found and found.groupdict()) == (expected and expected.groupdict())
