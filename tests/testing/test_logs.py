"""Log lines that belong to a test."""

import logging

import pytest

from tornadolike.testing import ExpectLog


@pytest.fixture
def logger(caplog):
    """What is logged there, ``caplog`` has."""
    found = logging.getLogger("tests.expected")
    found.setLevel(logging.NOTSET)
    return found


def test_what_is_expected_is_kept_out_of_the_log(logger, caplog):
    with ExpectLog(logger, "un.*") as expected:
        logger.error("unlucky %d", 1)
        logger.error("another")
        logger.error("unlucky 2")
    assert expected.matched == 2
    assert [record.message for record in caplog.records] == ["another"]
    logger.error("unlucky 3")
    assert caplog.records[-1].message == "unlucky 3"
    caplog.clear()


@pytest.fixture(autouse=True)
def _errors_are_meant(errors):
    yield
    errors.records.clear()


def test_a_name_will_do(logger):
    with ExpectLog("tests.expected", "this"):
        logger.warning("this it is")


def test_what_is_missing(logger):
    with (
        pytest.raises(Exception, match=r"did not get.* tests\.expected .*'this'"),
        ExpectLog(logger, "this"),
    ):
        logger.warning("not this")  # match() begins at the beginning


def test_an_exception_is_more_important(logger):
    with pytest.raises(ValueError, match="first"), ExpectLog(logger, "this"):
        raise ValueError("first")
    assert not logger.filters


def test_what_is_not_required(logger):
    with ExpectLog(logger, "this", required=False) as expected:
        pass
    assert expected.matched == 0


def test_tracebacks_are_noticed(logger):
    with ExpectLog(logger, "with", required=False) as expected:
        logger.error("without")
        assert not expected.logged_stack
        try:
            raise ValueError
        except ValueError:
            logger.exception("with")
    assert expected.logged_stack


class TestLevels:
    def test_a_level_opens_the_logger(self, logger):
        logger.setLevel(logging.ERROR)
        with ExpectLog(logger, "quiet", level=logging.DEBUG):
            logger.debug("quiet")
        assert logger.level == logging.ERROR

    def test_a_logger_that_is_open_stays_as_it_is(self, logger):
        logger.setLevel(logging.DEBUG)
        with ExpectLog(logger, "loud", level=logging.WARNING):
            assert logger.level == logging.DEBUG
            logger.warning("loud")
        assert logger.level == logging.DEBUG

    def test_another_level_does_not_count(self, logger, expect_log):
        with (
            expect_log(
                "tornadolike.application", r"'this' at unexpected level \(INFO vs WARNING\)"
            ),
            pytest.raises(Exception, match="did not get"),
            ExpectLog(logger, "this", level=logging.INFO),
        ):
            logger.warning("this")

    def test_a_low_level_has_to_be_said(self, logger):
        logger.setLevel(logging.INFO)
        with pytest.warns(DeprecationWarning, match="without level"), ExpectLog(logger, "this"):
            logger.info("this")
        with ExpectLog(logger, "this"):
            logger.info("this")
            logger.warning("this")
