"""Passwords that everybody chooses."""

import time

import pytest

from tornadolike.auth.accounts.common import is_common

COMMON = """
P@ssw0rd123! qwerty2024 aaaaaaaa 12345678 passwordpassword 123456789012345 qwertyuiopasdfgh 1q2w3e4r5t6y7u8i letmein!!!
Summer2024! abcabcabcabcabc 20240101 correcthorsebatterystaple iloveyou2 trustno1 dragon1dragon1 ILOVEYOUILOVEYOU
qazwsxedcrfvtgb 987654321 11223344 1111111111111111111 !!!@@@###$$$%%%^^^ m0nkey2000 poiuytrewq azertyuiop
zyxwvutsrqponmlk 0987654321 p.a.s.s.w.o.r.d --------
"""


@pytest.mark.parametrize("password", COMMON.split())
def test_these_are(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        *("my cat eats shoes", "tr0ub4dor&3", "purple monkey dishwasher", "kX9#vL2pQz"),
        *("über den wolken", "kartoffelsalat", "密码是一个很长的句子吗", "839572018385013"),
    ],
)
def test_these_are_not(password: str) -> None:
    assert not is_common(password)


def test_none_takes_long() -> None:
    began = time.process_time()
    for unit in ("a", "ab", "ab" * 15 + "c", "0", "!a", "qwerty"):
        is_common((unit * 1024)[:1023] + "x")
    assert time.process_time() - began < 5
