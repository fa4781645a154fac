"""OptionParser, and the one of the program."""

import copy
import datetime
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tornadolike.options
from tests.options.conftest import Run
from tornadolike.options import Error, InvalidValue, OptionParser


def test_values_are_attributes_and_items(options: OptionParser) -> None:
    options.define("my_port", 80)
    assert (options.my_port, options["my-port"], options["my_port"]) == (80, 80, 80)
    options.my_port = 81
    options["my-port"] += 1
    assert options.my_port == 82
    assert options.source_of("my_port") == "the program"
    assert "my-port" in options
    assert "my_port" in options
    assert "port" not in options


def test_what_there_is(options: OptionParser) -> None:
    options.define("with-dash", 1, group="g")
    options.define("with_underscore", 2, group="g")
    options.define("other", 3)
    assert list(options) == ["help", "with-dash", "with_underscore", "other"]
    assert options.items() == [
        ("help", None),
        ("with-dash", 1),
        ("with_underscore", 2),
        ("other", 3),
    ]
    assert options.as_dict() == dict(options.items())
    assert options.group_dict("") == options.as_dict()
    assert options.group_dict("g") == {"with-dash": 1, "with_underscore": 2}
    assert options.group_dict("nothing") == {}
    assert options.groups() == {"", "g", __file__}


def test_names_that_there_are_not(options: OptionParser) -> None:
    options.define("port", 80)
    for ask in (lambda: options.prot, lambda: options["prot"], lambda: options.source_of("prot")):
        with pytest.raises(AttributeError, match="Unrecognized option 'prot'"):
            ask()
    with pytest.raises(AttributeError, match=r"Unrecognized option 'prot'; did you mean port[?]"):
        options.prot = 1
    assert not hasattr(copy.copy(options), "prot")


def test_a_name_is_defined_once(options: OptionParser) -> None:
    options.define("my-port")
    with pytest.raises(Error, match=r"^Option 'my-port' is already defined in .*test_parser[.]py$"):
        options.define("my_port")
    with pytest.raises(Error, match=r"^Option 'help' is already defined$"):
        options.define("help")


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ({}, "1"),
        ({"default": 2}, 1),
        ({"default": 2.0}, 1.0),
        ({"default": 2, "type": str}, "1"),
        ({"multiple": True}, ["1"]),
        ({"multiple": True, "default": [2]}, ["1"]),
        ({"multiple": True, "type": int}, [1]),
        ({"default": datetime.timedelta()}, datetime.timedelta(seconds=1)),
    ],
)
def test_types(options: OptionParser, arguments: dict[str, Any], value: Any) -> None:
    options.define("a", **arguments)
    options.parse_command_line(["p", "--a=1"])
    assert options.a == value
    assert type(options.a) is type(value)


def test_several_have_a_list_of_their_own(options: OptionParser) -> None:
    options.define("a", multiple=True)
    options.define("b", multiple=True)
    options.a.append("x")
    assert (options.a, options.b) == (["x"], [])


def test_the_program_sets_values_of_their_type(options: OptionParser) -> None:
    options.define("port", 80)
    options.define("api_key", type=int)
    options.port = None
    with pytest.raises(InvalidValue, match=r"^Option 'port': has to be of the type int, not '2'$"):
        options.port = "2"
    assert options.port is None
    with pytest.raises(
        ValueError, match=r"^Option 'api_key': has to be of the type int .what"
    ) as it:
        options.api_key = "hush"
    assert "hush" not in str(it.value)


def test_an_option_has_a_callback(options: OptionParser) -> None:
    values: list[int] = []
    options.define("port", 80, callback=values.append)
    options.parse_command_line(["p", "--port=1"])
    options.parse_environment("P", {"P_PORT": "2"})
    options.port = 3
    assert values == [1, 2, 3]


def test_a_callback_may_read_a_file(options: OptionParser, tmp_path: Path) -> None:
    """As Tornado's documentation has it."""
    file = tmp_path / "site.conf"
    file.write_text("a = 2; b = 2; c = 2")
    for name in "abc":
        options.define(name, 0)
    options.define("config", callback=lambda path: options.parse_config_file(path, final=False))
    options.parse_command_line(["p", "--a=1", f"--config={file}", "--c=3"])
    assert (options.a, options.b, options.c) == (2, 2, 3)


@pytest.mark.parametrize(
    "parse",
    [
        lambda options, _, **kw: options.parse_command_line(["p"], **kw),
        lambda options, _, **kw: options.parse_environment("P", {}, **kw),
        lambda options, file, **kw: options.parse_config_file(file, **kw),
    ],
    ids=["command line", "environment", "file"],
)
def test_when_all_is_parsed(
    options: OptionParser, tmp_path: Path, parse: Callable[..., None]
) -> None:
    file = tmp_path / "empty.toml"
    file.touch()
    called: list[int] = []
    options.add_parse_callback(lambda: called.append(1))
    options.add_parse_callback(lambda: called.append(2))
    parse(options, file, final=False)
    assert called == []
    parse(options, file)
    parse(options, file)
    assert called == [1, 2, 1, 2]


class TestAll:
    """parse_all(): the order of the sources."""

    @pytest.fixture(autouse=True)
    def sources(
        self, options: OptionParser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        for number, name in enumerate(("etc", "home", "named")):
            values = "".join(f"{option} = '{name}'\n" for option in "abcde"[number:])
            Path(f"{name}.toml").write_text(values)
        for name in "abcdef":
            options.define(name, "default")
        options.define("config", type=str)
        monkeypatch.setitem(os.environ, "SITE_D", "environment")
        monkeypatch.setitem(os.environ, "SITE_E", "environment")

    def test_the_order(self, options: OptionParser) -> None:
        rest = options.parse_all(
            ["p", "--e=line", "--config=named.toml", "rest"],
            prefix="SITE",
            files=["etc.toml", "missing.toml", Path("home.toml")],
            file_option="config",
        )
        assert rest == ["rest"]
        values = [options[name] for name in "abcdef"]
        assert values == ["etc", "home", "named", "environment", "line", "default"]
        assert [options.source_of(name) for name in "acdef"] == [
            "etc.toml",
            "named.toml",
            "SITE_D in the environment",
            "the command line",
            "the default",
        ]

    def test_only_the_sources_that_are_asked_for(self, options: OptionParser) -> None:
        assert options.parse_all(["p"]) == []
        assert {options[name] for name in "abcdef"} == {"default"}

    def test_the_file_by_the_environment_or_by_default(
        self, options: OptionParser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        options.define("file", "home.toml")
        options.parse_all(["p"], file_option="file")
        assert (options.a, options.b) == ("default", "home")
        monkeypatch.setitem(os.environ, "SITE_FILE", "etc.toml")
        options.parse_all(["p"], file_option="file", prefix="SITE")
        assert options.a == "etc"

    def test_the_file_that_is_named_has_to_be_there(self, options: OptionParser) -> None:
        with pytest.raises(FileNotFoundError):
            options.parse_all(["p", "--config=missing.toml"], file_option="config")

    def test_one_value_each_and_callbacks_when_all_are_known(self, options: OptionParser) -> None:
        told: list[str] = []
        options.define("g", "default", callback=lambda value: told.append(f"{value} {options.a}"))
        Path("etc.toml").write_text("g = 'etc'\na = 'etc'")
        options.add_parse_callback(lambda: told.append("done"))
        options.parse_all(["p", "--g=line"], files=["etc.toml"])
        assert told == ["line etc", "done"]

    def test_a_mistake_leaves_all_as_it_was(self, options: OptionParser) -> None:
        Path("etc.toml").write_text("a = 'etc'\nb = 5")
        with pytest.raises(Error):
            options.parse_all(["p", "--c=line"], files=["etc.toml"])
        assert {options[name] for name in "abc"} == {"default"}

    def test_the_help_comes_before_mistakes_in_files(self, options: OptionParser) -> None:
        with pytest.raises(SystemExit):
            options.parse_all(["p", "--help", "--config=missing.toml"], file_option="config")


def test_the_functions_are_for_the_options_of_the_program(run: Run) -> None:
    source = """
import io
from unittest import mock
from tornadolike import options
from tornadolike.options import *

define("port", default=80, type=int, help="a port", metavar="N", group="site")
define("ports", None, int, "ports", "N,N", True, "site", print, secret=False)
add_parse_callback(lambda: print("parsed", options.port))
print(parse_command_line(["p", "--port=81", "rest"]), "port" in options)
parse_environment("SITE", {"SITE_PORT": "82"})
open("site.toml", "w").write("port = 83\\nports='1:3'")
parse_config_file("site.toml")
parse_all(["p", "--port=84"])
print_help(file := io.StringIO())
assert "--port=N " in file.getvalue() and "--log-file-prefix" in file.getvalue()
assert f"\\n{__file__} options" not in file.getvalue()
"""
    done = run(source)
    assert done.stdout == ("parsed 81\n['rest'] True\nparsed 82\n[1, 2, 3]\nparsed 83\nparsed 84\n")
    assert done.stderr == ""


def test_the_module_and_the_program_agree() -> None:
    """Where an option is defined is told of the caller, not of this module's function."""
    options = tornadolike.options.options
    tornadolike.options.define("test_parser_of_options")
    assert options.group_dict(__file__) == {"test_parser_of_options": None}
    del options._options["test-parser-of-options"]
