"""What stands on a command line."""

import pytest

from tornadolike.options import Error, OptionParser
from tornadolike.options.command_line import split


@pytest.mark.parametrize(
    ("arguments", "flags", "rest"),
    [
        ([], [], []),
        (["p"], [], []),
        (["p", "--a=1", "-b"], ["--a=1", "-b"], []),
        (["p", "--a", "b", "--c"], ["--a"], ["b", "--c"]),
        (["p", "--a", "--", "--c"], ["--a"], ["--c"]),
        (["p", "-", "--c"], [], ["-", "--c"]),
        (["p", "", "--c"], [], ["", "--c"]),
    ],
)
def test_where_options_end(arguments: list[str], flags: list[str], rest: list[str]) -> None:
    assert split(arguments) == (flags, rest)


@pytest.mark.parametrize("defined", ["log-file", "log_file"])
@pytest.mark.parametrize("flag", ["--log-file=a=b", "--log_file=a=b", "-log-file=a=b"])
def test_names_may_be_written_in_two_ways(options: OptionParser, defined: str, flag: str) -> None:
    options.define(defined)
    assert options.parse_command_line(["p", flag, "rest"]) == ["rest"]
    assert (options.log_file, options["log-file"]) == ("a=b", "a=b")
    assert options.source_of("log_file") == "the command line"


def test_the_last_one_counts(options: OptionParser) -> None:
    options.define("port", 80, multiple=False)
    options.define("debug", False)
    options.parse_command_line(["p", "--port=1", "--debug", "--port=2", "--debug=no"])
    assert (options.port, options.debug) == (2, False)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--prot=80"], "--prot: there is no such option; did you mean --port?"),
        (["--qqq"], "--qqq: there is no such option"),
        (["--=1"], "--: there is no such option"),
        (["--no-debug"], "--no-debug: there is no such option; did you mean --debug=false?"),
        (["--no_port"], "--no-port: there is no such option; did you mean --port?"),
        (["--port"], "--port needs a value: --port=N"),
        (["--port", "80"], "--port needs a value: --port=80"),
        (["--port", "--name", "80"], "--port needs a value: --port=N"),
        (["--name"], "--name needs a value: --name=..."),
        (["--port=x"], "--port: has to be a whole number, not 'x'"),
        (["--pin-secret=x"], "--pin-secret: has to be a whole number (what it is is not shown)"),
    ],
)
def test_what_is_wrong_is_told(
    options: OptionParser, arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options.define("port", 80, metavar="N")
    options.define("name")
    options.define("debug", False)
    options.define("pin_secret", type=int)
    with pytest.raises(Error) as error:
        options.parse_command_line(["p", *arguments])
    assert str(error.value) == complaint
    assert capsys.readouterr() == ("", "")


def test_an_option_may_define_those_behind_it(options: OptionParser) -> None:
    options.define("more", callback=options.define)
    options.parse_command_line(["p", "--more=color", "--color=red"])
    assert options.color == "red"
