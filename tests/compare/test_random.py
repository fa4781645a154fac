"""What nobody has thought of: requests, and calls of handlers, that chance has made, with the same answers."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compare.cases import Case, ask, form, older
from tests.compare.tables import rulesets
from tests.compare.tables.files import DATE, EARLIER, ETAG, LATER
from tests.compare.tables.rules import HOSTS

pytestmark = pytest.mark.once

SOME = settings(max_examples=50)
Compare = Callable[[str], Callable[..., list[str]]]


def one_of(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from(text.split())


def call(name: str, *args: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.tuples(st.just(name), *args).map(list)


TEXTS = st.sampled_from(["a", "b & ü", "", "x" * 3000])
FIELDS = one_of("X-A x-a Content-Type Etag Vary Location Cache-Control")
VALUES = st.sampled_from(["v", "text/plain", "a, b", 1, '"e"'])
SENT = [
    call("write", TEXTS),
    call("pause"),
    call("set_etag_header"),
    call("clear_all_cookies"),
]
CALLS = st.one_of(
    *SENT,
    call("write", st.sampled_from([{"a": 1}, [1], None, 7])),
    call("finish"),
    call("finish", TEXTS),
    call("tell"),
    call("set_header", FIELDS, VALUES),
    call("add_header", FIELDS, VALUES),
    call("clear_header", FIELDS),
    call("set_status", st.sampled_from([200, 201, 206, 299, 404, 500, 599])),
    call("set_status", st.just(200), st.just("Fine")),
    call("clear"),
    call("set_cookie", one_of("a b"), one_of("1 é")),
    call("clear_cookie", one_of("a b")),
    call("check"),
    call("redirect", one_of("/x /ü //h/?a=b x"), st.booleans()),
    call("send_error", st.sampled_from([400, 404, 500, 599])),
    call("refuse", st.sampled_from([400, 404, 409, 500])),
    call("stop"),
    call("stop", TEXTS),
    call("fail"),
    call("cancel"),
)
# What fails behind a flush() ends the connection, which Tornado leaves open; and a flush() behind finish() fails there
# now and then.
PIECES = st.lists(st.one_of(*SENT, call("flush")), max_size=6)
CONDITIONS = st.lists(
    st.sampled_from(
        [
            'If-None-Match: "e"',
            'If-None-Match: W/"x", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"',
            "If-None-Match: *",
            "Connection: close",
            "Cookie: a=1; b",
        ]
    ),
    unique_by=lambda field: field.partition(":")[0],
    max_size=2,
)


# Behind a check() that has found 304 a Finish is not answered by Tornado if there is something written.
WHOLE = st.tuples(st.lists(CALLS, max_size=2), st.lists(CALLS, max_size=6)).filter(
    lambda calls: not {"check", "stop"} <= {name for name, *_ in calls[0] + calls[1]}
)
STEPS = WHOLE | st.tuples(st.just([]), PIECES)


def steps(request: str, calls: tuple[list[Any], list[Any]], *fields: str, more: str = "") -> Case:
    """Has a handler make these calls, in prepare() and in its method."""
    prepare, method = (quote(json.dumps(each)) for each in calls)
    body = "" if request.startswith("POST") else None
    return ask(f"{request}?prepare={prepare}&get={method}{more}", *fields, body=body)


def less(complaints: list[str], names: str) -> list[str]:
    """The complaints but for those about these things."""
    left = [line for line in complaints[1:] if line.partition(":")[0].strip() not in names.split()]
    return [*complaints[:1], *left] if left else []


@SOME
@given(
    one_of("GET GET HEAD POST"),
    one_of("/steps /steps /plain"),
    STEPS,
    st.sampled_from(["", "&write_error=own", '&etag="e"', "&on_finish=1"]),
    CONDITIONS,
)
def test_calls_of_a_handler(
    compare: Compare,
    method: str,
    path: str,
    calls: tuple[list[Any], list[Any]],
    more: str,
    fields: list[str],
) -> None:
    assert not compare("calls")(steps(f"{method} {path}", calls, *fields, more=more))


@SOME
@given(
    one_of("GET GET HEAD"),
    one_of("/steps /plain"),
    st.tuples(STEPS, st.sampled_from([[], ["Connection: close"]]))
    | st.tuples(WHOLE, st.just(["Connection: keep-alive"])),
)
def test_calls_of_a_handler_for_an_older_client(
    compare: Compare, method: str, path: str, asked: tuple[Any, list[str]]
) -> None:
    calls, fields = asked
    case = older(steps(f"{method} {path}", calls, *fields))
    assert not less(compare("calls")(case), "connection")


@SOME
@given(one_of("GET GET HEAD POST"), one_of("/steps /plain"), STEPS, CONDITIONS)
def test_calls_of_a_handler_whose_answer_is_compressed(
    compare: Compare, method: str, path: str, calls: tuple[list[Any], list[Any]], fields: list[str]
) -> None:
    case = steps(f"{method} /compressed{path}", calls, "Accept-Encoding: gzip", *fields)
    names = "etag vary content-length content-encoding transfer-encoding"
    assert not less(compare("calls")(case), names)


NUMBERS = one_of("0 1 5 50 99 100 101 007 99999999999999999999")
RANGES = st.one_of(
    st.builds("bytes={}-{}".format, NUMBERS, NUMBERS),
    st.builds("bytes={}-".format, NUMBERS),
    st.builds("bytes=-{}".format, NUMBERS),
    st.text("bytes=-019 ", max_size=12).filter(lambda text: "--" not in text),
)
ETAGS = st.sampled_from([f'"{ETAG}"', f'W/"{ETAG}"', '"x"', 'W/"x"', "*", "x", '"', "", '"a,b"'])
DATES = st.one_of(
    st.sampled_from([DATE, EARLIER, LATER, "", "Sun, 13 Sep"]), st.text("SunSep 130:2", max_size=20)
)


@SOME
@given(
    one_of("GET HEAD"),
    one_of(
        "static/text.txt static/empty.txt files/sub/ chunks/text.txt extra/data.bin static/none"
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "Range": RANGES,
            "If-None-Match": st.lists(ETAGS, min_size=1, max_size=3).map(", ".join),
            "If-Modified-Since": DATES,
        },
    ),
)
def test_conditions_of_files(
    compare: Compare, method: str, path: str, conditions: dict[str, str]
) -> None:
    fields = [f"{name}: {value}" for name, value in conditions.items()]
    assert not compare("files")(ask(f"{method} /{path}", *fields))


@SOME
@given(
    st.lists(
        st.one_of(
            one_of(
                "/ a b x one host list deep none two . .. %61 %2F %20 // path.mine "
                "groups 12 names 2024 spec nothing CASE"
            ),
            st.text("ab/%2F.x", max_size=3),
        ),
        max_size=4,
    ),
    st.sampled_from(["127.0.0.1", *HOSTS.split()]),
    st.sampled_from(["", "?", "?a=/b", "?//", ";x"]),
)
def test_addresses_and_hosts(compare: Compare, parts: list[str], host: str, query: str) -> None:
    assert not compare("rules")(ask(f"GET /{'/'.join(parts)}{query}", host=host))


@SOME
@given(st.text('ab=; ,"\\$\t1\xfc()<>@:/[]{}?', max_size=20))
def test_cookies(compare: Compare, cookie: str) -> None:
    assert not compare("cookies")(ask("GET /read", f"Cookie: {cookie}"))


@SOME
@given(
    st.lists(
        st.one_of(
            one_of("a b = & + %20 %2B %C3%BC %FF %00 %zz % ; [] é"), st.text("ab=&+%;", max_size=3)
        ),
        max_size=8,
    ).map("".join),
    st.booleans(),
)
def test_arguments(compare: Compare, text: str, is_form: bool) -> None:
    case = (
        form("POST /told", body=text)
        if is_form
        else ask(f"GET /told?{text.encode().decode('latin1')}")
    )
    assert not compare("arguments")(case)


NAMED = [r"(\d+)", "(.*)", "([^/]+)", "(a|b)", "(x)?", "()"]
NESTED = "(a(b)?)"
GROUPS = st.sampled_from([*NAMED, NESTED])
PIECES_OF_RULES = one_of("/ /a /b a b /a/b é % - . /? a* (?:x|y) [ab] (?:/a)?") | st.sampled_from(
    [r"\.", r"\/", r"\d", " "]
)
PIECES_TO_REVERSE = one_of("/ /a /b a b /a/b é -") | st.just(r"\.")


ENDS_OF_RULES = st.sampled_from([("/", ""), ("/", ""), ("", ""), ("^/", "$"), ("/a|/", "")])


@st.composite
def patterns(
    draw: st.DrawFn, pieces: st.SearchStrategy[str], ends: st.SearchStrategy[tuple[str, str]]
) -> str:
    """Patterns of paths, in which all groups have names, or none."""
    drawn = draw(st.lists(st.one_of(pieces, pieces, GROUPS), max_size=4))
    if draw(st.booleans()):
        drawn = [
            piece.replace("(", f"(?P<n{number}>", 1) if piece in NAMED else piece
            for number, piece in enumerate(drawn)
            if piece != NESTED
        ]
    begin, end = draw(ends)
    return begin + "".join(drawn) + end


RICH = patterns(PIECES_OF_RULES, ENDS_OF_RULES)
REVERSIBLE = patterns(
    PIECES_TO_REVERSE, st.sampled_from([("/", ""), ("", ""), ("^/", "$")])
).filter(lambda pattern: "//" not in pattern and ")?" not in pattern)
NAMES = ["", "one", "two"]
HOST_PATTERNS = st.sampled_from(
    [r"a\.example", r".*\.example", "a.example", ".*", "(a|b).*", "ex", ""]
)
RULES = st.lists(
    st.recursive(
        st.tuples(RICH, st.just("")) | st.tuples(REVERSIBLE, st.sampled_from(NAMES)),
        lambda rules: st.tuples(
            st.one_of(RICH, st.just("/.*"), HOST_PATTERNS.map("host:{}".format)),
            st.lists(rules, max_size=3),
        ),
        max_leaves=6,
    ),
    max_size=6,
)
PATHS_OF_RULES = st.lists(
    one_of("/ /a /b a b 1 x y - . aa %C3%A9 %2F %20 d") | st.just(""), max_size=5
).map(lambda parts: "/" + "".join(parts))
NAMES_OF_HOSTS = one_of("a.example b.example A.EXAMPLE axexample b.example:80 127.0.0.1 ex")


@SOME
@given(
    RULES,
    st.lists(st.tuples(HOST_PATTERNS, RULES), max_size=2),
    st.none() | NAMES_OF_HOSTS,
    st.lists(
        st.tuples(PATHS_OF_RULES, NAMES_OF_HOSTS, st.sampled_from([(), ("X-Real-Ip: 1.2.3.4",)])),
        min_size=1,
        max_size=4,
    ),
    st.lists(
        st.tuples(st.sampled_from(NAMES[1:]), st.lists(one_of("a 1 é b/c %"), max_size=3)),
        max_size=2,
    ),
)
def test_sets_of_rules(
    compare: Compare,
    rules: list[Any],
    hosts: list[Any],
    default: str | None,
    requests: list[tuple[str, str, tuple[str, ...]]],
    links: list[tuple[str, list[str]]],
) -> None:
    complaints = compare("rulesets")
    assert not complaints(rulesets.choose(rules, hosts, default))
    for path, host, fields in requests:
        assert not complaints(ask(f"GET {path}", *fields, host=host)), (rules, hosts, default)
    for name, args in links:
        assert not complaints(rulesets.link(name, *args)), (rules, hosts, default)
