"""A short part of Autobahn's test suite, against our server and our client: all is well in it."""

import asyncio

import pytest

import tornadolike
from tests.conformance import autobahn
from tests.conformance.autobahn import NEEDS, Outcome, Suite, Unavailable, count, table

pytestmark = pytest.mark.autobahn

CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]
# Of the many that take long, those with the smaller messages: each kind of text, each set of parameters.
CASES += ["12.1.1", "12.2.2", "12.3.3", "12.5.4"]
CASES += ["13.1.1", "13.2.1", "13.3.1", "13.4.2", "13.5.1", "13.6.1", "13.7.3"]
TAKE_A_SECOND = ["5.19", "5.20", "6.4.*"]
INFORMATIONAL = ["7.1.6", "7.13.1", "7.13.2"]


@pytest.fixture(scope="module")
def suite():
    try:
        return Suite.find()
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def outcomes(suite):
    """Of both sides, which are run at once: each waits for the other end half of its time."""

    async def run():
        runs = (
            of(suite, CASES, compression=True, but=TAKE_A_SECOND) for of in autobahn.SIDES.values()
        )
        return await asyncio.gather(*runs)

    return dict(zip(autobahn.SIDES, tornadolike.run(run()), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("side", autobahn.SIDES)
def test_short_subset(side, outcomes):
    assert [outcome for outcome in outcomes[side] if not outcome.good] == []
    verdicts = {outcome.case: outcome.verdict for outcome in outcomes[side]}
    assert [case for case in verdicts if verdicts[case] == "INFORMATIONAL"] == INFORMATIONAL
    assert len(verdicts) > 240


def test_the_table_tells_what_went_wrong():
    outcomes = [
        Outcome("server", "1.1.1", "OK", "OK"),
        Outcome("server", "1.1.2", "OK", "UNCLEAN"),
        Outcome("server", "1.1.3", "NON-STRICT", "OK"),
        Outcome("server", "7.1.6", "INFORMATIONAL", "INFORMATIONAL"),
    ]
    assert count(outcomes) == "1 OK, 1 informational, 1 non-strict, 1 unclean"
    text = table({"server": outcomes, "client": []})
    assert "| 1. framing | 1 OK, 1 non-strict, 1 unclean | - |" in text
    assert text.endswith("- server: 1.1.2 UNCLEAN\n- server: 1.1.3 NON-STRICT\n")


def test_every_version_is_stated():
    """Or the suite would be another one next year."""
    lines = [line for line in NEEDS.read_text().splitlines() if not line.startswith("#")]
    assert all(line.count("==") == 1 for line in lines)
