"""What a rule is made of."""

import re
from typing import Any

import pytest

from tornadolike.httputil import HTTPServerRequest
from tornadolike.routing import AnyMatches, Matcher, PathMatches, Rule, URLSpec
from tornadolike.routing.changes import changes


def test_a_pattern_stands_for_paths() -> None:
    for pattern in ("/a", re.compile("/a$")):
        rule = Rule(pattern, print)
        assert isinstance(rule.matcher, PathMatches)
        assert (rule.target, rule.target_kwargs, rule.name) == (print, {}, None)
        assert rule.reverse() == "/a"


def test_a_matcher_need_not_be_of_ours() -> None:
    class Mine:
        def match(self, request: HTTPServerRequest) -> dict[str, Any]:
            return {}

    mine: Any = Mine()
    assert Rule(mine, print).matcher is mine
    assert Rule(AnyMatches(), print).reverse() is None


def test_targets_by_name() -> None:
    assert Rule("/", "tornadolike.routing.Matcher").target is Matcher
    with pytest.raises(ImportError):
        Rule("/", "tornadolike.routing.Nothing")


def test_what_a_rule_for_paths_tells() -> None:
    spec = URLSpec("/a/(.*)", print, {"b": 1}, "name")
    assert spec.regex.pattern == "/a/(.*)$"
    assert (spec.handler_class, spec.kwargs, spec.name) == (print, {"b": 1}, "name")
    assert spec.reverse("c") == "/a/c"
    assert repr(spec).startswith("URLSpec('/a/(.*)$', <built-in function print>, kwargs={'b': 1}")
    assert repr(Rule("/a", print)).startswith("Rule(PathMatches('/a$'), <built-in function print>")


@pytest.mark.parametrize("name", ["matcher", "target", "target_kwargs", "name"])
def test_a_rule_that_is_changed_says_so(name: str) -> None:
    rule = Rule("/", print)
    before = changes.count
    setattr(rule, name, getattr(rule, name))
    assert changes.count == before + 1
