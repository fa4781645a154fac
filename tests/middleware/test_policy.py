"""Content security policies as text."""

from typing import Any

import pytest

from tornadolike.middleware.policy import Policy


def test_the_policy_of_who_says_nothing() -> None:
    policy = Policy({})
    assert policy.has_nonce
    assert policy.text(None) == (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
    )
    assert "script-src 'self' 'nonce-abc'; style-src 'self' 'nonce-abc';" in policy.text("abc")


def test_changes() -> None:
    policy = Policy(
        {
            "img-src": "'self' https:",
            "style-src": None,
            "script-src": "'nonce' 'strict-dynamic'",
            "upgrade-insecure-requests": "",
        }
    )
    text = policy.text(None)
    assert "img-src 'self' https:;" in text
    assert "style-src" not in text
    assert "script-src 'strict-dynamic';" in text
    assert text.endswith("; upgrade-insecure-requests")
    assert "script-src 'nonce-x' 'strict-dynamic';" in policy.text("x")


def test_a_whole_policy() -> None:
    policy = Policy(" default-src 'none';; img-src  'self' ; ")
    assert policy.text("x") == "default-src 'none'; img-src 'self'"
    assert not policy.has_nonce


@pytest.mark.parametrize(
    ("changes", "error", "complaint"),
    [
        ({"img-src": "a; script-src *"}, ValueError, "sources are separated by spaces"),
        ({"img-src": "a, b"}, ValueError, "sources are separated by spaces"),
        ({"img-src": "a\r\nb"}, ValueError, "sources are separated by spaces"),
        ({"img-src": "\xe4"}, ValueError, "sources are separated by spaces"),
        ({"img src": "a"}, ValueError, "no directive"),
        ({"img-src": ["a"]}, TypeError, "its sources in a str"),
        (["img-src"], TypeError, "a dict of directives, a str or None"),
        ("img-src a; img-src b", ValueError, "the second img-src"),
        (" ; ", ValueError, "a policy without directives"),
        ("default-src a, b", ValueError, "sources are separated by spaces"),
    ],
)
def test_what_is_no_policy(changes: Any, error: type[Exception], complaint: str) -> None:
    with pytest.raises(error, match=complaint):
        Policy(changes)
