"""wsgi.errors becomes records of the log."""

import logging

from tornadolike.wsgi.errors import MAX_LINE, ErrorLog


def written(caplog, *texts):
    caplog.set_level(logging.WARNING, "tornadolike.application")
    caplog.clear()
    log = ErrorLog()
    log.writelines(texts)
    log.flush()
    log.flush()
    return [record.getMessage().removeprefix("wsgi.errors: ") for record in caplog.records]


def test_lines_become_records(caplog):
    assert written(caplog, "one\n", "tw", "o\n\nthr", "ee") == ["one", "two", "three"]


def test_a_long_line_becomes_several(caplog):
    assert list(map(len, written(caplog, "x" * (MAX_LINE + 1), "y\n"))) == [MAX_LINE, 1, 1]


def test_what_a_client_may_have_sent_stays_in_its_line(caplog):
    assert written(caplog, "a\rb\u2028c\x1b[2J\n") == [r"a\rb\u2028c\x1b[2J"]


def test_write_says_how_much(caplog):
    assert ErrorLog().write("four") == 4
