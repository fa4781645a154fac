"""The package's loggers."""

import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tornadolike import log


@pytest.mark.parametrize(
    ("logger", "name"),
    [
        (log.access_log, "tornadolike.access"),
        (log.app_log, "tornadolike.application"),
        (log.gen_log, "tornadolike.general"),
    ],
)
def test_a_logger_has_its_name_and_the_packages_parent(logger, name):
    assert logger is logging.getLogger(name)
    assert logger.parent is logging.getLogger() or logger.parent.name == "tornadolike"
    assert logger.propagate
    assert logger.handlers == []


def test_importing_configures_nothing():
    program = (
        "import logging, tornadolike.log\n"
        "assert logging.getLogger().handlers == []\n"
        "assert logging.getLogger().level == logging.WARNING\n"
        "for logger in (tornadolike.log.access_log, tornadolike.log.app_log, tornadolike.log.gen_log):\n"
        "    assert logger.level == logging.NOTSET and logger.handlers == []\n"
    )
    subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        check=True,
        timeout=30,
        env={"PYTHONPATH": ":".join(sys.path)},
    )


def test_what_may_be_so_with_every_request_is_told_once_in_a_while(monkeypatch, expect_log):
    now = 1000.0
    monkeypatch.setattr(log, "time", SimpleNamespace(monotonic=lambda: now))
    seldom = log.Seldom(log.gen_log, 60.0)
    with expect_log("tornadolike.general", "%|down", logging.WARNING) as logged:
        for now in (1000.0, 1001.0, 1059.9, 1060.0, 1061.0, 2000.0, 9000.0):
            seldom.warning("%s is down at %d", "100%", now)
    assert [record.getMessage() for record in logged.matched] == [
        "100% is down at 1000",
        "100% is down at 1060 (and 2 times more since the last line like this)",
        "100% is down at 2000 (and 1 times more since the last line like this)",
        "100% is down at 9000",
    ]


def test_it_is_told_at_the_level_it_deserves(expect_log):
    seldom = log.Seldom(log.gen_log, 60.0)
    with expect_log("tornadolike.general", "", count=1) as logged:
        seldom.error("%s is gone", "all")
        seldom.warning("so is this")
    assert [(one.levelname, one.getMessage()) for one in logged.matched] == [
        ("ERROR", "all is gone")
    ]
