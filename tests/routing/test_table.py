"""No rule that matches is left out, and their order stays."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tornadolike.httputil import HTTPServerRequest
from tornadolike.routing import AnyMatches, Below, Matcher, PathMatches, Rule, TypedPath
from tornadolike.routing.table import RuleTable


class Never(TypedPath):
    """One that matches otherwise than its path says."""

    def match(self, request: HTTPServerRequest) -> dict[str, object] | None:
        return None


class EvenLength(PathMatches):
    """One that matches otherwise than its pattern says."""

    def match(self, request: HTTPServerRequest) -> dict[str, object] | None:
        return {} if len(request.path) % 2 == 0 else None


MATCHERS: list[Matcher] = [
    *map(
        PathMatches,
        [
            *("", "/", "/a", "/a/", "/a/?", "/a/b", "/a$", r"/a\.b", "/a.b", ".*", "/.*", "/(.*)"),
            *("/a/(.*)", "/a/b/(?P<x>.*)", "/a/b/c/(.)", "/([ab])", "/(?:a|b)", "/a|/b", "/a//.*"),
        ],
    ),
    *map(
        TypedPath,
        [
            *("/", "/a", "/a/", "/a/b", "/{x}", "/{x}/", "/{x}/b", "/a/{x}", "/{x}/{y}", "/a{x}"),
            *("/{x}b", "/{x:path}", "/a/{x:path}", "/a{x:path}", "/{x}/b{y:path}", "{x:path}"),
            *("/{x:a|b|cc}/{y:[abc]*}", "/{x:[ab]*}", "/{x:.*}/c/{y:path}", "/{x}//{y}", "*"),
            *("/{x:path}/b", "/{x}/{y}/{z}/", "/{x:path}b/", "/a b", "/{x}.b"),
        ],
    ),
    *map(Below, ["/a", "/a/b", "/b"]),
    Never("/a"),
    Never("/{x}"),
    AnyMatches(),
    PathMatches(re.compile("/A/?$", re.IGNORECASE)),
    EvenLength("/a"),
]
PATHS = st.one_of(
    st.sampled_from(
        [
            "*",
            "",
            "/",
            "/a",
            "/a/",
            "/a/b",
            "/a/b/",
            "/a/b/c/d",
            "/axb",
            "/a.b",
            "/a//",
            "/a%20b",
            "/a/b/c/",
        ]
    ),
    st.text(st.sampled_from("//abc."), max_size=9).map(lambda text: f"/{text}"),
)


@given(
    matchers=st.lists(st.sampled_from(MATCHERS), max_size=16),
    paths=st.lists(PATHS, min_size=1, max_size=4),
)
def test_as_if_all_were_tried(matchers: list[Matcher], paths: list[str]) -> None:
    rules = [Rule(matcher, print) for matcher in matchers]
    table = RuleTable(rules, rules)
    for path in [*paths, *paths]:  # also what is picked already
        request = HTTPServerRequest("GET", path)
        found = [rule for rule in table.candidates(path) if rule.matcher.match(request) is not None]
        assert found == [rule for rule in rules if rule.matcher.match(request) is not None]


def test_few_are_tried() -> None:
    rules = [Rule(rf"/place{n}/(\d+)", print) for n in range(100)]
    rules += [Rule(f"/text{n}/?", print) for n in range(100)]
    rules += [Rule("/place7/.*", print), Rule(".*", print)]
    table = RuleTable(rules, rules)
    for path, count in (("/place7/1", 3), ("/text7", 2), ("/text7/", 2), ("/", 1), ("", 1)):
        assert len(table.candidates(path)) == count, path


def test_what_clients_make_up_is_not_kept() -> None:
    rules = [Rule("/a/(.*)", print), Rule("/b", print), Rule("(.*)", print)]
    table = RuleTable(rules, rules)
    for n in range(100):
        table.candidates(f"/a/{n}")
        table.candidates(f"/{n}/b")
        table.candidates("/" * n)
    assert len(table._picked_below) <= 2
    assert len(table._picked_for_text) == 0


def test_what_is_picked_is_picked_once() -> None:
    rules = [Rule("/a/(.*)", print), Rule("/b/?", print), Rule("(.*)", print)]
    table = RuleTable(rules, rules)
    for one, other in (("/b", "/b"), ("/a/1", "/a/2"), ("/c", "/d/e")):
        assert table.candidates(one) is table.candidates(other)


def typed_rules() -> list[Rule]:
    rules = [Rule(TypedPath(f"/{{tenant}}/x{n}/{{id:int}}"), print) for n in range(300)]
    rules += [Rule(TypedPath(f"/api/{{v}}/y{n}"), print) for n in range(300)]
    rules += [Rule(TypedPath(f"/z{n}/{{rest:path}}"), print) for n in range(300)]
    return [*rules, Rule("/a(.*)", print), Rule(TypedPath("/text"), print)]


def test_few_typed_ones_are_tried() -> None:
    rules = typed_rules()
    table = RuleTable(rules, rules)
    for path, count in (
        ("/a/x17/7", 2),
        ("/b/x17/7", 2),
        ("/api/x17/7", 2),
        ("/api/1/y17", 2),
        ("/z17/x17/7", 3),
        ("/z17/", 2),
        ("/text", 2),
        ("/a/b/c/d/e/f", 1),
    ):
        assert len(table.candidates(path)) == count, path
        assert table.candidates(path) is table.candidates(path)


def test_combinations_that_clients_choose_are_kept_for_a_while() -> None:
    texts = range(30)
    paths = [f"/a{n}/{{x}}/{{y}}" for n in texts] + [f"/{{x}}/b{n}/{{y}}" for n in texts]
    paths += [f"/{{x}}/{{y}}/c{n}" for n in texts]
    rules = [Rule(TypedPath(path), print) for path in paths]
    table = RuleTable(rules, rules)
    for a in texts:
        for b in texts:
            for c in texts:
                assert len(table.candidates(f"/a{a}/b{b}/c{c}")) == 3
    assert len(table._picked_in_tree) <= 4 * len(rules)
