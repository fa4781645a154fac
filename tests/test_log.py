"""The package's loggers."""

import logging
import subprocess
import sys

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
