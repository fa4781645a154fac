"""What a provider gives for access."""

from typing import Any

import pytest

from tornadolike.auth import ProviderAnswerError, Token

ANSWER = {
    "access_token": "the-access",
    "token_type": "bearer",
    "expires_in": 60,
    "refresh_token": "the-refresh",
    "id_token": "the-id",
    "scope": "a b",
    "more": 1,
}


def test_an_answer() -> None:
    token = Token.from_answer(ANSWER, now=1000)
    assert (token.access_token, token.token_type, token.expires_at) == (
        "the-access",
        "bearer",
        1060,
    )
    assert (token.refresh_token, token.id_token, token.scope) == ("the-refresh", "the-id", "a b")
    assert token.answer["more"] == 1


def test_its_secrets_are_not_shown() -> None:
    shown = repr(Token.from_answer(ANSWER))
    assert not [secret for secret in ("the-access", "the-refresh", "the-id") if secret in shown]


@pytest.mark.parametrize("said", [None, "", 7, ["a"], {}, True])
def test_without_an_access_token(said: Any) -> None:
    with pytest.raises(ProviderAnswerError):
        Token.from_answer({**ANSWER, "access_token": said})


@pytest.mark.parametrize(
    ("said", "end"),
    [
        (60, 1060),
        ("60", 1060),
        (0.5, 1000.5),
        (0, 1000),
        (-5, 1000),
        (None, None),
        ("soon", None),
        ([], None),
        ("nan", None),
        (float("inf"), None),
        (10**400, None),
    ],
)
def test_its_end(said: Any, end: float | None) -> None:
    assert Token.from_answer({**ANSWER, "expires_in": said}, now=1000).expires_at == end


@pytest.mark.parametrize(
    ("now", "leeway", "ended"),
    [(1000, 30, False), (1029, 30, False), (1030, 30, True), (1059, 0, False), (1060, 0, True)],
)
def test_whether_it_has_ended(now: float, leeway: float, ended: bool) -> None:
    assert Token.from_answer(ANSWER, now=1000).is_expired(leeway, now) == ended


def test_without_an_end() -> None:
    assert not Token("a").is_expired()
    assert Token("a", expires_at=1.0).is_expired()


@pytest.mark.parametrize("name", ["refresh_token", "id_token", "scope"])
@pytest.mark.parametrize("said", [None, "", 7, ["a"]])
def test_what_is_no_text(name: str, said: Any) -> None:
    assert getattr(Token.from_answer({**ANSWER, name: said}), name) is None
