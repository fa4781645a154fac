"""Options in files."""

import datetime
import enum
from pathlib import Path

import pytest

from tornadolike.options import Error, OptionParser


class Mode(enum.Enum):
    QUICK = "quick"


@pytest.fixture(autouse=True)
def defined(options: OptionParser) -> None:
    options.define("port", 80)
    options.define("wait", type=datetime.timedelta)
    options.define("hosts", multiple=True)
    options.define("mode", type=Mode)
    options.define("database.url", type=str)
    options.define("mail_server", type=str)
    options.define("template_path", group="application")
    options.define("level", type=int, group="deep.down")
    options.define("limits", type=dict)
    options.define("password", type=str)


def toml(options: OptionParser, folder: Path, text: str) -> str:
    """Parse it, and return the complaint without the name of the folder."""
    file = folder / "site.TOML"
    file.write_text(text)
    with pytest.raises(Error) as error:
        options.parse_config_file(file)
    return str(error.value).replace(f"{folder}/", "")


def test_toml(options: OptionParser, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text(
        """
        port = 81
        wait = "1h"
        hosts = ["a", "b"]
        mode = "quick"
        [database]
        url = "db:"
        [mail]
        server = "mx"
        [application]
        template_path = "t"
        [deep.down]
        level = "3"
        [limits]
        big = 1
        """
    )
    options.parse_config_file(str(file))
    assert (options.port, options.wait) == (81, datetime.timedelta(hours=1))
    assert (options.hosts, options.mode) == (["a", "b"], Mode.QUICK)
    assert (options["database.url"], options.mail_server) == ("db:", "mx")
    assert (options.template_path, options.level, options.limits) == ("t", 3, {"big": 1})
    assert options.source_of("level") == str(file)


def test_toml_with_dots_and_members_without_their_group(
    options: OptionParser, tmp_path: Path
) -> None:
    file = tmp_path / "site.toml"
    file.write_text(
        '\ufeffdatabase.url = "db:"\nmail-server = "mx"\ntemplate-path = "t"\nhosts = "a,b"'
    )
    options.parse_config_file(file)
    assert (options["database.url"], options.mail_server) == ("db:", "mx")
    assert (options.template_path, options.hosts) == ("t", ["a", "b"])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("prot = 1", "site.TOML:1: prot: there is no such option; did you mean port?"),
        ("[application]\n\nqqq = 1", "site.TOML:3: application.qqq: there is no such option"),
        (
            "[application]\ntemplate_paht = 1",
            "site.TOML:2: application.template_paht: there is no such option;"
            " did you mean application.template_path?",
        ),
        ("help = true", "site.TOML:1: help: there is no such option"),
        ("port = 'x'", "site.TOML:1: port: has to be a whole number, not 'x'"),
        (
            "hosts = [\n1,\n]",
            "site.TOML:1: hosts: has to be text, not 1: put quotation marks around it",
        ),
        (
            "[database]\nurl = true",
            "site.TOML:2: database.url: has to be text, not True: put quotation",
        ),
        ("password = 5", "site.TOML:1: password: has to be text (what it is is not shown)"),
        ("port = 1\nport = 2", "site.TOML:2: this is no TOML: Cannot overwrite a value"),
        ("port =", "site.TOML:1: this is no TOML: Invalid value"),
        ("\nhosts = [", "site.TOML:2: this is no TOML: "),
        ("[port]\nx = 1", "site.TOML:1: port: has to be a whole number, not {'x': 1}"),
    ],
)
def test_toml_that_is_wrong(
    options: OptionParser, tmp_path: Path, text: str, complaint: str
) -> None:
    assert toml(options, tmp_path, text).startswith(complaint)


def test_a_name_that_may_be_two_options(options: OptionParser, tmp_path: Path) -> None:
    options.define("database-url")
    said = toml(options, tmp_path, "[database]\nurl = 'x'")
    assert said == "site.TOML:2: database.url: this may be database.url or database-url"


def test_python(options: OptionParser, tmp_path: Path) -> None:
    file = tmp_path / "site.conf"
    file.write_text(
        "import datetime\n"
        "base = 8000\n"
        "port = base + 1\n"
        "hosts = ['ä']\n"
        "wait = datetime.timedelta(hours=1)\n"
        "mail_server = __file__\n"
        "mode = 'quick'\n",
        encoding="utf-8",
    )
    options.parse_config_file(file)
    assert (options.port, options.hosts, options.mode) == (8001, ["ä"], Mode.QUICK)
    assert options.wait == datetime.timedelta(hours=1)
    assert options.mail_server == str(file)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("port = '1'\nport = 'x'", r":2: port: has to be a whole number, not 'x'$"),
        ("port = 1.5", r":1: port: has to be of the type int, not 1.5$"),
        ("hosts = ('a',)", r":1: hosts: has to be a list, or text with commas$"),
        ("\nhosts = ['a', 5]", r":2: hosts: has to be a list of str, not \['a', 5\]$"),
        ("globals()['port'] = 'x'", r":1: port: has to be a whole number, not 'x'$"),
    ],
)
def test_python_with_values_that_are_wrong(
    options: OptionParser, tmp_path: Path, text: str, complaint: str
) -> None:
    file = tmp_path / "site.conf"
    file.write_text(text)
    with pytest.raises(Error, match=complaint):
        options.parse_config_file(file)


def test_python_that_fails_raises_what_it_raises(options: OptionParser, tmp_path: Path) -> None:
    file = tmp_path / "site.conf"
    file.write_text("port = 1\nwait = nothing")
    with pytest.raises(NameError):
        options.parse_config_file(file)
    file.write_text("port = (")
    with pytest.raises(SyntaxError):
        options.parse_config_file(file)


def test_python_has_no_imports_from_the_future_of_ours(
    options: OptionParser, tmp_path: Path
) -> None:
    file = tmp_path / "site.conf"
    file.write_text("def f(x: int): ...\nport = 5 if f.__annotations__ == {'x': int} else 6")
    options.parse_config_file(file)
    assert options.port == 5


@pytest.mark.parametrize("name", ["site.toml", "site.conf"])
def test_files_that_cannot_be_read(options: OptionParser, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    with pytest.raises(FileNotFoundError):
        options.parse_config_file(file)
    file.write_bytes(b"port = 1\n\xff")
    with pytest.raises(Error, match="has to be text in UTF-8, and byte 9 is not"):
        options.parse_config_file(file)
