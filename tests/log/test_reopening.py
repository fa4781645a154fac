"""Log files that somebody has moved away."""

import gc
import logging
import logging.handlers
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tornadolike.accesslog import AccessLog
from tornadolike.log import has_log_files, reopen_log_files, reopen_with_others

Opened = Callable[..., logging.Logger]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """``opened(handler)``: a logger that writes there. The handler is closed at the end."""
    loggers = []

    def open_logger(handler: logging.Handler) -> logging.Logger:
        logger = logging.Logger("site")
        logger.addHandler(handler)
        loggers.append(logger)
        return logger

    yield open_logger
    for logger in loggers:
        for handler in logger.handlers:
            handler.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "site.log"


def moved(file: Path) -> Path:
    return file.rename(file.with_suffix(".log.1"))


@pytest.mark.parametrize(
    "kind",
    [
        logging.FileHandler,
        logging.handlers.RotatingFileHandler,
        logging.handlers.TimedRotatingFileHandler,
        logging.handlers.WatchedFileHandler,
    ],
)
def test_a_file_that_was_moved(kind: Any, opened: Opened, file: Path) -> None:
    logger = opened(kind(file))
    logger.error("one")
    old = moved(file)
    if kind is not logging.handlers.WatchedFileHandler:  # which looks itself
        logger.error("two")
        assert not file.exists()
    assert reopen_log_files() == 1
    assert file.read_text() == ""
    logger.error("three")
    assert "three" not in old.read_text()
    assert file.read_text() == "three\n"


def test_a_file_that_is_where_it_was_stays_open(opened: Opened, file: Path) -> None:
    handler = logging.FileHandler(file)
    logger = opened(handler)
    logger.error("one")
    stream = handler.stream
    assert reopen_log_files() == 0
    assert handler.stream is stream
    assert file.read_text() == "one\n"


def test_a_new_file_is_not_emptied(opened: Opened, file: Path) -> None:
    """Another process may have been the first to write into it."""
    handler = logging.FileHandler(file, mode="w")
    logger = opened(handler)
    moved(file)
    file.write_text("another's\n")
    assert reopen_log_files() == 1
    assert handler.mode == "w"
    logger.error("mine")
    assert file.read_text() == "another's\nmine\n"


def test_one_that_was_not_opened_yet(opened: Opened, file: Path) -> None:
    logger = opened(logging.FileHandler(file, delay=True))
    assert reopen_log_files() == 0
    assert not file.exists()
    logger.error("one")
    assert file.read_text() == "one\n"


def test_one_behind_a_buffer(opened: Opened, file: Path) -> None:
    target = logging.FileHandler(file)
    logger = opened(logging.handlers.MemoryHandler(10, target=target))
    opened(target)
    logger.info("one")
    moved(file)
    assert reopen_log_files() == 1
    logger.error("two")  # the buffer is emptied
    assert file.read_text() == "one\ntwo\n"


def test_one_that_cannot_be_opened_anew(opened: Opened, tmp_path: Path, expect_log: Any) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    logger = opened(logging.FileHandler(folder / "site.log"))
    other = tmp_path / "other.log"
    opened(logging.FileHandler(other))
    moved(other)
    kept = folder.rename(tmp_path / "kept")
    with expect_log("tornadolike.general", "Cannot open the log file anew: .*site.log", count=1):
        assert reopen_log_files() == 1
    assert other.exists()
    logger.error("goes on")
    assert (kept / "site.log").read_text() == "goes on\n"


def test_no_line_is_lost(opened: Opened, file: Path) -> None:
    """While threads write, the file is moved again and again: each line is somewhere, whole, once."""
    logger = opened(logging.FileHandler(file))
    done = threading.Event()

    def write(name: int) -> None:
        number = 0
        while not done.is_set():
            logger.error("%d %d", name, number)
            number += 1
        written[name] = number

    written: dict[int, int] = {}
    threads = [threading.Thread(target=write, args=(name,)) for name in range(2)]
    for thread in threads:
        thread.start()
    olds = []
    for number in range(20):
        size = file.stat().st_size
        while file.stat().st_size < size + 1000:
            os.sched_yield()
        olds.append(file.rename(file.with_suffix(f".{number}")))
        assert reopen_log_files() == 1
    done.set()
    for thread in threads:
        thread.join()
    lines = [line for each in [*olds, file] for line in each.read_text().splitlines()]
    assert len(lines) == sum(written.values())
    for name in written:
        numbers = [int(line.split()[1]) for line in lines if line.startswith(f"{name} ")]
        assert numbers == list(range(written[name]))


class Kept:
    def __init__(self) -> None:
        self.reopened = 0

    def reopen(self) -> None:
        self.reopened += 1


def test_logs_of_other_kinds_are_told() -> None:
    kept = Kept()
    reopen_with_others(kept)
    assert reopen_log_files() == 0
    assert kept.reopened == 1


class Lines(AccessLog):
    def format(self, handler: Any) -> str:
        return str(handler)


def test_an_access_log_makes_the_new_file_at_once(file: Path) -> None:
    with Lines(file) as log:
        log("one")
        log.flush()
        old = moved(file)
        reopen_log_files()
        log.flush()  # what comes behind the other in the queue
        assert file.read_text() == ""
        log("two")
    assert old.read_text() == "one\n"
    assert file.read_text() == "two\n"


def test_whether_there_are_any(opened: Opened, file: Path) -> None:
    gc.collect()
    before = has_log_files()
    kept = Kept()
    reopen_with_others(kept)
    assert has_log_files()
    del kept
    assert has_log_files() == before
    opened(logging.FileHandler(file))
    assert has_log_files()
