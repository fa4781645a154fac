"""What --help prints."""

import datetime
import enum
import io
import sys

import pytest

from tornadolike.log import define_logging_options
from tornadolike.options import OptionParser


class Mode(enum.Enum):
    QUICK = "quick"


def printed(options: OptionParser) -> str:
    file = io.StringIO()
    options.print_help(file)
    return file.getvalue()


def test_all_of_it(options: OptionParser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["site.py", "x"])
    options.define("zone", group="site", help="last")
    options.define("my_port", 80, group="site", metavar="PORT", help="word" + " word" * 11)
    options.define("debug", False, group="site")
    options.define("hosts", ["a", "b"], group="site", multiple=True)
    options.define("empty", "", group="site", help="nothing")
    options.define("mode", Mode.QUICK, group="site", type=Mode)
    options.define("wait", datetime.timedelta(minutes=1), group="site")
    options.define("a_name_that_is_longer_than_a_column", group="site", help="long")
    options.define("cookie_secret", "hush", group="others", help="for cookies")
    options.define("database", "db://hush", group="others", secret=True)
    assert printed(options) == (
        "Usage: site.py [OPTIONS]\n"
        "\n"
        "Options:\n"
        "\n"
        "  --help                           show this help\n"
        "\n"
        "others options:\n"
        "\n"
        "  --cookie-secret                  for cookies (has a default)\n"
        "  --database                       (has a default)\n"
        "\n"
        "site options:\n"
        "\n"
        "  --a-name-that-is-longer-than-a-column\n"
        "                                   long\n"
        "  --debug                          (default false)\n"
        "  --empty                          nothing\n"
        "  --hosts                          (default a,b)\n"
        "  --mode                           (default quick)\n"
        "  --my-port=PORT                   word word word word word word word word word\n"
        "                                   word word word (default 80)\n"
        "  --wait                           (default 0:01:00)\n"
        "  --zone                           last\n"
        "\n"
    )


def test_who_has_defined_them(options: OptionParser) -> None:
    options.define("port", 80)
    define_logging_options(options)
    help = printed(options)
    assert f"\n{__name__} options:\n\n  --port" in help
    assert "\ntornadolike.log options:\n\n  --log-file-max-size=BYTES" in help


def test_the_program_itself_is_its_file(
    options: OptionParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "__name__", "__main__")
    options.define("port", 80)
    assert "test_helping.py options:\n\n  --port" in printed(options)


def test_variables_are_told_where_they_are_asked(options: OptionParser) -> None:
    options.define("port", 80)
    assert "environment" not in printed(options)
    options.parse_environment("SITE", {})
    last = "\nEach option can be given in the environment too, as SITE_PORT for --port.\n\n"
    assert printed(options).endswith(last)


def test_it_ends_the_program(options: OptionParser, capsys: pytest.CaptureFixture[str]) -> None:
    options.parse_command_line(["p", "--help=false"])
    with pytest.raises(SystemExit) as end:
        options.parse_command_line(["p", "--help"])
    assert end.value.code == 0
    assert capsys.readouterr().err.startswith("Usage: ")
