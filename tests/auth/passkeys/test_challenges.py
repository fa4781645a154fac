"""What has been asked, as a text and back."""

import time

import hypothesis
import pytest
from hypothesis import strategies

from tornadolike.auth.passkeys import Challenge
from tornadolike.auth.passkeys.challenges import MAX_BEGUN, packed, unpacked

LATER = 2**39  # seconds: whenever this runs

challenges = strategies.builds(
    Challenge,
    value=strategies.binary(min_size=1, max_size=32),
    ends=strategies.integers(LATER, 2**40),
    user=strategies.none() | strategies.text(),
    user_handle=strategies.none() | strategies.binary(max_size=64),
)


@hypothesis.given(some=strategies.lists(challenges, max_size=MAX_BEGUN))
def test_there_and_back(some: list[Challenge]) -> None:
    hypothesis.assume(not any("\ud800" <= c <= "\udfff" for one in some for c in one.user or ""))
    assert unpacked(packed(some).encode()) == some


def test_the_oldest_are_forgotten() -> None:
    some = [Challenge(bytes([number]), LATER) for number in range(MAX_BEGUN + 2)]
    assert unpacked(packed(some).encode()) == some[2:]


def test_those_whose_time_is_over_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    some = [Challenge(b"1", LATER), Challenge(b"2", LATER + 1)]
    text = packed(some).encode()
    monkeypatch.setattr(time, "time", lambda: float(LATER))
    assert unpacked(text) == some[1:]


def test_a_challenge_does_not_show_itself() -> None:
    assert "secret" not in repr(Challenge(b"secret", 1))
