"""Which passwords may be chosen."""

import asyncio
from typing import Any

import pytest

from tornadolike.auth.accounts.password_rules import PasswordFault, PasswordRules

GOOD = "seven green teapots"


def checked(rules: PasswordRules, password: str, *about: str | None) -> str | None:
    fault = asyncio.run(rules.check(password, about))
    return None if fault is None else fault.code


@pytest.mark.parametrize(
    ("password", "code"),
    [
        (GOOD, None),
        ("sieben grüne Teekannen", None),
        ("一二三四五六七八九十甲乙丙丁戊", None),
        ("no digits and no signs at all", None),
        ("", "short"),
        ("14 characters!", "short"),
        ("15 characters!!", None),
        ("e\u0301" * 14, "short"),  # 14 letters, of two characters each
        ("x y" * 342, "long"),
        ("x" * 1_000_000, "long"),
        ("passwordpassword", "common"),
        ("Qwertyuiop12345", "common"),
    ],
)
def test_length_and_the_common_ones(password: str, code: str | None) -> None:
    assert checked(PasswordRules(), password) == code


@pytest.mark.parametrize(
    ("password", "about", "code"),
    [
        ("annaschmidt1980", ["Anna Schmidt"], "personal"),
        ("schmidt.anna!!!", ["Anna Schmidt"], "personal"),
        ("ANNA@EXAMPLE.com", ["anna@example.com"], "personal"),
        ("exampleexample1", ["anna@example.com"], "personal"),
        (GOOD, ["Anna Schmidt", "anna@example.com", None, ""], None),
        ("anna drinks seven teapots", ["Anna Schmidt"], None),  # there is enough beside the name
        ("seven green Teapots", ["een", "tea"], None),  # too short to tell anything
    ],
)
def test_what_is_known_of_the_user(password: str, about: list[str], code: str | None) -> None:
    assert checked(PasswordRules(), password, *about) == code


def test_with_a_second_factor_it_may_be_shorter() -> None:
    rules = PasswordRules(min_length=8)
    assert checked(rules, "kX9#vL2p") is None
    assert checked(rules, "kX9#vL2") == "short"
    assert checked(rules, "iloveyou") == "common"


def test_a_list_of_stolen_ones() -> None:
    asked: list[str] = []

    async def leaked(password: str) -> bool:
        asked.append(password)
        return password.startswith("stolen")

    rules = PasswordRules(leaked=leaked)
    assert checked(rules, "stolen green teapots") == "leaked"
    assert checked(rules, GOOD) is None
    assert checked(rules, "short") == "short"
    assert asked == ["stolen green teapots", GOOD]


def test_each_has_a_sentence() -> None:
    fault = asyncio.run(PasswordRules(min_length=10).check("short"))
    assert isinstance(fault, PasswordFault)
    assert "at least 10 characters" in fault.text


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"min_length": 7}, ValueError),
        ({"min_length": 2000}, ValueError),
        ({"min_length": "8"}, TypeError),
        ({"leaked": ["password"]}, TypeError),
    ],
)
def test_what_is_no_rule(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        PasswordRules(**arguments)
