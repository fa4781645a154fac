"""Options in variables."""

import logging
import os
from pathlib import Path

import pytest

from tornadolike.options import Error, OptionParser


@pytest.fixture(autouse=True)
def defined(options: OptionParser) -> None:
    options.define("port", 80)
    options.define("log-file")
    options.define("database.hosts", type=int, multiple=True)
    options.define("WS_URL", type=str)
    options.define("cookie_secret", type=str)


@pytest.mark.parametrize("prefix", ["SITE", "SITE_"])
def test_they_have_a_prefix(options: OptionParser, prefix: str) -> None:
    options.parse_environment(
        prefix,
        {
            "SITE_PORT": "81",
            "PORT": "82",
            "SITE_LOG_FILE": "a",
            "SITE_DATABASE_HOSTS": "1,2:3",
            "SITE_WS_URL": "ws://a",
            "SITE_HELP": "yes",
        },
    )
    assert (options.port, options.log_file, options["database.hosts"]) == (81, "a", [1, 2, 3])
    assert options.WS_URL == "ws://a"
    assert options.source_of("port") == "SITE_PORT in the environment"
    assert options.source_of("cookie-secret") == "the default"


def test_an_empty_prefix_is_none(options: OptionParser) -> None:
    options.parse_environment("", {"PORT": "82", "PROT": "83"})
    assert options.port == 82


def test_the_environment_of_the_process(
    options: OptionParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "SITE_PORT", "83")
    options.parse_environment("SITE")
    assert options.port == 83


def test_what_is_empty_is_not_there(options: OptionParser) -> None:
    empty = {"SITE_PORT": "", "SITE_LOG_FILE": "", "SITE_COOKIE_SECRET_FILE": ""}
    options.parse_environment("SITE", empty)
    assert (options.port, options.log_file, options.cookie_secret) == (80, None, None)


def test_what_is_wrong_is_told(options: OptionParser) -> None:
    with pytest.raises(
        Error, match=r"^SITE_PORT: has to be a whole number, not 'tcp://10\.0\.0\.1:80'$"
    ):
        options.parse_environment("SITE", {"SITE_PORT": "tcp://10.0.0.1:80"})


def test_what_may_be_misspelled_is_logged(
    options: OptionParser, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[int] = []
    options.add_parse_callback(lambda: called.append(len(caplog.messages)))
    environment = {"SITE_PROT": "1", "SITE_HOME": "/", "SITE_PORT_80_TCP_ADDR": "a", "PROT": "2"}
    environment["SITE_LOGFILE"] = "x"
    with caplog.at_level(logging.WARNING):
        options.parse_environment("SITE", environment, final=False)
        assert caplog.messages == []
        options.run_parse_callbacks()
        options.run_parse_callbacks()
    assert caplog.messages == [
        "SITE_LOGFILE in the environment is no option; did you mean SITE_LOG_FILE?",
        "SITE_PROT in the environment is no option; did you mean SITE_PORT?",
    ]
    assert called[0] == 0  # the callbacks set the log up


def test_a_secret_may_be_in_a_file(options: OptionParser, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hush hush \n\n")
    environment = {"SITE_COOKIE_SECRET_FILE": str(secret), "SITE_LOG_FILE_FILE": str(secret)}
    options.parse_environment("SITE", environment)
    assert options.cookie_secret == "hush hush \n"
    assert options.log_file is None
    assert options.source_of("cookie_secret") == f"{secret}, by SITE_COOKIE_SECRET_FILE"


def test_files_of_secrets_that_cannot_be_read(options: OptionParser, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    with pytest.raises(FileNotFoundError):
        options.parse_environment("SITE", {"SITE_COOKIE_SECRET_FILE": str(secret)})
    secret.write_bytes(b"\xff")
    with pytest.raises(Error, match=f"^SITE_COOKIE_SECRET_FILE: {secret} has to be text in UTF-8$"):
        options.parse_environment("SITE", {"SITE_COOKIE_SECRET_FILE": str(secret)})
    both = {"SITE_COOKIE_SECRET_FILE": str(secret), "SITE_COOKIE_SECRET": "x"}
    with pytest.raises(Error, match="are both set: keep one of them"):
        options.parse_environment("SITE", both)
