"""The arguments of ``run --workers``, and what becomes of them."""

import pytest

from tornadolike.cli import main
from tornadolike.cli.running import production
from tornadolike.workers import Settings


@pytest.fixture
def run(monkeypatch):
    """Runs the command, and returns the settings that came of it, and whether they say where."""
    made = []

    def record(application, *, is_placed, **settings):
        made.append((Settings(application=application, **settings), is_placed))

    monkeypatch.setattr(production, "run", record)

    def run_command(*arguments):
        assert main(["run", "site_here:app", *arguments]) == 0
        return made.pop()

    return run_command


def test_what_holds_where_nothing_is_said(run):
    settings, is_placed = run("--workers", "auto")
    assert settings == Settings(application="site_here:app")
    assert not is_placed


def test_all_that_can_be_said(run):
    settings, is_placed = run(
        *("--workers", "3", "--host", "::", "--port", "0", "--preload", "--reuse-port"),
        *("--start-timeout", "0", "--drain-seconds", "2.5", "--worker-timeout", "5"),
        *("--max-requests", "10000", "--max-age", "3600", "--max-memory", "512m"),
        *("--trust", "10.0.0.0/8", "--trust", "unix", "--trust-header", "Forwarded"),
        *("--proxy-protocol", "192.0.2.1", "--pid-file", "a.pid", "--admin", "127.0.0.1:9000"),
        *("--certificate", "a.pem", "--key", "a.key", "--unix-mode", "660"),
    )
    assert is_placed
    assert settings == Settings(
        application="site_here:app",
        workers=3,
        host="::",
        port=0,
        preload=True,
        reuse_port=True,
        start_timeout=0.0,
        drain_seconds=2.5,
        worker_timeout=5.0,
        max_requests=10000,
        max_age=3600.0,
        max_memory=512 * 2**20,
        trust=["10.0.0.0/8", "unix"],
        trust_headers=["Forwarded"],
        proxy_protocol=["192.0.2.1"],
        pid_file="a.pid",
        admin="127.0.0.1:9000",
        certificate="a.pem",
        key="a.key",
        unix_mode=0o660,
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--workers", "0"], "a number from 1 on, or auto, not '0'"),
        (["--workers", "-1"], "-1"),
        (["--workers", "2", "--poll"], "--poll is for the desk: leave it or --workers out"),
        (["--workers", "2", "--browser-reload"], "--browser-reload is for the desk"),
        (["--preload"], "--preload belongs to --workers: give both"),
        (["--max-memory", "1G"], "--max-memory belongs to --workers"),
        (["--trust-header", "Forwarded"], "--trust-header belongs to --workers"),
        (["--workers", "2", "--max-memory", "much"], "as in 512M, not 'much'"),
        (["--workers", "2", "--max-age", "-5"], "--max-age"),
        (["--workers", "2", "--max-age", "long"], "a number of seconds, not 'long'"),
        (["--workers", "2", "--max-requests", "1.5"], "a number, not '1.5'"),
        (["--workers", "2", "--unix-mode", "rw"], "three digits from 0 to 7"),
        (["--workers", "2", "--trust", "nowhere"], "nowhere"),
        (["--workers", "2", "--key", "a.key"], "--key belongs to a --certificate"),
        (["--workers", "2", "--admin", "9000"], "--admin 9000 is no address"),
    ],
)
def test_wrong_use(arguments, text, capsys):
    assert main(["run", "site_here:app", "--port", "0", *arguments]) == 2
    said = capsys.readouterr().err
    assert text in said
    assert said.count("\n") == 1
