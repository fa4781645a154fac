"""Who has signed in: what users have chosen at a provider."""

import pytest

from tornadolike.auth import Identity

ISSUER = "https://id.example.com"


def made(**members: object) -> Identity:
    return Identity("openid", ISSUER, "user-17", **members)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "picture", ["https://example.com/ann.png", "http://example.com/?a=b#c", "HTTPS://example.com/"]
)
def test_a_picture(picture: str) -> None:
    assert made(picture=picture).picture == picture


@pytest.mark.parametrize(
    "picture",
    [
        None,
        "",
        "javascript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "//example.com/ann.png",
        "/signout",
        "https://example.com/a b",
        "https://example.com/\n",
        "https://example.com/\ud800",
        "x\nhttps://example.com/",
    ],
)
def test_what_is_no_picture(picture: str | None) -> None:
    assert made(picture=picture).picture is None


@pytest.mark.parametrize("member", ["name", "username", "email", "session_id"])
def test_what_no_page_can_show(member: str) -> None:
    """JSON can tell it, and a page with it could not be sent to anybody."""
    for text in ("\ud800", "a\0b", "\udfff ann"):
        assert getattr(made(**{member: text}), member) is None
    for text in ("Ann", "\u00c5ngstr\u00f6m", "\U0001f600", "<b>", "a\nb"):
        assert getattr(made(**{member: text}), member) == text


def test_no_address_is_no_verified_one() -> None:
    assert made(email="ann@example.com", email_verified=True).email_verified
    assert not made(email_verified=True).email_verified
    assert not made(email="ann\0@example.com", email_verified=True).email_verified
