"""``python -m tornadolike routes``."""

import json

import pytest

from tests.cli.sites import RULES
from tornadolike.cli import main


@pytest.fixture
def told(project, capsys):
    """Runs the command; returns its status and what it said."""
    folder = project(many_rules=RULES)

    def run(*arguments):
        status = main(["routes", *arguments])
        said = capsys.readouterr()
        return status, (said.out + said.err).replace(str(folder), "FOLDER")

    return run


def test_the_table(told):
    status, said = told("many_rules")
    assert status == 0
    heading, *lines = [line.split() for line in said.splitlines()]
    assert heading == [
        "METHODS",
        "HOST",
        "PATH",
        "VERSION",
        "NAME",
        "HANDLER",
        "SOURCE",
        "ONLY",
        "IF",
    ]
    assert lines[0] == ["GET", r"api\.example\.com", "/api", "many_rules.Home", "many_rules.py:9"]
    assert lines[1] == ["GET", "/", "home", "many_rules.Home", "many_rules.py:9"]
    assert lines[2] == ["WEBSOCKET", "/chat", "many_rules.Chat", "many_rules.py:14"]
    assert lines[3] == ["GET", "/v", "1", "many_rules.Home", "many_rules.py:9"]
    assert lines[4] == ["GET", "/inner/a/(.*)", "many_rules.Home", "many_rules.py:9"]
    assert lines[5] == ["GET", "/old/(x)", "many_rules.Home", "many_rules.py:9", "path", "/old/.*"]
    assert lines[6][:3] == ["*", "/fall", "tornadolike.web.simple.FallbackHandler(many_rules.fall)"]
    assert lines[9][:4] == ["GET", "/shop/items/{item:int}", "shop.show", "many_rules.show"]
    assert lines[10][:3] == ["POST", "/shop/items/{item:int}", "shop.change"]


def test_for_programs(told):
    status, said = told("many_rules", "--json")
    assert status == 0
    shown = next(rule for rule in json.loads(said) if rule["name"] == "shop.show")
    assert shown == {
        "methods": ["GET"],
        "hosts": [],
        "path": "/shop/items/{item:int}",
        "version": None,
        "name": "shop.show",
        "handler": "many_rules.show",
        "file": "FOLDER/many_rules.py",
        "line": 25,
        "conditions": [],
        "middleware": ["many_rules.around"],
    }


def test_no_rules(told, project):
    project(bare="from tornadolike.web import Application\napp = Application()\n")
    assert told("bare") == (0, "There are no rules: every path is a 404.\n")
    assert told("bare", "--match", "/x") == (1, "GET /x: 404: no rule is for it\n")


def test_one_request(told):
    status, said = told("many_rules", "--match", "POST", "/shop/items/3")
    assert status == 0
    assert said.splitlines() == [
        "POST /shop/items/3",
        "  path:       /shop/items/{item:int}",
        "  name:       shop.change",
        "  handler:    many_rules.change",
        "  source:     many_rules.py:30",
        "  arguments:  item=3",
    ]
    assert told("many_rules", "--match", "PATCH /shop/items/3") == (
        1,
        "PATCH /shop/items/3: 405: no rule is for it, Allow: GET, HEAD, POST\n",
    )
    assert told("many_rules", "--match", "/inner") == (
        0,
        "GET /inner: 307, to the same path with a slash at its end\n",
    )
    assert told("many_rules", "--match", "POST", "/") == (
        1,
        "POST /: 405 by many_rules.Home, Allow: GET\n",
    )
    status, said = told("many_rules", "--match", "/v", "-H", "V: 2")
    assert (status, said) == (1, "GET /v: 406: no rule is for it\n")


def test_one_request_for_programs(told):
    status, said = told("many_rules", "--match", "/old/x", "--json")
    found = json.loads(said)
    assert (status, found["arguments"], found["status"]) == (0, ["x"], None)
    assert found["rule"]["path"] == "/old/(x)"
    status, said = told("many_rules", "--match", "/old/y", "--json")
    assert (status, json.loads(said)["status"], json.loads(said)["rule"]) == (1, 404, None)


def test_a_default_handler(told, project):
    project(other="from many_rules import *\napp = Application(default_handler_class=Home)\n")
    status, said = told("other", "--match", "/any")
    assert status == 0
    assert "default_handler_class answers: many_rules.Home (many_rules.py:9)" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["many_rules", "--match", "GET"], "--match takes a method and a path"),
        (["many_rules", "--match", "GET", "/a", "/b"], "--match takes a method and a path"),
        (["many_rules", "--match", "G@T", "/a"], "--match takes a method and a path"),
        (["many_rules", "--match", "/a", "-H", "x"], "a header is NAME: VALUE"),
        (["many_rules:fall"], "many_rules:fall is a function, which has no rules to show"),
    ],
)
def test_wrong_use(told, arguments, said):
    status, told_ = told(*arguments)
    assert status == 2
    assert said in told_
    assert told_.count("\n") == 1
