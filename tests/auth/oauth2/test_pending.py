"""A sign-in that has begun."""

import pytest

from tornadolike.auth import Pending


def test_as_a_text() -> None:
    pending = Pending("p", "https://site.example/", verifier="v", next='/a?b="c', max_age=0, made=7)
    assert Pending.decode(pending.encode()) == pending
    assert Pending.decode(pending.encode().encode()) == pending


def test_each_has_its_own_secrets() -> None:
    made = [Pending("p", "https://site.example/") for _ in range(100)]
    assert len({secret for one in made for secret in (one.state, one.nonce)}) == 200
    assert all(len(one.state) == 32 for one in made)


def test_its_secrets_are_not_shown() -> None:
    pending = Pending("p", "https://site.example/", verifier="the verifier")
    for secret in (pending.state, pending.nonce, pending.verifier):
        assert secret not in repr(pending)


@pytest.mark.parametrize("text", ['{"provider":"p"}', '{"other":1}', "{", "[]", "7"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Pending.decode(text)
