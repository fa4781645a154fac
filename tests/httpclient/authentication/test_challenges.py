"""What servers want: WWW-Authenticate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.httpclient.authentication.challenges import MOST, Challenge, parse_challenges

TABLE = [
    ("", []),
    ("Basic", [("basic", {})]),
    ('Basic realm="a"', [("basic", {"realm": "a"})]),
    ("BASIC Realm = a , ", [("basic", {"realm": "a"})]),
    (r'Basic realm="a \"b\", \\c"', [("basic", {"realm": r'a "b", \c'})]),
    ('Basic realm=""', [("basic", {"realm": ""})]),
    (
        'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
        [
            ("newauth", {"realm": "apps", "type": "1", "title": 'Login to "apps"'}),
            ("basic", {"realm": "simple"}),
        ],
    ),
    ("Negotiate, NTLM", [("negotiate", {}), ("ntlm", {})]),
    ("Negotiate YWJj==, Basic realm=x", [("negotiate", {}), ("basic", {"realm": "x"})]),
    (", ,Digest  nonce=x,qop=auth", [("digest", {"nonce": "x", "qop": "auth"})]),
    ('Basic realm="x', []),
    ('Basic realm="x", Digest nonce="y', [("basic", {"realm": "x"})]),
    ("Basic realm=x realm=y", []),
    ("Basic realm=x, realm=y", []),
    ("realm=x", []),
    ("Basic, realm=x; y", []),
    ("Basic \u00e4", []),
    ("Basic/1 realm=x", []),
]


@pytest.mark.parametrize(("value", "challenges"), TABLE)
def test_table(value, challenges):
    assert parse_challenges([value]) == [Challenge(*challenge) for challenge in challenges]


def test_several_headers():
    found = parse_challenges(["Basic realm=a", "=", "Digest nonce=b"])
    assert [challenge.scheme for challenge in found] == ["basic", "digest"]


def test_not_too_many():
    assert len(parse_challenges([", ".join(["Basic"] * 1000)] * 3)) == MOST


@given(st.lists(st.text(alphabet='aB=," \\\t;é', max_size=40)))
def test_nothing_is_raised(values):
    for challenge in parse_challenges(values):
        assert challenge.scheme == challenge.scheme.lower()


def test_it_takes_linear_time():
    for value in ('Basic a="' + "\\" * 100_000, "Basic " + "a" * 100_000, "a," * 50_000):
        assert len(parse_challenges([value])) <= MOST
